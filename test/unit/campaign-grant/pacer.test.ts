import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer, pacingFor } from '../../../lambdas/campaign-grant/domain/pacer.ts';

/** Calls of one lane: invocations one after the other, each in a random environment, some killed midway. */
const laneHistory = fc.record({
  invocations: fc.array(
    fc.record({
      environment: fc.nat(3),
      calls: fc.integer({ min: 0, max: 10 }),
      gapBefore: fc.double({ min: 0, max: 0.3, noNaN: true }),
      /** How late each timer fires, and how long the environment does other things in between. */
      lateness: fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 10, maxLength: 10 }),
      killed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  limits: fc.constantFrom(
    { tps: 1000, concurrency: 50, headroom: 0.01 },
    { tps: 1000, concurrency: 500, headroom: 0.01 },
    { tps: 100, concurrency: 30, headroom: 0.005 },
    { tps: 50, concurrency: 2, headroom: 0 },
  ),
});

function replay({
  invocations,
  limits,
}: typeof laneHistory extends fc.Arbitrary<infer T> ? T : never): number[] {
  const pacing = pacingFor(limits);
  const environments = new Map<number, Pacer>();
  const calls: number[] = [];
  let now = 0;
  for (const invocation of invocations) {
    now += invocation.gapBefore;
    // After a kill only fresh environments are sure to have kept no promise they do not know of.
    const pacer = environments.get(invocation.environment) ?? new Pacer(pacing, now);
    environments.set(invocation.environment, pacer);
    pacer.startInvocation(now);
    for (let call = 0; call < invocation.calls; call += 1) {
      now = Math.max(now, pacer.nextCallAt) + (invocation.lateness[call] ?? 0);
      pacer.takeSlot(now);
      calls.push(now);
    }
    if (invocation.killed) environments.clear();
    else now = Math.max(now, pacer.mayEndAt);
  }
  return calls;
}

describe('the pacer', () => {
  it('lets a lane make at most floor(TPS / C) calls in any second and half the headroom, whatever happens', () => {
    fc.assert(
      fc.property(laneHistory, (history) => {
        const calls = replay(history);
        const allowed = Math.floor(history.limits.tps / history.limits.concurrency);
        for (const [index, first] of calls.entries()) {
          const next = calls[index + allowed];
          // A hair of floating-point error is no call too many.
          const { headroom } = history.limits;
          if (next !== undefined) expect(next - first).toBeGreaterThan(1 + headroom / 2 - 1e-9);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses no throughput to timers that fire late by less than half the headroom', () => {
    const pacing = pacingFor({ tps: 1000, concurrency: 50, headroom: 0.01 });
    const pacer = new Pacer(pacing, 0);
    pacer.startInvocation(0);
    const first = pacer.nextCallAt;

    for (let call = 0; call < 1_000; call += 1) pacer.takeSlot(pacer.nextCallAt + 0.0049);

    expect(pacer.nextCallAt - first).toBeCloseTo(1_000 * pacing.slot, 6);
  });

  it('makes a fresh environment wait a whole second: it may replace one that was killed in mid-batch', () => {
    const pacer = new Pacer(pacingFor({ tps: 1000, concurrency: 50, headroom: 0.01 }), 10);

    pacer.startInvocation(10);

    expect(pacer.nextCallAt).toBe(11);
  });

  it('refuses more lanes than calls a second', () => {
    expect(() => pacingFor({ tps: 10, concurrency: 11, headroom: 0 })).toThrow('at most 10');
  });
});
