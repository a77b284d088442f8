/**
 * The number of events in the second that ends now, exactly: the half-open window (now − 1 s, now].
 * No one-second window anywhere can hold more than the highest count seen at an event. O(1) amortised.
 */
const windowMs = 1000;

export class SlidingSecond {
  // A ring of times, oldest first; its size is a power of two and grows with the busiest second.
  private times = new Float64Array(1024);
  private oldest = 0;
  private held = 0;

  /** @param now monotonic milliseconds, never less than before. */
  countAt(now: number): number {
    while (this.held > 0 && now - (this.times[this.oldest] ?? 0) >= windowMs) {
      this.oldest = (this.oldest + 1) & (this.times.length - 1);
      this.held -= 1;
    }
    return this.held;
  }

  add(now: number): void {
    if (this.held === this.times.length) this.grow();
    this.times[(this.oldest + this.held) & (this.times.length - 1)] = now;
    this.held += 1;
  }

  private grow(): void {
    const larger = new Float64Array(this.times.length * 2);
    larger.set(this.times.subarray(this.oldest));
    larger.set(this.times.subarray(0, this.oldest), this.times.length - this.oldest);
    this.times = larger;
    this.oldest = 0;
  }
}

/** The contract's "at most N requests in any second", for a true sliding second. */
export class Ceiling {
  private readonly admitted = new SlidingSecond();

  /**
   * Only what is admitted fills the window: a refused client that insists does not lock itself out.
   * @param ceiling 0 = no limit; counted all the same, so that one set at run time holds from its first second.
   */
  admits(now: number, ceiling: number): boolean {
    const inThisSecond = this.admitted.countAt(now);
    if (ceiling > 0 && inThisSecond >= ceiling) return false;
    this.admitted.add(now);
    return true;
  }
}
