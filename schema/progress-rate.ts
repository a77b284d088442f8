/** Of a campaign's progress: a rate that is older says nothing of now. It is measured every 5 s, every minute at most. */
export const RATE_VALID_MS = 90_000;
