/**
 * Slack's limit for a webhook: a message a second, with short bursts above it. Slack publishes no number for a burst;
 * ten is what an alerting of ours must never come near.
 */
export class RateLimit {
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #countedAt: number;

  /** @param now milliseconds */
  constructor(burst: number, now: () => number) {
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#countedAt = now();
  }

  /** False when it is reached; a message then counts no further. */
  admits(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#countedAt) / 1000);
    this.#countedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
