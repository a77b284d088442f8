/** The client's retry policy (001): five retries, three seconds apart. */
export const MAX_ATTEMPTS = 1 + 5;
export const RETRY_DELAY_SECONDS = 3;

/** attemptCount counts Money calls, never queue receives: a message may be received for many other reasons. */
export function mayTryAgain(attemptCount: number): boolean {
  return attemptCount < MAX_ATTEMPTS;
}
