import { describe, expect, it } from 'vitest';
import {
  delayForOpenBreaker,
  mayTryAgain,
  undecidedDelay,
} from '../../../lambdas/campaign-grant/domain/retry.ts';

describe('a target', () => {
  it('is tried six times', () => {
    expect([0, 1, 5, 6, 7].map(mayTryAgain)).toEqual([true, true, true, false, false]);
  });
});

describe('the wait for a database that is away', () => {
  it('grows with the receives of the message, from 5 s to a quarter of an hour', () => {
    expect([0, 1, 2, 10, 180, 181, 1_000].map(undecidedDelay)).toEqual([5, 5, 10, 50, 900, 900, 900]);
  });
});

describe('the wait for a breaker that is open', () => {
  it('is never shorter than a retry’s, nor longer than a quarter of an hour', () => {
    for (const openFor of [0, 1, 11, 30, 600, 86_400]) {
      const delay = delayForOpenBreaker(openFor);
      expect(delay).toBeGreaterThanOrEqual(3);
      expect(delay).toBeLessThanOrEqual(900);
      expect(Number.isInteger(delay)).toBe(true);
    }
    expect(delayForOpenBreaker(86_400)).toBe(900);
  });
});
