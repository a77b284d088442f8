/**
 * The one source of chance of a simulated world: sfc32, seeded. The same seed draws the same numbers on every
 * machine; Math.random is never used.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    // The parts of the state must differ even for neighbouring seeds.
    this.#a = (seed ^ 0x9e3779b9) | 0;
    this.#b = (Math.imul(seed, 0x85ebca6b) ^ 0x243f6a88) | 0;
    this.#c = (Math.imul(seed + 1, 0xc2b2ae35) ^ 0xb7e15162) | 0;
    for (let round = 0; round < 15; round += 1) this.next();
  }

  /** At least 0, less than 1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** As often in each order of magnitude: for delays and probabilities, whose small values matter as much. */
  logBetween(low: number, high: number): number {
    return low * Math.pow(high / low, this.next());
  }

  /** A whole number, both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.next() * items.length)] ?? items[0];
  }
}
