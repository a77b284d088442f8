/** The client's retry policy (001): five retries, three seconds apart. */
export const MAX_ATTEMPTS = 1 + 5;
export const RETRY_DELAY_SECONDS = 3;

const SHORTEST_UNDECIDED_SECONDS = 5;
/**
 * The queue hands a message out 1,000 times at most (grant-queue.ts): with waits that grow to a quarter of an hour
 * an outage of days does not use them up.
 */
const LONGEST_WAIT_SECONDS = 900;

/** attemptCount counts Money calls, never queue receives: a message may be received for many other reasons. */
export function mayTryAgain(attemptCount: number): boolean {
  return attemptCount < MAX_ATTEMPTS;
}

/** Seconds until messages come again about which the database did not say what to do. */
export function undecidedDelay(receiveCount: number): number {
  return Math.min(SHORTEST_UNDECIDED_SECONDS * Math.max(1, receiveCount), LONGEST_WAIT_SECONDS);
}

/** Seconds until messages come again that could not be paid because the breaker has been open for so long. */
export function delayForOpenBreaker(openForSeconds: number): number {
  return Math.min(Math.max(RETRY_DELAY_SECONDS, Math.round(openForSeconds / 4)), LONGEST_WAIT_SECONDS);
}
