import {
  afterFailure,
  afterProbe,
  afterSuccess,
  claimProbe,
  isOpen,
  transitionOf,
} from '../domain/breaker.ts';
import type { Breaker, BreakerReading } from '../domain/breaker.ts';
import { breakerAlert } from '../domain/alerts.ts';
import type { BreakerStore, Clock, GrantLog } from '../ports.ts';

/** Environments that tell a failure at the same moment take turns: each round one of them is through. */
const MOST_ROUNDS = 100;
/** A reading of an older version that is later than this is none that was overtaken: somebody set the row back. */
const OVERTAKEN_MS = 5_000;
/** A failure that the database took longer to hear of says nothing of the API's present state. */
const FAILURE_COUNTS_FOR_SECONDS = 5;

export interface Probe {
  readonly claimedMs: number;
}

/**
 * This environment's view of the shared breaker: what it read last, and what it has to tell. A success is told only
 * while a streak of failures is known, so that a healthy campaign writes nothing here.
 */
export class MoneyBreaker {
  readonly #store: BreakerStore;
  readonly #clock: Clock;
  readonly #log: Pick<GrantLog, 'breakerChanged'> | undefined;
  #reading: BreakerReading | undefined;
  /** By our clock, when the reading came. */
  #readAt = 0;
  /** By the database's clock: ours may stand still while the environment is frozen. */
  #lastSuccessMs = Number.NEGATIVE_INFINITY;
  /** When each of them happened, by our clock. */
  #untoldFailures: number[] = [];
  #telling: Promise<void> | undefined;

  constructor(store: BreakerStore, clock: Clock, log?: Pick<GrantLog, 'breakerChanged'>) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** What a read brought along; one that was overtaken on its way says nothing new. */
  observe(reading: BreakerReading): void {
    const known = this.#reading;
    const isOlder = known !== undefined && reading.version < known.version;
    if (isOlder && reading.nowMs < known.nowMs + OVERTAKEN_MS) return;
    this.#reading = reading;
    this.#readAt = this.#clock.monotonic();
  }

  get isOpen(): boolean {
    return this.#reading !== undefined && isOpen(this.#reading);
  }

  /** How long the outage has lasted, at the last reading: a probe that fails opens the breaker anew. */
  get openForSeconds(): number {
    if (this.#reading === undefined || !isOpen(this.#reading)) return 0;
    const { streakStartedMs, openedMs, nowMs } = this.#reading;
    return (nowMs - (streakStartedMs ?? openedMs ?? nowMs)) / 1000;
  }

  /** @returns the probe, when the breaker is open, one is due, and no other environment was faster. */
  async claimProbe(): Promise<Probe | undefined> {
    const reading = this.#reading;
    const claimed = reading === undefined ? undefined : claimProbe(reading);
    if (reading === undefined || claimed === undefined || claimed.probeMs === null) return undefined;
    const isOurs = await this.#store.saveBreaker(reading.version, claimed);
    if (isOurs) this.#reading = { ...claimed, nowMs: reading.nowMs };
    else this.observe(await this.#store.readBreaker());
    return isOurs ? { claimedMs: claimed.probeMs } : undefined;
  }

  /** A timeout, a 5xx or a broken connection. */
  async failed(probe: Probe | undefined): Promise<void> {
    if (probe !== undefined) {
      await this.#change((reading) => afterProbe(reading, { ...probe, succeeded: false }));
      return;
    }
    if (this.isOpen) return;
    this.#untoldFailures.push(this.#clock.monotonic());
    this.#telling ??= this.#tellFailures().finally(() => {
      this.#telling = undefined;
    });
    await this.#telling;
  }

  /** Those that come while others are told go together: a hundred that ask for the row one by one take seconds. */
  async #tellFailures(): Promise<void> {
    while (this.#untoldFailures.length > 0) {
      const failures = this.#untoldFailures;
      this.#untoldFailures = [];
      await this.#change((reading) => {
        const oldest = this.#clock.monotonic() - FAILURE_COUNTS_FOR_SECONDS;
        const counting = failures.filter((failedAt) => failedAt >= oldest).length;
        if (counting === 0) return undefined;
        return afterFailure(reading, reading.nowMs - this.#lastSuccessMs, counting);
      });
    }
  }

  /** Any answer that shows the API at work, a rejection too. */
  async succeeded(probe: Probe | undefined): Promise<void> {
    const reading = this.#reading;
    if (reading === undefined) return;
    const successMs = this.#nowMs(reading);
    this.#lastSuccessMs = successMs;
    if (probe !== undefined) {
      await this.#change((current) => afterProbe(current, { ...probe, succeeded: true }));
      return;
    }
    const ended = afterSuccess(reading, successMs);
    if (ended === undefined) return;
    // The version stays: whoever goes on from this reading finds that the row has changed, and reads it.
    this.#reading = { ...ended, version: reading.version, nowMs: reading.nowMs };
    await this.#store.endStreak(successMs);
  }

  /** The database's clock now, as far as ours tells since the reading. */
  #nowMs(reading: BreakerReading): number {
    return reading.nowMs + (this.#clock.monotonic() - this.#readAt) * 1000;
  }

  /** Begins with what is known: the row is read only when it has changed since. */
  async #change(rule: (reading: BreakerReading) => Breaker | undefined): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const known = round === 0 ? this.#reading : undefined;
      if (known === undefined) this.observe(await this.#store.readBreaker());
      const reading = this.#reading;
      const next = reading === undefined ? undefined : rule(reading);
      if (reading === undefined || next === undefined) return;
      const alert = breakerAlert(reading, next, this.#nowMs(reading));
      if (await this.#store.saveBreaker(reading.version, next, alert)) {
        this.observe({ ...next, nowMs: this.#nowMs(reading) });
        this.#tellTransition(reading, next);
        return;
      }
    }
  }

  /** By whoever made it, and so once. */
  #tellTransition(before: BreakerReading, after: Breaker): void {
    const transition = transitionOf(before, after);
    if (transition === undefined) return;
    const { consecutiveFailures } = transition === 'closed' ? before : after;
    const since = before.streakStartedMs ?? before.openedMs ?? before.nowMs;
    this.#log?.breakerChanged(transition, consecutiveFailures, (this.#nowMs(before) - since) / 1000);
  }
}
