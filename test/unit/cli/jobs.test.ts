import { describe, expect, it } from 'vitest';
import { JOBS, inputOf, jobExecutionName } from '../../../cli/jobs/jobs.ts';

const [pointSync, stats, send] = JOBS;
/** 2026-11-21 00:30 in Seoul, where it is another day than in UTC. */
const NOW_MS = Date.UTC(2026, 10, 20, 15, 30);

describe('a job', () => {
  it('is for yesterday in Seoul, and for the hour that it is', () => {
    expect(inputOf(pointSync, {}, NOW_MS)).toEqual({ runDate: '2026-11-20' });
    expect(inputOf(send, {}, NOW_MS)).toEqual({ runDate: '2026-11-20', targetHour: 0 });
  });

  it('is for what is said', () => {
    expect(inputOf(stats, { runDate: '2026-01-02' }, NOW_MS)).toEqual({ runDate: '2026-01-02' });
    expect(inputOf(send, { runDate: '2026-01-02', targetHour: 9 }, NOW_MS)).toEqual({
      runDate: '2026-01-02',
      targetHour: 9,
    });
  });

  it('has one name for one thing, within what Step Functions takes', () => {
    expect(jobExecutionName(pointSync, { runDate: '2026-01-02' }, 1)).toBe('point-sync-2026-01-02-by-hand-1');
    const longest = jobExecutionName(send, { runDate: '2026-01-02', targetHour: 9 }, 50);
    expect(longest).toBe('coupon-usage-stats-fcm-send-2026-01-02-09-by-hand-50');
    expect(longest.length).toBeLessThanOrEqual(80);
  });
});
