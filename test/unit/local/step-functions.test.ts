import { describe, expect, it } from 'vitest';
import { StateError } from '../../../local/services/step-functions/errors.ts';
import { batched } from '../../../local/services/step-functions/items.ts';
import { exceeds } from '../../../local/services/step-functions/map-run.ts';
import { pageOf } from '../../../local/services/step-functions/paging.ts';
import { applyResultPath } from '../../../local/services/step-functions/result-path.ts';
import { RetryBudget, matchesError } from '../../../local/services/step-functions/retry.ts';

const items = (counts: { total: number; failed: number }) => ({
  pending: 0,
  running: 0,
  succeeded: counts.total - counts.failed,
  timedOut: 0,
  aborted: 0,
  ...counts,
});

describe('a ResultPath', () => {
  it('replaces the input with $, keeps it with null', () => {
    expect(applyResultPath('$', { a: 1 }, 2)).toBe(2);
    expect(applyResultPath(null, { a: 1 }, 2)).toEqual({ a: 1 });
  });

  it('creates the objects that it needs, and leaves the input as it was', () => {
    const input = { a: 1 };
    expect(applyResultPath("$.b['c d'].e", input, 2)).toEqual({ a: 1, b: { 'c d': { e: 2 } } });
    expect(input).toEqual({ a: 1 });
  });

  it('does not go through what is no object', () => {
    expect(() => applyResultPath('$.a.b', { a: 1 }, 2)).toThrow(StateError);
    expect(() => applyResultPath('$[3]', [1], 2)).toThrow(StateError);
  });
});

describe('a retrier', () => {
  const failed = new StateError('Busy', 'try again');

  it('waits longer each time, up to its longest delay, and then gives up', () => {
    const budget = new RetryBudget([
      { ErrorEquals: ['Busy'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 20 },
    ]);
    expect([1, 2, 3, 4, 5].map(() => budget.next(failed))).toEqual([2, 6, 18, 20, undefined]);
  });

  it('spreads its delays with full jitter', () => {
    const budget = new RetryBudget(
      [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 8, JitterStrategy: 'FULL' }],
      () => 0.25,
    );
    expect(budget.next(failed)).toBe(2);
  });

  it('counts the attempts of each retrier apart', () => {
    const budget = new RetryBudget([
      { ErrorEquals: ['Busy'], MaxAttempts: 1 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 1 },
    ]);
    expect(budget.next(failed)).toBe(1);
    expect(budget.next(new StateError('Other', undefined))).toBe(1);
    expect(budget.next(failed)).toBeUndefined();
  });

  it.each([
    ['States.Runtime', ['States.ALL'], false],
    ['States.DataLimitExceeded', ['States.ALL', 'States.TaskFailed'], false],
    ['States.DataLimitExceeded', ['States.DataLimitExceeded'], true],
    ['States.Timeout', ['States.TaskFailed'], false],
    ['States.Timeout', ['States.ALL'], true],
    ['Lambda.TooManyRequestsException', ['States.TaskFailed'], true],
  ])('that lists %s against %j: %s', (error, patterns, answer) => {
    expect(matchesError(patterns, new StateError(error, undefined))).toBe(answer);
  });
});

describe('an ItemBatcher', () => {
  const none = { maxItems: undefined, maxBytes: undefined, batchInput: undefined };

  it('fills batches in order up to the number of items', () => {
    expect(batched([1, 2, 3], { ...none, maxItems: 2, batchInput: { run: 7 } })).toEqual([
      { input: { BatchInput: { run: 7 }, Items: [1, 2] }, itemCount: 2 },
      { input: { BatchInput: { run: 7 }, Items: [3] }, itemCount: 1 },
    ]);
  });

  it('keeps batches below the number of bytes', () => {
    const batches = batched(['aaaa', 'bbbb', 'cccc'], { ...none, maxBytes: 30 });
    expect(batches.map(({ itemCount }) => itemCount)).toEqual([2, 1]);
    for (const { input } of batches) expect(JSON.stringify(input).length).toBeLessThanOrEqual(30);
  });
});

describe('the tolerance of a map run', () => {
  it('is nothing unless it is given', () => {
    expect(exceeds({ count: undefined, percentage: undefined }, items({ total: 10, failed: 1 }))).toBe(true);
    expect(exceeds({ count: undefined, percentage: undefined }, items({ total: 10, failed: 0 }))).toBe(false);
  });

  it('is exceeded beyond the count or the percentage, whichever comes first', () => {
    expect(exceeds({ count: 2, percentage: undefined }, items({ total: 10, failed: 2 }))).toBe(false);
    expect(exceeds({ count: 2, percentage: undefined }, items({ total: 10, failed: 3 }))).toBe(true);
    expect(exceeds({ count: undefined, percentage: 30 }, items({ total: 10, failed: 3 }))).toBe(false);
    expect(exceeds({ count: 9, percentage: 30 }, items({ total: 10, failed: 4 }))).toBe(true);
  });
});

describe('a page of a growing list', () => {
  it('goes on where the last one ended, whatever was added meanwhile', () => {
    const list = [1, 2, 3, 4, 5];
    const first = pageOf(list, { maxResults: 2 }, { newestFirst: true });
    list.push(6);
    const second = pageOf(list, { maxResults: 2, nextToken: first.nextToken }, { newestFirst: true });
    const third = pageOf(list, { maxResults: 2, nextToken: second.nextToken }, { newestFirst: true });
    expect([first.entries, second.entries, third]).toEqual([[5, 4], [3, 2], { entries: [1] }]);
  });

  it('refuses a token that it did not give', () => {
    expect(() => pageOf([1], { nextToken: 'x' }, { newestFirst: false })).toThrow('Invalid Token');
  });
});
