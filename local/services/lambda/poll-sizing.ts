/** How much an event source mapping receives ahead of its free environments, and with how many pollers. Pure. */

/** Receives that wait on an idle queue: two, so that one can be answered while the other still listens. */
export const LISTENERS = 2;
/** More receives at once than this do not make a local queue any faster. */
const MOST_POLLERS = 10;
/** A long poll that was answered late says nothing of how long a receive takes. */
export const SLOWEST_RECEIVE = 50;

/** A running mean that follows the load within some tens of samples. */
export class Mean {
  #value: number | undefined;

  get value(): number | undefined {
    return this.#value;
  }

  add(sample: number): void {
    this.#value = this.#value === undefined ? sample : this.#value * 0.9 + sample * 0.1;
  }
}

/**
 * Batches to hold ready: one, and those whose environments become free while a receive is under way, with two standard
 * deviations for their coming unevenly. So a batch held ready waits for a few receives at most, and there are never
 * more of them than environments.
 */
export function batchesAhead(load: {
  readonly busy: number;
  readonly concurrency: number;
  readonly receiveMilliseconds: number | undefined;
  readonly invocationMilliseconds: number | undefined;
}): number {
  const { busy, concurrency, receiveMilliseconds = 5, invocationMilliseconds = 1000 } = load;
  const freedMeanwhile = (busy * receiveMilliseconds) / Math.max(invocationMilliseconds, 0.1);
  return Math.min(1 + Math.ceil(freedMeanwhile + 2 * Math.sqrt(freedMeanwhile)), concurrency);
}

/** Full batches mean that more is waiting, an empty one that fewer pollers would do. */
export function pollersAfter(pollers: number, received: number, batchSize: number): number {
  if (received >= batchSize) return Math.min(pollers * 2, MOST_POLLERS);
  return received === 0 ? Math.max(Math.floor(pollers / 2), LISTENERS) : pollers;
}
