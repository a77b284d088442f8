import { describe, expect, it } from 'vitest';
import { fateOf, rejectionOf } from '../../../stand-ins/money-api/faults.ts';
import type { Fate } from '../../../stand-ins/money-api/faults.ts';
import type { Conditions } from '../../../stand-ins/money-api/options.ts';

function makeConditions(overrides: Partial<Conditions> = {}): Conditions {
  return {
    ceiling: 0,
    latencyMs: 0,
    latencyTail: { share: 0, ms: 0 },
    failRate: 0,
    rejectRate: 0,
    timeoutRate: 0,
    resetRate: 0,
    down: false,
    ...overrides,
  };
}

const count = 20_000;
const key = (i: number) => `VOUCHER-1001-${i}`;

const fates = (conditions: Conditions, seed = 1): Fate[] =>
  Array.from({ length: count }, (_, i) => fateOf(conditions, seed, key(i), 1));

const shareOf = (all: Fate[], ...faults: Fate['fault'][]) =>
  all.filter(({ fault }) => faults.includes(fault)).length / all.length;

describe('the fate of a request', () => {
  it('gives each fault its share', () => {
    const all = fates(makeConditions({ failRate: 0.2, timeoutRate: 0.1, resetRate: 0.4 }));
    expect(shareOf(all, 'unavailable')).toBeCloseTo(0.1, 1.5);
    expect(shareOf(all, 'error-before')).toBeCloseTo(0.05, 1.5);
    expect(shareOf(all, 'error-after')).toBeCloseTo(0.05, 1.5);
    expect(shareOf(all, 'late')).toBeCloseTo(0.1, 1.5);
    expect(shareOf(all, 'reset-before')).toBeCloseTo(0.2, 1.5);
    expect(shareOf(all, 'reset-after')).toBeCloseTo(0.2, 1.5);
    expect(shareOf(all, 'none')).toBeCloseTo(0.3, 1.5);
  });

  it('is the same for the same seed, key and attempt, and no other', () => {
    const conditions = makeConditions({ failRate: 0.3, latencyMs: 30 });
    expect(fates(conditions)).toEqual(fates(conditions));
    expect(fates(conditions, 2)).not.toEqual(fates(conditions));
    const attempts = Array.from({ length: count }, (_, i) => fateOf(conditions, 1, key(0), i + 1));
    expect(shareOf(attempts, 'none')).toBeCloseTo(0.7, 1.5);
  });

  it('takes the mean time asked for, log-normally', () => {
    const times = fates(makeConditions({ latencyMs: 30 })).map(({ serviceMs }) => serviceMs);
    times.sort((a, b) => a - b);
    const mean = times.reduce((sum, ms) => sum + ms, 0) / count;
    expect(mean).toBeGreaterThan(29.5);
    expect(mean).toBeLessThan(30.5);
    // The quantiles of a log-normal with sigma 0.5: median = mean·e^(−1/8), 99th = median·e^(2.326/2).
    const median = 30 * Math.exp(-0.125);
    expect(Math.abs((times[count / 2] ?? 0) - median)).toBeLessThan(0.5);
    expect(Math.abs((times[count * 0.99] ?? 0) - median * Math.exp(2.326 / 2))).toBeLessThan(5);
  });

  it('gives the tail to its share', () => {
    const all = fates(makeConditions({ latencyMs: 30, latencyTail: { share: 0.01, ms: 1000 } }));
    const slow = all.filter(({ serviceMs }) => serviceMs === 1000).length / count;
    expect(slow).toBeGreaterThan(0.007);
    expect(slow).toBeLessThan(0.013);
  });

  it('is immediate without latency', () => {
    expect(fates(makeConditions()).every(({ serviceMs }) => serviceMs === 0)).toBe(true);
  });
});

describe('the rejection of a key', () => {
  it('meets its share, and the same keys as that share grows', () => {
    const rejected = (rejectRate: number) =>
      Array.from({ length: count }, (_, i) => rejectionOf(makeConditions({ rejectRate }), 1, key(i)));
    const few = rejected(0.05);
    const many = rejected(0.2);
    expect(few.filter(Boolean).length / count).toBeCloseTo(0.05, 1.5);
    expect(many.filter(Boolean).length / count).toBeCloseTo(0.2, 1.5);
    for (const [i, code] of few.entries()) if (code !== undefined) expect(many[i]).toBe(code);
  });
});
