/**
 * A batch of grants is dealt with in so long, waits for an open breaker included; what it could not do by then comes
 * again. The queue hides a batch for a multiple of it.
 */
export const GRANT_BATCH_SECONDS = 60;
