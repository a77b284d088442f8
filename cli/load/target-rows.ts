/** The rows of a target file, checked by what the tables and publishing take. Pure. */
import { resolveTarget } from '../../lambdas/campaign-grant/domain/target.ts';
import type {
  GrantDefaults,
  InvalidReason,
  PublishContext,
} from '../../lambdas/campaign-grant/domain/target.ts';
import type { PromotionType } from '../../schema/promotion.ts';
import { toHundredths } from '../verify/rules/exact-amount.ts';
import { COLUMNS, quoted } from './columns.ts';
import type { Column, ColumnName } from './columns.ts';

export interface RowProblem {
  readonly line: number;
  /** null: it is not one column's. */
  readonly column: ColumnName | null;
  readonly reason: string;
}

type Cells = Partial<Record<ColumnName, string>>;

export type CheckedRow =
  | {
      readonly ok: true;
      /** In the order of the file's columns; null: the promotion's default, or none. */
      readonly values: readonly (string | null)[];
      readonly voucherNumber: string | null;
      /** What it would be granted. */
      readonly hundredths: bigint;
    }
  | ({ readonly ok: false } & Omit<RowProblem, 'line'>);

export interface Promotion {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly defaults: GrantDefaults;
}

/** What each column of the file is, in the order of the file. @returns a text: what is wrong with the first line */
export function readHeader(type: PromotionType, names: readonly string[]): readonly Column[] | string {
  const known = COLUMNS[type];
  const header: Column[] = [];
  for (const name of names.map((each) => each.trim().toLowerCase())) {
    const column = known.find((each) => each.name === name);
    if (column === undefined) {
      const list = known.map((each) => each.name).join(', ');
      return `"${name.slice(0, 40)}" is no column of ${type} targets: these are ${list}`;
    }
    if (header.includes(column)) return `the column ${column.name} is there twice`;
    header.push(column);
  }
  const missing = known.find((column) => column.isRequired && !header.includes(column));
  return missing === undefined ? header : `the column ${missing.name} is missing`;
}

/** Judges each row as publishing would, so that nobody finds out on the day of the campaign. */
export class RowChecker {
  readonly #header: readonly Column[];
  readonly #context: PublishContext;

  constructor(header: readonly Column[], { promotionId, promotionType, defaults }: Promotion) {
    this.#header = header;
    this.#context = { promotionId, promotionType, defaults, partitionNumber: 0, nowMs: 0 };
  }

  check(fields: readonly string[]): CheckedRow {
    if (fields.length !== this.#header.length) {
      return no(null, `it has ${fields.length} fields, the first line ${this.#header.length}`);
    }
    const values: (string | null)[] = [];
    const cells: Cells = {};
    for (const [index, column] of this.#header.entries()) {
      const text = (fields[index] ?? '').trim();
      if (text === '') {
        if (column.isRequired) return no(column.name, 'is empty');
        values.push(null);
        continue;
      }
      const parsed = column.parse(text);
      if ('problem' in parsed) return no(column.name, parsed.problem);
      values.push(parsed.value);
      cells[column.name] = parsed.value;
    }
    const resolved = resolveTarget(targetRow(cells), this.#context);
    if (!resolved.ok) return notGrantable(resolved.reason, cells);
    const hundredths = toHundredths(resolved.message.payload.amount) ?? 0n;
    return { ok: true, values, voucherNumber: cells.voucher_number ?? null, hundredths };
  }
}

const COLUMN_OF: Readonly<Record<InvalidReason, ColumnName>> = {
  'INVALID_CUSTOMER: customer_uid is not positive': 'customer_uid',
  'INVALID_AMOUNT: neither the target nor the promotion has an amount': 'amount',
  'INVALID_AMOUNT: the amount is not positive': 'amount',
  'INVALID_REASON: neither the target nor the promotion has a reason': 'reason',
  'INVALID_EXPIRY: expired_at is not a date of the form yyyy-MM-dd': 'expired_at',
  'INVALID_EXPIRY: neither the target nor the promotion has an expiry': 'expired_at',
  'INVALID_VOUCHER: voucher_number is missing': 'voucher_number',
};

function notGrantable(invalid: InvalidReason, cells: Cells): CheckedRow {
  const column = COLUMN_OF[invalid];
  const cell = cells[column];
  const reason = invalid.replace(/^\w+: /, '');
  return no(column, cell === undefined ? reason : `${quoted(cell)}: ${reason}`);
}

function no(column: ColumnName | null, reason: string): CheckedRow {
  return { ok: false, column, reason };
}

function targetRow(cells: Cells) {
  return {
    // It gets its own when it is inserted.
    targetId: '1',
    customerUid: cells.customer_uid ?? '',
    voucherNumber: cells.voucher_number ?? null,
    merchantCode: cells.merchant_code ?? null,
    merchantBrandCode: cells.merchant_brand_code ?? null,
    amount: cells.amount ?? null,
    expiredAt: cells.expired_at ?? null,
    reason: cells.reason ?? null,
    isWithdrawal: null,
    partitionKey: cells.partition_key ?? null,
  };
}
