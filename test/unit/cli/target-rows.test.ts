import { describe, expect, it } from 'vitest';
import { RowChecker, readHeader } from '../../../cli/load/target-rows.ts';
import type { CheckedRow } from '../../../cli/load/target-rows.ts';
import type { GrantDefaults } from '../../../lambdas/campaign-grant/domain/target.ts';
import type { PromotionType } from '../../../schema/promotion.ts';

const DEFAULTS: GrantDefaults = { reason: 'Welcome', amount: '500.00', expiryAt: '2030-12-31 23:59:59' };
const NONE: GrantDefaults = { reason: null, amount: null, expiryAt: null };

/** Judges a row of a file with these columns. */
function check(
  columns: string,
  fields: readonly string[],
  { type = 'VOUCHER', defaults = DEFAULTS }: { type?: PromotionType; defaults?: GrantDefaults } = {},
): CheckedRow {
  const header = readHeader(type, columns.split(','));
  if (typeof header === 'string') throw new Error(header);
  return new RowChecker(header, { promotionId: '7', promotionType: type, defaults }).check(fields);
}

const VOUCHER = 'customer_uid,voucher_number,amount,expired_at,reason,partition_key,is_withdrawal';

describe('the first line', () => {
  it('names the columns in any order and case', () => {
    const header = readHeader('VOUCHER', [' Amount', 'VOUCHER_NUMBER', 'customer_uid ']);

    expect(typeof header === 'string' ? header : header.map(({ name }) => name)).toEqual([
      'amount',
      'voucher_number',
      'customer_uid',
    ]);
  });

  it.each([
    ['VOUCHER', ['customer_uid'], 'the column voucher_number is missing'],
    ['POINT', ['amount'], 'the column customer_uid is missing'],
    ['POINT', ['customer_uid', 'customer_uid'], 'the column customer_uid is there twice'],
    [
      'POINT',
      ['customer_uid', 'voucher_number'],
      /^"voucher_number" is no column of POINT targets: these are cus/,
    ],
    ['POINT', ['customer_uid;amount'], /^"customer_uid;amount" is no column/],
    ['POINT', [''], /^"" is no column/],
  ] as const)('is refused for %s when it is %j', (type, names, problem) => {
    expect(readHeader(type, names)).toMatch(problem);
  });
});

describe('a row', () => {
  it('that is complete is taken as it is', () => {
    const row = check(VOUCHER, ['1001', 'V-1', '99.50', '2030-02-28', '생일 축하', '3', 'Yes']);

    expect(row).toEqual({
      ok: true,
      values: ['1001', 'V-1', '99.50', '2030-02-28', '생일 축하', '3', '1'],
      voucherNumber: 'V-1',
      hundredths: 9950n,
    });
  });

  it('falls back to the defaults where it is empty, which are its amount then', () => {
    const row = check(VOUCHER, ['1001', ' V-1 ', '', '  ', '', '', '']);

    expect(row).toMatchObject({ ok: true, values: ['1001', 'V-1', null, null, null, null, null] });
    expect(row).toMatchObject({ hundredths: 50_000n });
  });

  it.each([
    [{ amount: '1,000' }, 'amount', '"1,000" has a comma: write it without'],
    [{ amount: '-5' }, 'amount', '"-5" is no amount of at most 8 digits and 2 decimals'],
    [{ amount: '1e3' }, 'amount', '"1e3" is no amount of at most 8 digits and 2 decimals'],
    [{ amount: '123456789' }, 'amount', '"123456789" is no amount of at most 8 digits and 2 decimals'],
    [{ amount: '1.005' }, 'amount', '"1.005" is no amount of at most 8 digits and 2 decimals'],
    [{ amount: '0.00' }, 'amount', '"0.00": the amount is not positive'],
    [{ customer_uid: '' }, 'customer_uid', 'is empty'],
    [{ customer_uid: '0' }, 'customer_uid', '"0" is no positive whole number of at most 19 digits'],
    [{ customer_uid: '9223372036854775808' }, 'customer_uid', /^"9223372036854775808" is no positive/],
    [{ voucher_number: '' }, 'voucher_number', 'is empty'],
    [{ voucher_number: 'V'.repeat(41) }, 'voucher_number', 'is longer than 40 characters'],
    [{ voucher_number: 'V\t1' }, 'voucher_number', 'has a control character'],
    [
      { expired_at: '2030-02-30' },
      'expired_at',
      /^"2030-02-30": expired_at is not a date of the form yyyy-MM-dd$/,
    ],
    [{ expired_at: '31.12.2030' }, 'expired_at', /^"31.12.2030": expired_at is not a date/],
    [{ reason: '축'.repeat(101) }, 'reason', 'is longer than 100 characters'],
    [{ partition_key: '-1' }, 'partition_key', '"-1" is no whole number of at most 9 digits'],
    [{ is_withdrawal: 'perhaps' }, 'is_withdrawal', '"perhaps" is neither true nor false'],
  ] as const)('with %j is refused, with the column and the reason', (wrong, column, reason) => {
    const right = {
      customer_uid: '1001',
      voucher_number: 'V-1',
      amount: '1',
      expired_at: '',
      reason: '',
      partition_key: '',
      is_withdrawal: '',
    };
    const row = check(VOUCHER, Object.values({ ...right, ...wrong }));

    expect(row).toEqual({ ok: false, column, reason: expect.stringMatching(reason) as string });
  });

  it('may have the largest values that the tables take, counted in characters', () => {
    const row = check('customer_uid,voucher_number,amount', [
      '9223372036854775807',
      '🎁'.repeat(40),
      '99999999.99',
    ]);

    expect(row).toMatchObject({ ok: true, hundredths: 9_999_999_999n });
  });

  it.each([
    ['amount', 'neither the target nor the promotion has an amount'],
    ['reason', 'neither the target nor the promotion has a reason'],
    ['expired_at', 'neither the target nor the promotion has an expiry'],
  ] as const)('without %s is refused where the promotion has no default', (column, reason) => {
    const given = { amount: '1', reason: 'x', expired_at: '2030-01-01', [column]: '' };
    const fields = ['1001', given.amount, given.reason, given.expired_at];

    expect(check('customer_uid,amount,reason,expired_at', fields, { type: 'POINT', defaults: NONE })).toEqual(
      {
        ok: false,
        column,
        reason,
      },
    );
  });

  it('of a voucher needs no expiry: the Money API dates it', () => {
    const row = check('customer_uid,voucher_number,amount,reason', ['1', 'V', '1', 'x'], { defaults: NONE });

    expect(row).toMatchObject({ ok: true });
  });

  it.each([[['1001']], [['1001', 'V-1', '5', '6']]])(
    'with fields %j is not that of the first line',
    (fields) => {
      expect(check('customer_uid,voucher_number,amount', fields)).toEqual({
        ok: false,
        column: null,
        reason: `it has ${fields.length} fields, the first line 3`,
      });
    },
  );
});
