/** Which lines of a file have a voucher number that an earlier line has: with flat memory, however long the file. */
import { hash } from 'node:crypto';
import { ScratchBuckets } from '../output/scratch-buckets.ts';

const BUCKETS = 256;

export class DuplicateLines {
  readonly #buckets = new ScratchBuckets(BUCKETS);

  add(line: number, voucherNumber: string): void {
    // The number itself may have a line break in it: its digest has none.
    const digest = hash('sha1', voucherNumber);
    this.#buckets.add(Number.parseInt(digest.slice(0, 2), 16), `${digest} ${line}`);
  }

  /** In no particular order. */
  *find(): Generator<{ readonly line: number; readonly firstLine: number }> {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const first = new Map<string, number>();
      for (const entry of this.#buckets.read(bucket)) {
        const [digest = '', text] = entry.split(' ');
        const line = Number(text);
        const firstLine = first.get(digest);
        if (firstLine === undefined) first.set(digest, line);
        else yield { line, firstLine };
      }
    }
  }

  close(): void {
    this.#buckets.close();
  }
}
