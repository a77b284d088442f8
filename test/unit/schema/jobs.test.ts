import { describe, expect, it } from 'vitest';
import { jobInput, jobRange } from '../../../schema/jobs.ts';

describe('the input of a job', () => {
  it.each([
    [{}],
    [{ runDate: '2026-11-21', prune: true }],
    [{ runDate: '2028-02-29', targetHour: 0 }],
    [{ targetHour: 23 }],
    [{ scheduledAt: '2026-11-20T16:00:00Z' }],
  ])('may be %j', (input) => {
    expect(jobInput.parse(input)).toEqual(input);
  });

  it.each([
    [{ runDate: '2026-02-29' }, 'must be a date of the form yyyy-MM-dd'],
    [{ runDate: '20261121' }, 'must be a date of the form yyyy-MM-dd'],
    [{ runDate: '2026-11-21T00:00:00Z' }, 'must be a date of the form yyyy-MM-dd'],
    [{ runDate: '0000-01-01' }, 'must be a date of the form yyyy-MM-dd'],
    [{ runDate: 20261121 }, 'expected string'],
    [{ targetHour: 24 }, '<=23'],
    [{ targetHour: -1 }, '>=0'],
    [{ targetHour: 7.5 }, 'int'],
    [{ prune: 'yes' }, 'expected boolean'],
    [{ scheduledAt: 'yesterday' }, 'datetime'],
    [{ rundate: '2026-11-21' }, 'Unrecognized key: "rundate"'],
  ])('is refused when it is %j', (input, problem) => {
    const parsed = jobInput.safeParse(input);
    expect(parsed.error?.issues.map(({ message }) => message).join()).toContain(problem);
  });
});

describe('a range', () => {
  it('is of ids up to the highest that there can be, as text', () => {
    const range = { rangeNumber: 0, afterId: '0', toId: '9223372036854775807' };
    expect(jobRange.parse(range)).toEqual(range);
    expect(jobRange.safeParse({ ...range, toId: '-1' }).success).toBe(false);
    expect(jobRange.safeParse({ ...range, toId: 7 }).success).toBe(false);
  });
});
