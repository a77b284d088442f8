import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer, pacingFor } from '../../../lambdas/campaign-grant/domain/pacer.ts';

/** Calls of one lane: invocations one after the other, each in a random environment, some killed midway. */
const laneHistory = fc.record({
  invocations: fc.array(
    fc.record({
      environment: fc.nat(3),
      calls: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 250 })),
      gapBefore: fc.double({ min: 0, max: 0.3, noNaN: true }),
      /** How late each timer fires, and how long the environment does other things in between. */
      lateness: fc.array(
        fc.oneof(
          fc.constant(0),
          fc.double({ min: 0, max: 0.01, noNaN: true }),
          fc.double({ min: 0, max: 0.2, noNaN: true }),
        ),
        { minLength: 1, maxLength: 20 },
      ),
      killed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  limits: fc.constantFrom(
    { tps: 1000, concurrency: 10, headroom: 0.02 },
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
    // After a kill the next environment has had no invocation yet, whenever it was started.
    const pacer = environments.get(invocation.environment) ?? new Pacer(pacing);
    environments.set(invocation.environment, pacer);
    pacer.startInvocation(now);
    for (let call = 0; call < invocation.calls; call += 1) {
      now = Math.max(now, pacer.nextCallAt) + (invocation.lateness[call % invocation.lateness.length] ?? 0);
      pacer.takeSlot(now);
      calls.push(now);
    }
    if (invocation.killed) environments.clear();
    else now = Math.max(now, pacer.mayEndAt);
  }
  return calls;
}

describe('the pacer', () => {
  it('lets a lane make at most floor(TPS / C) calls in any window, whatever happens', () => {
    fc.assert(
      fc.property(laneHistory, (history) => {
        const calls = replay(history);
        const { callsPerWindow, window } = pacingFor(history.limits);
        expect(window).toBeGreaterThanOrEqual(1);
        expect(callsPerWindow).toBe(Math.floor(history.limits.tps / history.limits.concurrency));
        for (const [index, first] of calls.entries()) {
          const next = calls[index + callsPerWindow];
          // A hair of floating-point error is no call too many.
          if (next !== undefined) expect(next - first).toBeGreaterThan(window - 1e-9);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it.each([
    ['timers that are always late by what the grid has over the window', () => 0.0039],
    ['one call that is late by half a headroom', (call: number) => (call === 500 ? 0.01 : 0)],
    ['standing still for 50 ms', (call: number) => (call === 500 ? 0.05 : 0)],
  ])('loses no throughput to %s', (_, latenessOf) => {
    const pacing = pacingFor({ tps: 1000, concurrency: 10, headroom: 0.02 });
    const pacer = new Pacer(pacing);
    pacer.startInvocation(0);
    const first = pacer.nextCallAt;

    for (let call = 0; call < 1_050; call += 1) pacer.takeSlot(pacer.nextCallAt + latenessOf(call));

    expect(pacer.nextCallAt - first).toBeCloseTo(1_050 * pacing.slot, 6);
  });

  it('lets an invocation that was on time end so that the next one goes on with its grid', () => {
    const pacing = pacingFor({ tps: 1000, concurrency: 10, headroom: 0.02 });
    const pacer = new Pacer(pacing);
    pacer.startInvocation(0);
    let last = 0;
    for (let call = 0; call < 150; call += 1) {
      last = pacer.nextCallAt;
      pacer.takeSlot(last);
    }

    expect(pacer.mayEndAt + pacing.lead).toBeCloseTo(last + pacing.slot, 9);
  });

  it('sends no bunch when it catches up', () => {
    const pacing = pacingFor({ tps: 1000, concurrency: 10, headroom: 0.02 });
    const pacer = new Pacer(pacing);
    pacer.startInvocation(0);
    pacer.takeSlot(5);

    expect(pacer.nextCallAt).toBeGreaterThan(5 + pacing.slot / 4);
    expect(pacer.nextCallAt).toBeLessThan(5 + pacing.slot / 2);
  });

  it('makes a fresh environment wait a whole window: it may replace one that was killed in mid-batch', () => {
    const pacer = new Pacer(pacingFor({ tps: 1000, concurrency: 50, headroom: 0.01 }));

    pacer.startInvocation(10);

    expect(pacer.nextCallAt).toBe(11 + 0.8 * 0.01);
  });

  it('refuses more lanes than calls a second', () => {
    expect(() => pacingFor({ tps: 10, concurrency: 11, headroom: 0 })).toThrow('at most 10');
  });
});
