/** The columns of a target file: those of the target tables that are a loader's, with what each of them takes. */
import type { PromotionType } from '../../schema/promotion.ts';

export type ColumnName =
  | 'customer_uid'
  | 'voucher_number'
  | 'merchant_code'
  | 'merchant_brand_code'
  | 'amount'
  | 'expired_at'
  | 'reason'
  | 'partition_key'
  | 'is_withdrawal';

type Parsed = { readonly value: string } | { readonly problem: string };

export interface Column {
  readonly name: ColumnName;
  /** No row may leave it empty. */
  readonly isRequired: boolean;
  readonly sqlType: string;
  /** Of a text that is not empty and has no space around it. */
  readonly parse: (text: string) => Parsed;
}

const MAX_BIGINT = 9_223_372_036_854_775_807n;

const customerUid: Column = {
  name: 'customer_uid',
  isRequired: true,
  sqlType: 'BIGINT',
  parse: (text) =>
    /^[1-9][0-9]{0,18}$/.test(text) && BigInt(text) <= MAX_BIGINT
      ? { value: text }
      : { problem: `${quoted(text)} is no positive whole number of at most 19 digits` },
};

const amount: Column = {
  name: 'amount',
  isRequired: false,
  sqlType: 'DECIMAL(10,2)',
  parse: (text) => {
    if (text.includes(',')) return { problem: `${quoted(text)} has a comma: write it without` };
    return /^[0-9]{1,8}(\.[0-9]{1,2})?$/.test(text)
      ? { value: text }
      : { problem: `${quoted(text)} is no amount of at most 8 digits and 2 decimals` };
  },
};

const expiredAt: Column = {
  name: 'expired_at',
  isRequired: false,
  sqlType: 'VARCHAR(100)',
  // Whether there is such a day is publishing's to say.
  parse: (text) => ({ value: text }),
};

const partitionKey: Column = {
  name: 'partition_key',
  isRequired: false,
  sqlType: 'INT',
  parse: (text) =>
    /^[0-9]{1,9}$/.test(text)
      ? { value: text }
      : { problem: `${quoted(text)} is no whole number of at most 9 digits` },
};

const isWithdrawal: Column = {
  name: 'is_withdrawal',
  isRequired: false,
  sqlType: 'TINYINT',
  parse: (text) => {
    if (/^(1|true|y|yes)$/i.test(text)) return { value: '1' };
    if (/^(0|false|n|no)$/i.test(text)) return { value: '0' };
    return { problem: `${quoted(text)} is neither true nor false` };
  },
};

const common = [
  textColumn('merchant_code', 30),
  textColumn('merchant_brand_code', 20),
  amount,
  expiredAt,
  textColumn('reason', 100),
  partitionKey,
];

export const COLUMNS: Readonly<Record<PromotionType, readonly Column[]>> = {
  VOUCHER: [customerUid, { ...textColumn('voucher_number', 40), isRequired: true }, ...common, isWithdrawal],
  POINT: [customerUid, ...common],
};

function textColumn(name: ColumnName, longest: number): Column {
  return {
    name,
    isRequired: false,
    sqlType: `VARCHAR(${longest})`,
    parse: (text) => {
      // What no message of the queue may have is no part of it either.
      if (/[\p{Cc}\uFFFE\uFFFF]/u.test(text)) return { problem: 'has a control character' };
      // As MySQL counts: in characters, not in UTF-16 units.
      return text.length <= longest || Array.from(text).length <= longest
        ? { value: text }
        : { problem: `is longer than ${longest} characters` };
    },
  };
}

export function quoted(text: string): string {
  return `"${text.length <= 40 ? text : `${text.slice(0, 39)}…`}"`;
}
