/** A batch is paid in so long: a stop is seen by the read of the next one. */
const BATCH_SECONDS = 0.5;
/** However fast it is paid: more would make one statement of the database long. */
const LARGEST_BATCH = 100;

/** How many messages an invocation receives, reads and records together, of which it pays one each `slot` seconds. */
export function batchSizeFor(slot: number): number {
  return Math.min(Math.ceil(BATCH_SECONDS / slot), LARGEST_BATCH);
}
