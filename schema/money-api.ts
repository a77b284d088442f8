/** The client's requirement 001: an answer that takes longer is a transient failure. */
export const MONEY_TIMEOUT_MS = 3_000;
