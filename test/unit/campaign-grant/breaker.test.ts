import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import {
  FAILURES_TO_OPEN,
  OPEN_MS,
  afterFailure,
  afterProbe,
  afterSuccess,
  claimProbe,
  isOpen,
  probeDueInMs,
} from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { Breaker, BreakerReading } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { BreakerStore } from '../../../lambdas/campaign-grant/ports.ts';

const T0 = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;
const CLOSED: Breaker = {
  version: 0,
  consecutiveFailures: 0,
  streakStartedMs: null,
  openedMs: null,
  probeMs: null,
};

const at = (nowMs: number, breaker: Breaker | undefined): BreakerReading => {
  if (breaker === undefined) throw new Error('nothing changed');
  return { ...breaker, nowMs };
};

/** So many failures, a second apart, the first at T0, of environments that never had a success. */
function failed(times: number): Breaker {
  let breaker = CLOSED;
  for (let failure = 0; failure < times; failure += 1) {
    breaker = at(0, afterFailure(at(T0 + failure * 1000, breaker), NEVER));
  }
  const { version, consecutiveFailures, streakStartedMs, openedMs, probeMs } = breaker;
  return { version, consecutiveFailures, streakStartedMs, openedMs, probeMs };
}

const OPENED = failed(FAILURES_TO_OPEN);
/** When OPENED opened: at its tenth failure. */
const OPENED_AT = T0 + 9_000;

describe('a closed breaker', () => {
  it('stays closed for nine failures in a row and opens at the tenth', () => {
    expect(failed(9)).toMatchObject({ consecutiveFailures: 9, streakStartedMs: T0, openedMs: null });
    expect(OPENED).toMatchObject({ consecutiveFailures: 10, openedMs: OPENED_AT, probeMs: null });
    expect(isOpen(failed(9))).toBe(false);
    expect(isOpen(OPENED)).toBe(true);
  });

  it('counts from one again after a success', () => {
    const healthy = at(T0 + 9_500, afterSuccess(failed(9), T0 + 9_000));
    expect(healthy).toMatchObject({ consecutiveFailures: 0, streakStartedMs: null });

    expect(afterFailure(healthy, NEVER)).toMatchObject({
      consecutiveFailures: 1,
      streakStartedMs: T0 + 9_500,
      openedMs: null,
    });
  });

  it('counts from one when the environment that fails had a success since the streak began', () => {
    const reading = at(T0 + 9_000, failed(9));

    expect(afterFailure(reading, 8_999)).toMatchObject({
      consecutiveFailures: 1,
      streakStartedMs: T0 + 9_000,
      openedMs: null,
    });
  });

  it('counts on when that environment’s last success was before the streak began', () => {
    expect(afterFailure(at(T0 + 9_000, failed(9)), 9_001)).toMatchObject({ openedMs: T0 + 9_000 });
  });

  it('is not written by a success that ends no streak', () => {
    expect(afterSuccess(CLOSED, T0)).toBeUndefined();
  });

  it('is not written by a success from before the streak began, however late it is told', () => {
    expect(afterSuccess(failed(9), T0 - 1)).toBeUndefined();
    expect(afterSuccess(failed(9), T0)).toMatchObject({ consecutiveFailures: 0 });
  });

  it('has no probe', () => {
    expect(claimProbe(at(T0 + OPEN_MS * 10, failed(9)))).toBeUndefined();
  });
});

describe('an open breaker', () => {
  it('ignores failures and successes of calls that were under way when it opened', () => {
    expect(afterFailure(at(OPENED_AT + 1, OPENED), NEVER)).toBeUndefined();
    expect(afterSuccess(OPENED, OPENED_AT + 1)).toBeUndefined();
  });

  it('is due for a probe 30 s after it opened, and not a millisecond earlier', () => {
    expect(probeDueInMs(at(OPENED_AT, OPENED))).toBe(30_000);
    expect(claimProbe(at(OPENED_AT + 29_999, OPENED))).toBeUndefined();
    expect(claimProbe(at(OPENED_AT + 30_000, OPENED))).toMatchObject({ probeMs: OPENED_AT + 30_000 });
  });

  const probing = at(0, claimProbe(at(OPENED_AT + OPEN_MS, OPENED)));
  const claimedMs = OPENED_AT + OPEN_MS;

  it('has one probe under way at a time', () => {
    expect(claimProbe(at(claimedMs, probing))).toBeUndefined();
    expect(claimProbe(at(claimedMs + OPEN_MS - 1, probing))).toBeUndefined();
  });

  it('closes when its probe succeeds, with no failure counted any more', () => {
    const closed = afterProbe(at(claimedMs + 200, probing), { claimedMs, succeeded: true });

    expect(closed).toEqual({ ...CLOSED, version: probing.version + 1 });
  });

  it('stays open for another 30 s from when its probe failed', () => {
    const failedAt = claimedMs + 3_000;
    const reopened = at(failedAt, afterProbe(at(failedAt, probing), { claimedMs, succeeded: false }));

    expect(reopened).toMatchObject({ openedMs: failedAt, probeMs: null });
    expect(probeDueInMs(reopened)).toBe(OPEN_MS);
  });

  it('is due for another probe 30 s after one whose environment died', () => {
    expect(claimProbe(at(claimedMs + OPEN_MS, probing))).toMatchObject({ probeMs: claimedMs + OPEN_MS });
  });

  it.each([true, false])('is not changed by a probe that is late (succeeded: %s)', (succeeded) => {
    const second = at(claimedMs + OPEN_MS + 1, claimProbe(at(claimedMs + OPEN_MS, probing)));

    expect(afterProbe(second, { claimedMs, succeeded })).toBeUndefined();
    const closed = at(claimedMs, afterProbe(second, { claimedMs: claimedMs + OPEN_MS, succeeded: true }));
    expect(afterProbe(closed, { claimedMs, succeeded })).toBeUndefined();
  });
});

/** The row in memory. Time passes by a millisecond with each read. */
class MemoryStore implements BreakerStore {
  breaker = CLOSED;
  /** Every state that was saved, in order. */
  readonly saved: Breaker[] = [];
  nowMs = T0;
  readonly #pause: () => Promise<unknown>;

  constructor(pause: () => Promise<unknown> = () => Promise.resolve()) {
    this.#pause = pause;
  }

  async readBreaker(): Promise<BreakerReading> {
    await this.#pause();
    this.nowMs += 1;
    return { ...this.breaker, nowMs: this.nowMs };
  }

  async saveBreaker(expectedVersion: number, next: Breaker): Promise<boolean> {
    await this.#pause();
    if (this.breaker.version !== expectedVersion) return false;
    this.breaker = next;
    this.saved.push(next);
    return true;
  }

  async endStreak(successMs: number): Promise<void> {
    await this.#pause();
    const ended = afterSuccess(this.breaker, successMs);
    if (ended === undefined) return;
    this.breaker = ended;
    this.saved.push(ended);
  }

  get openings(): number {
    return this.saved.filter((state, index) => isOpen(state) && !isOpen(this.saved[index - 1] ?? CLOSED))
      .length;
  }
}

const clockOf = (store: MemoryStore) => ({
  now: () => store.nowMs,
  monotonic: () => store.nowMs / 1000,
  sleep: () => Promise.resolve(),
});

describe('environments that report at the same time', () => {
  it('lose no failure and count none twice, however they interleave: the tenth opens it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(5), { minLength: 1, maxLength: 16 }),
        async (scheduler, reports) => {
          const store = new MemoryStore(() => scheduler.schedule(Promise.resolve()));
          const environments = Map.groupBy(reports, (environment) => environment);
          const work = [...environments.values()].map(async (ofOne) => {
            const breaker = new MoneyBreaker(store, clockOf(store));
            for (let failure = 0; failure < ofOne.length; failure += 1) await breaker.failed(undefined);
          });

          await scheduler.waitFor(Promise.all(work));

          const counted = Math.min(reports.length, FAILURES_TO_OPEN);
          expect(store.saved.map((state) => state.consecutiveFailures)).toEqual(
            Array.from({ length: counted }, (_, index) => index + 1),
          );
          expect(store.openings).toBe(reports.length >= FAILURES_TO_OPEN ? 1 : 0);
          expect(isOpen(store.breaker)).toBe(reports.length >= FAILURES_TO_OPEN);
        },
      ),
    );
  });

  it('open it exactly at ten failures with no success between them, whoever reports what', async () => {
    const report = fc.record({ environment: fc.nat(4), succeeds: fc.boolean() });
    const reports = fc.array(
      fc.oneof(
        { arbitrary: report, weight: 1 },
        { arbitrary: fc.record({ environment: fc.nat(4), succeeds: fc.constant(false) }), weight: 4 },
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(reports, async (sequence) => {
        const store = new MemoryStore();
        const environments = Array.from({ length: 5 }, () => new MoneyBreaker(store, clockOf(store)));
        let streak = 0;
        for (const { environment, succeeds } of sequence) {
          const breaker = environments[environment];
          if (breaker === undefined) throw new Error('five environments');
          // As the gate does: a call goes out on a fresh reading.
          breaker.observe(await store.readBreaker());
          if (breaker.isOpen) break;
          if (succeeds) await breaker.succeeded(undefined);
          else await breaker.failed(undefined);
          streak = succeeds ? 0 : streak + 1;
          expect(isOpen(store.breaker)).toBe(streak >= FAILURES_TO_OPEN);
        }
      }),
    );
  });

  it('never open it by failures of environments each of which succeeded since the streak began', async () => {
    const store = new MemoryStore();
    const environments = Array.from({ length: 10 }, () => new MoneyBreaker(store, clockOf(store)));
    const healthy = await store.readBreaker();
    for (const breaker of environments) breaker.observe(healthy);

    for (let round = 0; round < 5; round += 1) {
      for (const breaker of environments) {
        // It saw no streak, so it tells nobody.
        await breaker.succeeded(undefined);
        store.nowMs += 1;
        await breaker.failed(undefined);
      }
    }

    expect(store.openings).toBe(0);
  });

  it('are not told by a reading that was overtaken that the breaker they opened is closed', async () => {
    const store = new MemoryStore();
    const breaker = new MoneyBreaker(store, clockOf(store));
    const overtaken = await store.readBreaker();
    breaker.observe(overtaken);
    await Promise.all(Array.from({ length: FAILURES_TO_OPEN }, () => breaker.failed(undefined)));
    expect(breaker.isOpen).toBe(true);

    breaker.observe(overtaken);

    expect(breaker.isOpen).toBe(true);
  });

  it('believe a row that somebody set back, whatever its version', async () => {
    const store = new MemoryStore();
    const breaker = new MoneyBreaker(store, clockOf(store));
    store.breaker = { ...OPENED, version: 70 };
    breaker.observe(await store.readBreaker());
    store.breaker = CLOSED;
    store.nowMs += 10_000;

    breaker.observe(await store.readBreaker());

    expect(breaker.isOpen).toBe(false);
  });

  it('do not count a failure of which the database hears five seconds late', async () => {
    const store = new MemoryStore();
    const breaker = new MoneyBreaker(store, clockOf(store));
    breaker.observe(await store.readBreaker());
    store.breaker = { ...CLOSED, version: 7 };
    let isSlow = true;
    const save = store.saveBreaker.bind(store);
    store.saveBreaker = (version, next) => {
      if (isSlow) store.nowMs += 5_001;
      isSlow = false;
      return save(version, next);
    };

    await breaker.failed(undefined);
    expect(store.breaker.consecutiveFailures).toBe(0);
    await breaker.failed(undefined);
    expect(store.breaker.consecutiveFailures).toBe(1);
  });

  it('send one probe, however many ask for it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), async (scheduler, count) => {
        const store = new MemoryStore(() => scheduler.schedule(Promise.resolve()));
        store.breaker = OPENED;
        store.nowMs = OPENED_AT + OPEN_MS;
        const asked = Array.from({ length: count }, async () => {
          const breaker = new MoneyBreaker(store, clockOf(store));
          breaker.observe(await store.readBreaker());
          return breaker.claimProbe();
        });

        const probes = await scheduler.waitFor(Promise.all(asked));

        expect(probes.filter((probe) => probe !== undefined)).toHaveLength(1);
      }),
    );
  });

  it('leave the decision to the probe of the present, not to a late one', async () => {
    const store = new MemoryStore();
    store.breaker = OPENED;
    store.nowMs = OPENED_AT + OPEN_MS;
    const [frozen, next] = [new MoneyBreaker(store, clockOf(store)), new MoneyBreaker(store, clockOf(store))];
    frozen.observe(await store.readBreaker());
    const late = await frozen.claimProbe();
    store.nowMs += OPEN_MS;
    next.observe(await store.readBreaker());
    const probe = await next.claimProbe();

    await frozen.succeeded(late);
    expect(isOpen(store.breaker)).toBe(true);
    await next.succeeded(probe);
    expect(isOpen(store.breaker)).toBe(false);
  });
});
