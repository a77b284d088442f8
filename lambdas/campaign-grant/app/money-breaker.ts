import { afterFailure, afterProbe, afterSuccess, claimProbe, isOpen } from '../domain/breaker.ts';
import type { Breaker, BreakerReading } from '../domain/breaker.ts';
import type { BreakerStore, Clock } from '../ports.ts';

/** Environments that tell a failure at the same moment take turns: each round one of them is through. */
const MOST_ROUNDS = 100;

export interface Probe {
  readonly claimedMs: number;
}

/**
 * This environment's view of the shared breaker: what it read last, and what it has to tell. A success is told only
 * while a streak of failures is known, so that a healthy campaign writes nothing here; and it is told in one statement
 * that may fail, because at a share of failing calls many environments know of the same streak.
 */
export class MoneyBreaker {
  readonly #store: BreakerStore;
  readonly #clock: Clock;
  #reading: BreakerReading | undefined;
  /** By our clock, when the reading came. */
  #readAt = 0;
  /** By the database's clock: ours may stand still while the environment is frozen. */
  #lastSuccessMs = Number.NEGATIVE_INFINITY;
  /** The reading for which a success was told: whether it was taken or not, once is enough. */
  #toldVersion = -1;
  #untoldFailures = 0;
  #telling: Promise<void> | undefined;

  constructor(store: BreakerStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** What a read of the batch, or of the gate, brought along. */
  observe(reading: BreakerReading): void {
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
    this.#untoldFailures += 1;
    this.#telling ??= this.#tellFailures().finally(() => {
      this.#telling = undefined;
    });
    await this.#telling;
  }

  /** Those that come while others are told go together: a hundred that ask for the row one by one take seconds. */
  async #tellFailures(): Promise<void> {
    try {
      while (this.#untoldFailures > 0) {
        const failures = this.#untoldFailures;
        await this.#change((reading) => afterFailure(reading, reading.nowMs - this.#lastSuccessMs, failures));
        this.#untoldFailures -= failures;
      }
    } catch (error) {
      this.#untoldFailures = 0;
      throw error;
    }
  }

  /** Any answer that shows the API at work, a rejection too. */
  async succeeded(probe: Probe | undefined): Promise<void> {
    const reading = this.#reading;
    if (reading !== undefined) this.#lastSuccessMs = this.#nowMs(reading);
    if (probe !== undefined) {
      await this.#change((current) => afterProbe(current, { ...probe, succeeded: true }));
      return;
    }
    const next = reading === undefined ? undefined : afterSuccess(reading);
    if (reading === undefined || next === undefined || reading.version === this.#toldVersion) return;
    this.#toldVersion = reading.version;
    if (await this.#store.saveBreaker(reading.version, next)) {
      this.observe({ ...next, nowMs: this.#nowMs(reading) });
    }
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
      if (await this.#store.saveBreaker(reading.version, next)) {
        this.observe({ ...next, nowMs: this.#nowMs(reading) });
        return;
      }
    }
  }
}
