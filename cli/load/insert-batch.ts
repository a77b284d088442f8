/** Rows of one statement. */
const MOST_ROWS = 5_000;
/** The Data API takes 4 MiB, and in its request each quote of this JSON is escaped once more. */
const MOST_BYTES = 1_500_000;

export class InsertBatch {
  readonly #rows: string[] = [];
  #bytes = 0;

  add(values: readonly (string | null)[]): void {
    const row = JSON.stringify(values);
    this.#rows.push(row);
    this.#bytes += Buffer.byteLength(row);
  }

  get count(): number {
    return this.#rows.length;
  }

  get isFull(): boolean {
    return this.#rows.length >= MOST_ROWS || this.#bytes >= MOST_BYTES;
  }

  /** An array of arrays. */
  get json(): string {
    return `[${this.#rows.join(',')}]`;
  }
}
