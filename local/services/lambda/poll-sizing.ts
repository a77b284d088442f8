/** With how many pollers an event source mapping receives. Pure. */

/** Receives that wait on an idle queue: two, so that one can be answered while the other still listens. */
export const LISTENERS = 2;
/** More receives at once than this do not make a local queue any faster. */
const MOST_POLLERS = 10;
/** Full batches mean that more is waiting, an empty one that fewer pollers would do. */
export function pollersAfter(pollers: number, received: number, batchSize: number): number {
  if (received >= batchSize) return Math.min(pollers * 2, MOST_POLLERS);
  return received === 0 ? Math.max(Math.floor(pollers / 2), LISTENERS) : pollers;
}
