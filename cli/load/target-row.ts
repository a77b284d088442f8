/** One line of a target file, checked by what the tables and the Money API take. Pure. */
import type { PromotionType } from '../../schema/promotion.ts';

/** In the order in which they are inserted; null: the promotion's default, or none. */
export type TargetValues = readonly (string | number | null)[];

export type CheckedRow =
  { readonly ok: true; readonly values: TargetValues } | { readonly ok: false; readonly reason: string };

interface Column {
  readonly name: string;
  readonly isRequired: boolean;
  /** @returns the value, or undefined with what is wrong about it */
  readonly parse: (text: string) => { readonly value: string | number } | { readonly problem: string };
}

const customerUid = wholeNumber('customer_uid', { isRequired: true, isPositive: true });
const voucherNumber = text('voucher_number', 40, { isRequired: true });
const common: readonly Column[] = [
  text('merchant_code', 30),
  text('merchant_brand_code', 20),
  { name: 'amount', isRequired: false, parse: parseAmount },
  { name: 'expired_at', isRequired: false, parse: parseDate },
  text('reason', 100),
  wholeNumber('partition_key', { isRequired: false, isPositive: false }),
];
const isWithdrawal: Column = { name: 'is_withdrawal', isRequired: false, parse: parseFlag };

export const COLUMNS: Readonly<Record<PromotionType, readonly Column[]>> = {
  VOUCHER: [customerUid, voucherNumber, ...common, isWithdrawal],
  POINT: [customerUid, ...common],
};

/** What each column of the file is; in the order of the file. */
export type Header = readonly Column[];

/** @returns the columns of a file, or what is wrong with its first line */
export function readHeader(
  type: PromotionType,
  names: readonly string[],
): Header | { readonly problem: string } {
  const known = COLUMNS[type];
  const header: Column[] = [];
  for (const name of names.map((each) => each.trim().toLowerCase())) {
    const column = known.find((each) => each.name === name);
    if (column === undefined) {
      const list = known.map((each) => each.name).join(', ');
      return { problem: `"${name}" is no column of ${type.toLowerCase()} targets: ${list}` };
    }
    if (header.includes(column)) return { problem: `the column ${name} is there twice` };
    header.push(column);
  }
  const missing = known.find((column) => column.isRequired && !header.includes(column));
  return missing === undefined ? header : { problem: `the column ${missing.name} is missing` };
}

export function checkRow(type: PromotionType, header: Header, fields: readonly string[]): CheckedRow {
  if (fields.length !== header.length) {
    return { ok: false, reason: `${fields.length} fields, the first line has ${header.length}` };
  }
  const values = new Map<string, string | number | null>();
  for (const [index, column] of header.entries()) {
    const field = (fields[index] ?? '').trim();
    if (field === '') {
      if (column.isRequired) return { ok: false, reason: `${column.name} is empty` };
      continue;
    }
    const parsed = column.parse(field);
    if ('problem' in parsed) return { ok: false, reason: `${column.name} ${parsed.problem}` };
    values.set(column.name, parsed.value);
  }
  return { ok: true, values: COLUMNS[type].map(({ name }) => values.get(name) ?? null) };
}

function text(name: string, longest: number, { isRequired } = { isRequired: false }): Column {
  return {
    name,
    isRequired,
    parse: (value) =>
      // As MySQL counts: in characters, not in UTF-16 units.
      [...value].length <= longest ? { value } : { problem: `is longer than ${longest} characters` },
  };
}

function wholeNumber(name: string, how: { isRequired: boolean; isPositive: boolean }): Column {
  const shape = how.isPositive ? /^[1-9][0-9]{0,17}$/ : /^[0-9]{1,9}$/;
  return {
    name,
    isRequired: how.isRequired,
    parse: (value) =>
      shape.test(value)
        ? { value }
        : { problem: `"${shortened(value)}" is no ${how.isPositive ? 'positive ' : ''}whole number` },
  };
}

function parseAmount(value: string): ReturnType<Column['parse']> {
  if (value.includes(',')) return { problem: `"${shortened(value)}" has a comma: write it without` };
  if (!/^[0-9]{1,8}(\.[0-9]{1,2})?$/.test(value)) {
    return { problem: `"${shortened(value)}" is no amount of at most 8 digits and 2 decimals` };
  }
  return /[1-9]/.test(value) ? { value } : { problem: 'is not positive' };
}

function parseDate(value: string): ReturnType<Column['parse']> {
  const isDate = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value);
  const date = new Date(`${value}T00:00:00Z`);
  return isDate && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
    ? { value }
    : { problem: `"${shortened(value)}" is no date of the form yyyy-MM-dd` };
}

function parseFlag(value: string): ReturnType<Column['parse']> {
  if (/^(1|true|y|yes)$/i.test(value)) return { value: 1 };
  if (/^(0|false|n|no)$/i.test(value)) return { value: 0 };
  return { problem: `"${shortened(value)}" is neither true nor false` };
}

function shortened(value: string): string {
  return value.length <= 40 ? value : `${value.slice(0, 37)}…`;
}
