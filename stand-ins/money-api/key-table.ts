/** What is known of each Idempotency-Key, in columns: 15 bytes a key beside the key itself. */
import { TextIndex } from './text-index.ts';

export const rejections = ['ACCOUNT_CLOSED', 'CUSTOMER_NOT_FOUND', 'VOUCHER_ALREADY_USED'] as const;
export type Rejection = (typeof rejections)[number];

/** What a key was answered for good, if it was. The order is the code in the column. */
const outcomes = ['UNDECIDED', 'GRANTED', ...rejections] as const;
export type Outcome = (typeof outcomes)[number];

// Room for two million keys. The operating system gives the pages only as they are written, and columns
// that need not grow in a run cause no pause.
const initialCapacity = 1 << 21;

export class KeyTable {
  private readonly rows = new TextIndex();
  private attempts = new Uint32Array(initialCapacity);
  private digests = new Float64Array(initialCapacity);
  private outcomeCodes = new Uint8Array(initialCapacity);
  private seenIn = new Uint16Array(initialCapacity);

  get size(): number {
    return this.rows.size;
  }

  /** The row of the key, a new one if it was never seen. */
  rowOf(key: string): number {
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    const row = this.rows.size;
    if (row === this.attempts.length) this.grow();
    this.rows.add(key, row);
    return row;
  }

  /** Counts an attempt and returns its number, from 1. */
  countAttempt(row: number): number {
    const attempt = (this.attempts[row] ?? 0) + 1;
    this.attempts[row] = attempt;
    return attempt;
  }

  /** True the first time that the key is seen in this period of the statistics; periods count from 1. */
  seeIn(row: number, period: number): boolean {
    const first = this.seenIn[row] !== period;
    this.seenIn[row] = period;
    return first;
  }

  outcome(row: number): Outcome {
    return outcomes[this.outcomeCodes[row] ?? 0] ?? 'UNDECIDED';
  }

  digest(row: number): number {
    return this.digests[row] ?? 0;
  }

  decide(row: number, outcome: Outcome, digest: number): void {
    this.outcomeCodes[row] = outcomes.indexOf(outcome);
    this.digests[row] = digest;
  }

  private grow(): void {
    const capacity = this.attempts.length * 2;
    const attempts = new Uint32Array(capacity);
    attempts.set(this.attempts);
    this.attempts = attempts;
    const digests = new Float64Array(capacity);
    digests.set(this.digests);
    this.digests = digests;
    const codes = new Uint8Array(capacity);
    codes.set(this.outcomeCodes);
    this.outcomeCodes = codes;
    const seenIn = new Uint16Array(capacity);
    seenIn.set(this.seenIn);
    this.seenIn = seenIn;
  }
}
