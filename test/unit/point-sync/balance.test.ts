import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingOf, isToBeWritten } from '../../../lambdas/point-sync/domain/balance.ts';
import type { Finding } from '../../../lambdas/point-sync/domain/balance.ts';
import { reportedDay } from '../../../lambdas/point-sync/domain/reported-day.ts';

const HIGHEST = '9223372036854775807';
const row = (balance = '100', version = '5') => ({ userId: '42', balance, version });

describe('what Redis has beside a row of balance 100, version 5, is', () => {
  it.each<[string | null, string | null, Finding]>([
    ['100', '5', 'equal'],
    ['101', '5', 'drifted'],
    ['-100', '5', 'drifted'],
    // A reader takes it for a number, and for another one.
    ['0100', '5', 'drifted'],
    ['100', '4', 'stale'],
    ['90', '4', 'stale'],
    ['100', null, 'stale'],
    ['100', 'five', 'stale'],
    ['100', '', 'stale'],
    ['100', '-6', 'stale'],
    ['110', '6', 'newer'],
    ['100', '10', 'newer'],
    // It was evicted; the database has the newer one by now.
    [null, '6', 'newer'],
    ['junk', '6', 'newer'],
    ['110', HIGHEST, 'newer'],
    // No writer gives such a version: it would keep its balance for ever.
    ['110', '9223372036854775808', 'stale'],
    ['110', '99999999999999999999999', 'stale'],
    [null, null, 'missing'],
    [null, '5', 'missing'],
    [null, '4', 'missing'],
    ['junk', '5', 'unreadable'],
    ['junk', null, 'unreadable'],
    ['', '5', 'unreadable'],
    ['1e3', '5', 'unreadable'],
    ['100.0', '5', 'unreadable'],
    [' 100', '5', 'unreadable'],
    ['+100', '5', 'unreadable'],
    ['12345678901234567890', '5', 'unreadable'],
  ])('balance %j, version %j: %s', (balance, version, finding) => {
    expect(findingOf(row(), { balance, version })).toBe(finding);
  });

  it('told apart past 2^53, where numbers of JavaScript are the same', () => {
    const version = '9007199254740993';
    expect(findingOf(row('1', version), { balance: '1', version: '9007199254740992' })).toBe('stale');
    expect(findingOf(row('1', version), { balance: '1', version: '9007199254740994' })).toBe('newer');
    expect(findingOf(row('9007199254740993'), { balance: '9007199254740992', version: '5' })).toBe('drifted');
  });
});

describe('whatever is found', () => {
  const bigint = fc.bigInt({ min: 0n, max: BigInt(HIGHEST) }).map(String);
  const text = fc.option(fc.oneof(bigint, fc.string()));

  it('only what is equal or newer is left as it is', () => {
    fc.assert(
      fc.property(bigint, bigint, text, text, (balance, version, cachedBalance, cachedVersion) => {
        const cached = { balance: cachedBalance, version: cachedVersion };
        const finding = findingOf(row(balance, version), cached);
        const isNumber = cachedVersion !== null && /^\d{1,19}$/.test(cachedVersion);
        const known = isNumber ? BigInt(cachedVersion) : undefined;
        const isNewer = known !== undefined && known > BigInt(version) && known <= BigInt(HIGHEST);
        const isEqual = cachedBalance === balance && known === BigInt(version);
        expect(isToBeWritten(finding)).toBe(!isNewer && !isEqual);
      }),
    );
  });
});

it.each([
  ['2026-11-21', '2026-11-20'],
  ['2026-01-01', '2025-12-31'],
  ['2028-03-01', '2028-02-29'],
])('a run of %s reports %s', (runDate, day) => {
  expect(reportedDay(runDate)).toBe(day);
});
