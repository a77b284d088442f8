/** Which rows have a voucher number that another has already: with flat memory, however many there are. */
import { hash } from 'node:crypto';
import { ScratchBuckets } from '../output/scratch-buckets.ts';

const BUCKETS = 256;

export interface DuplicateRow {
  readonly line: number;
  readonly hundredths: bigint;
  /** Who has the number: an earlier line, or a target that was loaded before. */
  readonly of: { readonly line: number } | { readonly targetId: string };
}

export class DuplicateNumbers {
  readonly #buckets = new ScratchBuckets(BUCKETS);

  /** Those of the database come first. */
  addTarget(targetId: string, voucherNumber: string): void {
    this.#add(voucherNumber, `target ${targetId}`);
  }

  addRow(line: number, voucherNumber: string, hundredths: bigint): void {
    this.#add(voucherNumber, `line ${line} ${hundredths}`);
  }

  /** To the letter. In no particular order. */
  *find(): Generator<DuplicateRow> {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const owners = new Map<string, DuplicateRow['of']>();
      for (const entry of this.#buckets.read(bucket)) {
        const [digest = '', kind, id = '', hundredths = '0'] = entry.split(' ');
        const owner = owners.get(digest);
        if (owner === undefined)
          owners.set(digest, kind === 'line' ? { line: Number(id) } : { targetId: id });
        else if (kind === 'line') yield { line: Number(id), hundredths: BigInt(hundredths), of: owner };
      }
    }
  }

  close(): void {
    this.#buckets.close();
  }

  /** The digest stands for the number: half of it is as short as it can be without two that share one. */
  #add(voucherNumber: string, entry: string): void {
    const digest = hash('sha256', voucherNumber, 'hex').slice(0, 32);
    this.#buckets.add(Number.parseInt(digest.slice(0, 2), 16), `${digest} ${entry}`);
  }
}
