/** Counts what clients did, as they could not do themselves: over all of them, at the far end. */
import { z } from 'zod';
import { SlidingSecond } from './window.ts';

/** Answer of GET /stats; everything since the start or the last DELETE /stats. */
export const moneyApiStats = z.strictObject({
  /** By status; `reset` counts the connections broken on purpose. */
  requests: z.record(z.string(), z.int()),
  arrived: z.int(),
  /** Requests with a valid API key that the ceiling let pass, replays and invalid ones included. */
  admitted: z.int(),
  /** Grants made, also those whose answer was withheld. */
  granted: z.int(),
  /** Requests of keys that were granted before. */
  replayed: z.int(),
  /** The most requests that arrived in any one-second window, refused ones included. */
  maxWindow1s: z.int(),
  /** Epoch milliseconds; null when there was no call. */
  firstCallAt: z.number().nullable(),
  lastCallAt: z.number().nullable(),
  /** From the first call to the last. */
  seconds: z.number(),
  /** Distinct Idempotency-Keys among the admitted. */
  keys: z.int(),
  /** Requests from one second after the first to the last that was the first of its key; null when there are none. */
  steady: z.strictObject({ calls: z.int(), seconds: z.number() }).nullable(),
  /** Of admitted requests that were answered, in steps of 1 ms. */
  latencyMs: z.strictObject({ p50: z.int(), p99: z.int() }).nullable(),
});
export type MoneyApiStats = z.infer<typeof moneyApiStats>;

/** Longer than any service time but a long tail's; what takes longer counts as this long. */
const longestMs = 60_000;
/** In its first second a client is still starting. */
const STARTING_MS = 1_000;

export class Stats {
  /** Counts the resets, so that distinct keys can be told anew; 1 to 65535, what the key table can hold. */
  period = 1;
  private readonly arrivals = new SlidingSecond();
  private readonly latencies = new Uint32Array(longestMs + 1);
  private byStatus = new Map<string, number>();
  private counts = zeroes();
  /** Monotonic milliseconds of the first request; undefined before it. */
  private firstAt: number | undefined;
  private lastAt = 0;
  private callsAfterFirstSecond = 0;

  /** @param now monotonic milliseconds */
  arrived(now: number): void {
    const calledAt = Date.now();
    this.counts.firstCallAt ??= calledAt;
    this.counts.lastCallAt = calledAt;
    this.counts.arrived += 1;
    const before = this.arrivals.countAt(now);
    this.arrivals.add(now);
    this.counts.maxWindow1s = Math.max(this.counts.maxWindow1s, before + 1);
    this.firstAt ??= now;
    this.lastAt = now;
    if (now - this.firstAt >= STARTING_MS) this.callsAfterFirstSecond += 1;
  }

  /** A request that arrived a moment ago is the first of its key. */
  isNewKey(): void {
    this.counts.keys += 1;
    const seconds = (this.lastAt - (this.firstAt ?? this.lastAt) - STARTING_MS) / 1000;
    if (seconds > 0) this.counts.steady = { calls: this.callsAfterFirstSecond, seconds };
  }

  count(what: 'admitted' | 'granted' | 'replayed'): void {
    this.counts[what] += 1;
  }

  answered(status: number | 'reset'): void {
    const name = String(status);
    this.byStatus.set(name, (this.byStatus.get(name) ?? 0) + 1);
  }

  served(ms: number): void {
    const step = Math.min(Math.round(ms), longestMs);
    this.latencies[step] = (this.latencies[step] ?? 0) + 1;
    this.counts.served += 1;
  }

  report(): MoneyApiStats {
    const { served, ...counts } = this.counts;
    return {
      requests: Object.fromEntries(this.byStatus),
      ...counts,
      seconds: ((counts.lastCallAt ?? 0) - (counts.firstCallAt ?? 0)) / 1000,
      latencyMs: served === 0 ? null : { p50: this.percentile(0.5), p99: this.percentile(0.99) },
    };
  }

  /** The second that is under way stays in the window: a reset must not hide a burst across it. */
  reset(): void {
    this.period = (this.period % 65_535) + 1;
    this.latencies.fill(0);
    this.byStatus = new Map();
    this.counts = zeroes();
    this.firstAt = undefined;
    this.callsAfterFirstSecond = 0;
  }

  private percentile(share: number): number {
    let left = this.counts.served * share;
    return this.latencies.findIndex((count) => (left -= count) <= 0);
  }
}

type Counts = Omit<MoneyApiStats, 'requests' | 'seconds' | 'latencyMs'> & { served: number };

function zeroes(): Counts {
  return {
    arrived: 0,
    admitted: 0,
    granted: 0,
    replayed: 0,
    keys: 0,
    served: 0,
    maxWindow1s: 0,
    firstCallAt: null,
    lastCallAt: null,
    steady: null,
  };
}
