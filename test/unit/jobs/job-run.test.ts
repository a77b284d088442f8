import { describe, expect, it } from 'vitest';
import { endedAlert, startedAlert } from '../../../lambdas/jobs/domain/job-alerts.ts';
import { beginning, completedWith, jobFor } from '../../../lambdas/jobs/domain/job-run.ts';
import type { LatestRun } from '../../../lambdas/jobs/domain/job-run.ts';
import type { JobInput, JobName } from '../../../schema/jobs.ts';

/** 2026-11-21 01:00:07 in Seoul: the 20th still in UTC. */
const NIGHT = Date.UTC(2026, 10, 20, 16, 0, 7);

describe('what a job runs for', () => {
  it.each<[JobName, string, number | null]>([
    ['point-sync', '2026-11-21', null],
    ['coupon-usage-stats', '2026-11-20', null],
    ['coupon-usage-stats-fcm-send', '2026-11-21', 1],
  ])('%s is, when nothing is said, %s %s by the clock of Seoul', (jobName, runDate, targetHour) => {
    expect(jobFor(jobName, {}, NIGHT)).toEqual({ ok: true, of: { jobName, runDate, targetHour } });
  });

  it.each<[JobName, JobInput, string, number | null]>([
    // A start that was delivered late, after midnight of the next day.
    ['point-sync', { scheduledAt: '2026-11-19T16:00:00Z' }, '2026-11-20', null],
    ['coupon-usage-stats', { scheduledAt: '2026-11-19T16:00:00Z' }, '2026-11-19', null],
    ['coupon-usage-stats-fcm-send', { scheduledAt: '2026-11-20T15:00:00Z' }, '2026-11-21', 0],
    ['coupon-usage-stats-fcm-send', { scheduledAt: '2026-11-20T14:00:00Z' }, '2026-11-20', 23],
  ])('%s is the time for which it was scheduled: %j', (jobName, input, runDate, targetHour) => {
    expect(jobFor(jobName, input, NIGHT)).toMatchObject({ of: { runDate, targetHour } });
  });

  it.each<[JobName, JobInput, string, number | null]>([
    ['point-sync', { runDate: '2026-11-21' }, '2026-11-21', null],
    ['point-sync', { runDate: '2020-01-01', scheduledAt: '2026-11-20T16:00:00Z' }, '2020-01-01', null],
    ['coupon-usage-stats', { runDate: '2026-11-01' }, '2026-11-01', null],
    ['coupon-usage-stats-fcm-send', { runDate: '2026-11-01', targetHour: 0 }, '2026-11-01', 0],
  ])('%s is what is said: %j', (jobName, input, runDate, targetHour) => {
    expect(jobFor(jobName, input, NIGHT)).toMatchObject({ of: { runDate, targetHour } });
  });

  it.each<[string, JobName, JobInput, string]>([
    ['tomorrow', 'point-sync', { runDate: '2026-11-22' }, 'is in the future: today is 2026-11-21'],
    [
      'a schedule of tomorrow',
      'point-sync',
      { scheduledAt: '2026-11-21T16:00:00Z' },
      'runDate 2026-11-22 is in the future',
    ],
    ['an hour', 'point-sync', { targetHour: 1 }, 'point-sync is for a day: it has no targetHour'],
    ['an hour', 'coupon-usage-stats', { targetHour: 1 }, 'it has no targetHour'],
    ['pruning', 'coupon-usage-stats', { prune: true }, 'prune is of point-sync only'],
  ])('%s is refused for %s', (_, jobName, input, reason) => {
    const asked = jobFor(jobName, input, NIGHT);
    expect(asked).toMatchObject({ ok: false });
    expect(asked.ok ? '' : asked.reason).toContain(reason);
  });

  it('today is no future from its first millisecond on, and not before', () => {
    const midnight = Date.UTC(2026, 10, 20, 15, 0, 0);
    const input = { runDate: '2026-11-21' };
    expect(jobFor('point-sync', input, midnight).ok).toBe(true);
    expect(jobFor('point-sync', input, midnight - 1).ok).toBe(false);
  });
});

describe('an execution that begins', () => {
  const run = (overrides: Partial<LatestRun> = {}): LatestRun => ({
    jobRunId: '1',
    status: 'RUNNING',
    executionId: 'other',
    attempt: 1,
    ...overrides,
  });

  it.each([
    ['makes a run where there is none', undefined, false, 'new-run'],
    ['carries on with its own', run({ executionId: 'mine' }), true, 'carry-on'],
    [
      'goes on with its own that was told failed',
      run({ executionId: 'mine', status: 'FAILED' }),
      false,
      'go-on',
    ],
    ['goes on with what another left undone', run(), false, 'go-on'],
    ['goes on with a failed one', run({ status: 'FAILED' }), false, 'go-on'],
    ['is refused while another works', run(), true, 'refuse'],
    ['is refused while a failed one is redriven', run({ status: 'FAILED' }), true, 'refuse'],
    ['makes another run of what is complete', run({ status: 'COMPLETED' }), false, 'new-run'],
    [
      'makes another run of what is complete with problems',
      run({ status: 'COMPLETED_WITH_PROBLEMS' }),
      true,
      'new-run',
    ],
    [
      'makes another run of what it completed itself',
      run({ executionId: 'mine', status: 'COMPLETED' }),
      false,
      'new-run',
    ],
  ] as const)('%s', (_, latest, isAtWork, way) => {
    expect(beginning(latest, 'mine', isAtWork)).toBe(way);
  });
});

describe('what a run comes to', () => {
  it('is COMPLETED when nothing is wrong, whatever was corrected', () => {
    const figures = { read: 5, corrected: 3, newerKept: 1, goneUsers: 2, unknownTypes: 0 };
    expect(completedWith('point-sync', figures)).toEqual({ status: 'COMPLETED', figures, problemCount: 0 });
    expect(completedWith('point-sync', {})).toEqual({ status: 'COMPLETED', figures: {}, problemCount: 0 });
  });

  it.each(['negativeBalances', 'unreadable', 'unwritten', 'unknownTypes'])(
    'has a problem for each of %s',
    (name) => {
      expect(completedWith('point-sync', { read: 5, [name]: 2 })).toMatchObject({
        status: 'COMPLETED_WITH_PROBLEMS',
        problemCount: 2,
      });
    },
  );

  it('sums the problems up', () => {
    const figures = { negativeBalances: 1, unreadable: 2, unwritten: 3, unknownTypes: 4 };
    expect(completedWith('point-sync', figures)).toMatchObject({ problemCount: 10 });
  });

  it.each(['coupon-usage-stats', 'coupon-usage-stats-fcm-send'] as const)(
    'of %s has those that were skipped',
    (job) => {
      expect(completedWith(job, { skippedMembers: 7, unwritten: 1 })).toMatchObject({ problemCount: 7 });
    },
  );
});

describe('alerts', () => {
  it('are one of each transition of an attempt', () => {
    expect([
      startedAlert('7', 1),
      startedAlert('7', 2),
      endedAlert('7', 2, 'FAILED'),
      endedAlert('7', 2, 'COMPLETED'),
      endedAlert('7', 2, 'COMPLETED_WITH_PROBLEMS'),
    ]).toEqual([
      { key: 'job-run-7-attempt-1-started', kind: 'JOB_STARTED' },
      { key: 'job-run-7-attempt-2-started', kind: 'JOB_STARTED' },
      { key: 'job-run-7-attempt-2-failed', kind: 'JOB_FAILED' },
      // An attempt completes once, with problems or without.
      { key: 'job-run-7-attempt-2-completed', kind: 'JOB_COMPLETED' },
      { key: 'job-run-7-attempt-2-completed', kind: 'JOB_COMPLETED_WITH_PROBLEMS' },
    ]);
  });
});
