/** Counts what clients did, as they could not do themselves: over all of them, at the far end. */
import { z } from 'zod';

/** Answer of GET /stats, by the contract's names; everything since the start or the last DELETE /stats. */
export const couponServiceStats = z.record(
  z.string(),
  z.strictObject({
    path: z.string(),
    /** By status; what was not answered by what became of it: `late`, `hang` or `reset`. */
    calls: z.record(z.string(), z.int()),
    /** Of the valid requests: how many stores, districts or members were asked for once, how many twice, … */
    askedTimes: z.record(z.string(), z.int()),
    /** How many were asked for in the largest request. */
    mostAtOnce: z.int(),
  }),
);
export type CouponServiceStats = z.infer<typeof couponServiceStats>;

export type Asked = readonly (number | string)[];

export class OperationStats {
  readonly #path: string;
  readonly #calls = new Map<string, number>();
  readonly #asked = new Map<number | string, number>();
  #mostAtOnce = 0;

  constructor(path: string) {
    this.#path = path;
  }

  asked(asked: Asked): void {
    this.#mostAtOnce = Math.max(this.#mostAtOnce, asked.length);
    for (const one of asked) this.#asked.set(one, (this.#asked.get(one) ?? 0) + 1);
  }

  became(outcome: number | 'late' | 'hang' | 'reset'): void {
    count(this.#calls, String(outcome));
  }

  reset(): void {
    this.#calls.clear();
    this.#asked.clear();
    this.#mostAtOnce = 0;
  }

  report(): CouponServiceStats[string] {
    const askedTimes = new Map<string, number>();
    for (const times of this.#asked.values()) count(askedTimes, String(times));
    return {
      path: this.#path,
      calls: Object.fromEntries(this.#calls),
      askedTimes: Object.fromEntries(askedTimes),
      mostAtOnce: this.#mostAtOnce,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
