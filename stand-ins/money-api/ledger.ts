/** Decides what a key is answered, once and for ever, and remembers it. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { GrantKind } from './contract.ts';
import { GrantLines } from './grant-lines.ts';
import { KeyTable, rejections } from './key-table.ts';
import type { Rejection } from './key-table.ts';
import { LedgerFile } from './ledger-file.ts';
import { TextIndex } from './text-index.ts';

/** A line of GET /ledger. */
export const ledgerLine = z.strictObject({
  key: z.string(),
  kind: z.enum(['VOUCHER', 'POINT']),
  customerUid: z.string(),
  amount: z.string(),
  voucherNumber: z.string().optional(),
});
export type LedgerLine = z.infer<typeof ledgerLine>;

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' });
    return z.NEVER;
  }
});

const fileLine = jsonText.pipe(
  z.union([
    ledgerLine.extend({ digest: z.number() }),
    z.strictObject({ key: z.string(), rejected: z.enum(rejections), digest: z.number() }),
  ]),
);

/** A request body that the contract's schema has accepted; all of its fields are text or boolean. */
export interface GrantBody {
  readonly customerUid: string;
  readonly amount: string;
  readonly voucherNumber?: string;
  readonly [field: string]: string | boolean | undefined;
}

export type Verdict = 'GRANTED' | 'REPLAYED' | 'IDEMPOTENCY_CONFLICT' | Rejection;

export class Ledger {
  private readonly keys = new KeyTable();
  private readonly grants = new GrantLines();
  /** Voucher number → the row of the key that it was granted under. */
  private readonly usedVouchers = new TextIndex();
  private file: LedgerFile | undefined;

  /** @throws Error when the file cannot be read or written, or is no ledger file. */
  static async open(path: string | undefined): Promise<Ledger> {
    const ledger = new Ledger();
    if (path !== undefined) ledger.file = await LedgerFile.open(path, (line) => ledger.restore(path, line));
    return ledger;
  }

  get size(): number {
    return this.grants.count;
  }

  /** Counts an admitted request of the key; says which attempt it is, and if the key is new in this period. */
  arrive(key: string, period: number): { readonly attempt: number; readonly isNew: boolean } {
    const row = this.keys.rowOf(key);
    return { attempt: this.keys.countAttempt(row), isNew: this.keys.seeIn(row, period) };
  }

  /**
   * Grants, or says why not. It is one synchronous step, so two requests of one key, or of one voucher,
   * cannot both be granted however close they are.
   * @param rejection what a key that was never decided is to be rejected with, if at all.
   */
  decide(key: string, kind: GrantKind, body: GrantBody, rejection: Rejection | undefined): Verdict {
    const row = this.keys.rowOf(key);
    const digest = digestOf(kind, body);
    const decided = this.keys.outcome(row);
    if (decided !== 'UNDECIDED') {
      if (this.keys.digest(row) !== digest) return 'IDEMPOTENCY_CONFLICT';
      return decided === 'GRANTED' ? 'REPLAYED' : decided;
    }
    const { customerUid, amount, voucherNumber } = body;
    const used = voucherNumber !== undefined && this.usedVouchers.get(voucherNumber) !== undefined;
    const rejected = rejection ?? (used ? 'VOUCHER_ALREADY_USED' : undefined);
    if (rejected !== undefined) {
      this.keys.decide(row, rejected, digest);
      this.file?.append(JSON.stringify({ key, rejected, digest }));
      return rejected;
    }
    const line = { key, kind, customerUid, amount, voucherNumber };
    this.grant(row, digest, line);
    this.file?.append(JSON.stringify({ ...line, digest }));
    return 'GRANTED';
  }

  /** Resolves when every decision so far would survive the death of this process. */
  settled(): Promise<void> {
    return this.file?.settled() ?? Promise.resolve();
  }

  /** All grants as NDJSON, in pieces. */
  read(): Iterable<Buffer> {
    return this.grants.read();
  }

  async close(): Promise<void> {
    await this.file?.close();
  }

  private restore(path: string, text: string): void {
    const parsed = fileLine.safeParse(text);
    if (!parsed.success) throw new Error(`${path} is no ledger file: it has the line ${text.slice(0, 80)}`);
    const { digest, ...record } = parsed.data;
    const row = this.keys.rowOf(record.key);
    this.keys.countAttempt(row);
    if ('rejected' in record) this.keys.decide(row, record.rejected, digest);
    else this.grant(row, digest, record);
  }

  private grant(row: number, digest: number, line: LedgerLine): void {
    this.keys.decide(row, 'GRANTED', digest);
    if (line.voucherNumber !== undefined) this.usedVouchers.add(line.voucherNumber, row);
    this.grants.append(JSON.stringify(line));
  }
}

/** Derived from the key alone, so that it need not be stored and is the same after a restart. */
export function transactionKeyOf(key: string): string {
  return `MT-${hash('sha1', key).slice(0, 24)}`;
}

/** 48 bits are plenty: a digest is only ever compared with the others of its own key. */
function digestOf(kind: GrantKind, body: GrantBody): number {
  // The body is flat, so sorting its own names makes the order in which the client wrote them irrelevant.
  const fields = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha1', JSON.stringify([kind, fields]), 'buffer').readUIntBE(0, 6);
}
