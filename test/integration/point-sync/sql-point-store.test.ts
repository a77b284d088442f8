import type { Pool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlPointStore } from '../../../lambdas/point-sync/adapters/sql-point-store.ts';
import type { PointStore } from '../../../lambdas/point-sync/ports.ts';
import { DataApi } from '../../../lambdas/shared/data-api.ts';
import type { SqlParameters } from '../../../lambdas/shared/data-api.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { insertBalances, insertTransactions, reportsOf } from '../../support/point-rows.ts';

const DAY = '2026-11-20';
const HIGHEST = '9223372036854775807';
const ALL = { afterId: '0', toId: HIGHEST };

let database: CampaignDatabase;
let sql: Pool;
let store: PointStore;
beforeAll(async () => {
  database = await startCampaignDatabase();
  ({ sql } = database);
  store = sqlPointStore(database.db);
});
beforeEach(async () => {
  for (const table of ['point_balances', 'points', 'daily_point_reports'])
    await sql.query(`TRUNCATE ${table}`);
});
afterAll(() => database.close());

describe('balances', () => {
  it('are the next of the range by user id, whole numbers as text', async () => {
    await insertBalances(sql, [
      { userId: HIGHEST, balance: HIGHEST, version: HIGHEST },
      { userId: 3, balance: -5, version: 0 },
      { userId: 1, balance: 0, version: '9007199254740993' },
      { userId: 2 },
    ]);

    expect(await store.balances({ afterId: '0', toId: '2' }, 10)).toEqual([
      { userId: '1', balance: '0', version: '9007199254740993' },
      { userId: '2', balance: '100', version: '1' },
    ]);
    expect(await store.balances({ afterId: '2', toId: HIGHEST }, 10)).toEqual([
      { userId: '3', balance: '-5', version: '0' },
      { userId: HIGHEST, balance: HIGHEST, version: HIGHEST },
    ]);
    expect(await store.balances({ afterId: '0', toId: HIGHEST }, 2)).toHaveLength(2);
    expect(await store.balances({ afterId: HIGHEST, toId: HIGHEST }, 2)).toEqual([]);
  });

  it('of a whole page of the longest numbers are within what the Data API answers', async () => {
    const first = BigInt(HIGHEST) - 1_000n;
    await insertBalances(
      sql,
      Array.from({ length: 1_000 }, (_, index) => ({
        userId: String(first + BigInt(index)),
        balance: '-9223372036854775808',
        version: HIGHEST,
      })),
    );

    expect(await store.balances(ALL, 1_000)).toHaveLength(1_000);
  });

  it('have ends of ranges by rows, and none behind the last full one', async () => {
    await insertBalances(
      sql,
      [10, 20, 30, 40, 50].map((userId) => ({ userId })),
    );

    expect(await store.balanceRangeEnd('0', 2)).toBe('20');
    expect(await store.balanceRangeEnd('20', 2)).toBe('40');
    expect(await store.balanceRangeEnd('40', 2)).toBeUndefined();
    expect(await store.balanceRangeEnd('0', 5)).toBe('50');
    expect(await store.balanceRangeEnd('50', 1)).toBeUndefined();
  });
});

describe('users without a balance', () => {
  it('are told of those who are asked for, however long their ids', async () => {
    await insertBalances(sql, [{ userId: 1 }, { userId: HIGHEST }]);

    expect(await store.withoutBalance(['1', '2', '9007199254740993', HIGHEST])).toEqual([
      '2',
      '9007199254740993',
    ]);
    expect(await store.withoutBalance(['1'])).toEqual([]);
    expect(await store.withoutBalance([])).toEqual([]);
  });

  it('may be 20,000 at once', async () => {
    const users = Array.from({ length: 20_000 }, (_, index) => String(BigInt(HIGHEST) - BigInt(index)));

    expect(await store.withoutBalance(users)).toHaveLength(20_000);
  });
});

describe('ends of ranges of transactions', () => {
  beforeEach(async () => {
    await insertTransactions(sql, [
      ...[1, 1, 2, 3, 3, 3].map((userId) => ({ userId, at: `${DAY} 12:00:00.000` })),
      { userId: 4, at: '2026-11-21 00:00:00.000' },
    ]);
  });

  it.each([
    ['0', HIGHEST, 2, '1'],
    ['0', HIGHEST, 3, '2'],
    // All of a user's are in one range, however many they are.
    ['0', HIGHEST, 1, '1'],
    ['2', HIGHEST, 2, '3'],
    ['0', HIGHEST, 6, '3'],
    ['0', HIGHEST, 7, undefined],
    ['0', '2', 4, undefined],
    ['3', HIGHEST, 1, undefined],
  ])('after %s, up to %s, of %i are at %s', async (afterId, toId, size, end) => {
    expect(await store.transactionRangeEnd(DAY, { afterId, toId }, size)).toBe(end);
  });
});

describe('a report', () => {
  it('has the sums, counts, times and the last balance of a user’s day', async () => {
    await insertTransactions(sql, [
      { userId: 7, at: `${DAY} 09:00:00.123`, type: 'EARN', amount: 1_000, snapshot: 1_500 },
      { userId: 7, at: `${DAY} 09:30:00.000`, type: 'USE', amount: 300, snapshot: 1_200 },
      { userId: 7, at: `${DAY} 18:00:00.000`, type: 'USE', amount: 200, snapshot: 1_000 },
      { userId: 7, at: `${DAY} 18:10:00.999`, type: 'CANCEL', amount: 200, snapshot: 1_200 },
      { userId: 7, at: `${DAY} 18:05:00.000`, type: 'EARN', amount: 1, snapshot: 1_001 },
      { userId: 8, at: `${DAY} 00:00:00.000`, type: 'USE', amount: 5, snapshot: -5 },
    ]);

    await store.writeReports(DAY, ALL);

    expect(await reportsOf(sql, DAY)).toEqual([
      {
        userId: '7',
        earn: '1001',
        use: '500',
        cancel: '200',
        snapshot: '1200',
        counts: '5 2 2 1 0',
        peakHour: 18,
        firstAt: `${DAY} 09:00:00.123`,
        lastAt: `${DAY} 18:10:00.999`,
      },
      {
        userId: '8',
        earn: '0',
        use: '5',
        cancel: '0',
        snapshot: '-5',
        counts: '1 0 1 0 0',
        peakHour: 0,
        firstAt: `${DAY} 00:00:00.000`,
        lastAt: `${DAY} 00:00:00.000`,
      },
    ]);
    expect(await store.reportFigures(DAY, ALL)).toEqual({
      reportedUsers: 2,
      transactions: 6,
      unknownTypes: 0,
    });
  });

  it('is of a day from its first millisecond to its last, and of no other', async () => {
    await insertTransactions(sql, [
      { userId: 1, at: '2026-11-19 23:59:59.999', amount: 1 },
      { userId: 1, at: '2026-11-20 00:00:00.000', amount: 10 },
      // CAST to a DATE would round it up to the next day on MySQL.
      { userId: 1, at: '2026-11-20 23:59:59.500', amount: 100 },
      { userId: 1, at: '2026-11-20 23:59:59.999', amount: 1_000 },
      { userId: 1, at: '2026-11-21 00:00:00.000', amount: 10_000 },
    ]);

    for (const day of ['2026-11-19', DAY, '2026-11-21']) await store.writeReports(day, ALL);

    const earned = async (day: string) => (await reportsOf(sql, day)).map(({ earn }) => earn);
    expect(await earned('2026-11-19')).toEqual(['1']);
    expect(await earned(DAY)).toEqual(['1110']);
    expect(await earned('2026-11-21')).toEqual(['10000']);
  });

  it('is of days that end months, years and Februaries', async () => {
    for (const at of ['2027-12-31 23:59:59.999', '2028-02-29 12:00:00.000', '2028-03-01 00:00:00.000']) {
      await insertTransactions(sql, [{ userId: 1, at }]);
      await store.writeReports(at.slice(0, 10), ALL);
      expect(await reportsOf(sql, at.slice(0, 10))).toHaveLength(1);
    }
  });

  it('names the hour with the most transactions, the earliest of several', async () => {
    const at = (userId: number, ...hours: number[]) =>
      hours.map((hour) => ({ userId, at: `${DAY} ${String(hour).padStart(2, '0')}:15:00.000` }));
    await insertTransactions(sql, [
      ...at(1, 23, 0, 9),
      ...at(2, 23, 9, 23, 9, 0),
      ...at(3, 5, 23, 23),
      ...at(4, 0),
      ...at(5, 23),
    ]);

    await store.writeReports(DAY, ALL);

    expect((await reportsOf(sql, DAY)).map(({ peakHour }) => peakHour)).toEqual([0, 9, 23, 0, 23]);
  });

  it('takes the balance of the last transaction by time, and of those at once by id', async () => {
    await insertTransactions(sql, [
      { userId: 1, at: `${DAY} 20:00:00.001`, snapshot: 1 },
      { userId: 1, at: `${DAY} 20:00:00.000`, snapshot: 2 },
      { userId: 2, at: `${DAY} 20:00:00.000`, snapshot: 9, amount: 99 },
      { userId: 2, at: `${DAY} 20:00:00.000`, snapshot: 3, amount: 1 },
      // Of an unknown type: in no sum, and yet the balance after it is what it is.
      { userId: 3, at: `${DAY} 20:00:00.000`, snapshot: 4 },
      { userId: 3, at: `${DAY} 21:00:00.000`, snapshot: 5, type: 'GIFT' },
    ]);

    await store.writeReports(DAY, ALL);

    expect((await reportsOf(sql, DAY)).map(({ snapshot }) => snapshot)).toEqual(['1', '3', '5']);
  });

  it('counts unknown types, and sums them into nothing', async () => {
    await insertTransactions(sql, [
      { userId: 1, at: `${DAY} 10:00:00.000`, type: 'GIFT', amount: 77 },
      { userId: 1, at: `${DAY} 10:00:00.000`, type: '', amount: 77 },
      { userId: 1, at: `${DAY} 10:00:00.000`, type: '적립', amount: 77 },
      { userId: 1, at: `${DAY} 10:00:00.000`, type: 'EARN', amount: 5 },
    ]);

    await store.writeReports(DAY, ALL);

    expect(await reportsOf(sql, DAY)).toMatchObject([
      { earn: '5', use: '0', cancel: '0', counts: '4 1 0 0 3' },
    ]);
    expect(await store.reportFigures(DAY, ALL)).toMatchObject({ unknownTypes: 3, transactions: 4 });
  });

  it('has the exact sum of amounts beyond a BIGINT, and the others have theirs', async () => {
    await insertTransactions(sql, [
      { userId: 1, at: `${DAY} 10:00:00.000`, amount: HIGHEST },
      { userId: 1, at: `${DAY} 10:00:00.000`, amount: HIGHEST },
      { userId: 1, at: `${DAY} 10:00:00.000`, type: 'USE', amount: '-9223372036854775808' },
      { userId: 1, at: `${DAY} 10:00:00.000`, type: 'USE', amount: '-9223372036854775808' },
      { userId: 2, at: `${DAY} 10:00:00.000`, amount: '9007199254740993' },
    ]);

    await store.writeReports(DAY, ALL);

    expect(await reportsOf(sql, DAY)).toMatchObject([
      { earn: '18446744073709551614', use: '-18446744073709551616' },
      { earn: '9007199254740993' },
    ]);
  });

  it('is written of the users of the range alone', async () => {
    await insertTransactions(
      sql,
      [1, 2, 3].map((userId) => ({ userId, at: `${DAY} 10:00:00.000` })),
    );

    await store.writeReports(DAY, { afterId: '1', toId: '2' });

    expect((await reportsOf(sql, DAY)).map(({ userId }) => userId)).toEqual(['2']);
    expect(await store.reportFigures(DAY, { afterId: '2', toId: HIGHEST })).toMatchObject({
      reportedUsers: 0,
    });
  });

  it('written again is the same, also the time at which it changed', async () => {
    await insertTransactions(
      sql,
      [1, 2].map((userId) => ({ userId, at: `${DAY} 10:00:00.000` })),
    );
    await store.writeReports(DAY, ALL);
    await sql.query("UPDATE daily_point_reports SET updated_at = '2026-01-01 00:00:00.000'");
    const rows = async () =>
      (await sql.query<RowDataPacket[]>('SELECT * FROM daily_point_reports ORDER BY user_id'))[0];
    const before = await rows();

    await store.writeReports(DAY, ALL);

    expect(await rows()).toEqual(before);
  });

  it('takes up transactions that came late, and only then has changed', async () => {
    await insertTransactions(
      sql,
      [1, 2].map((userId) => ({ userId, at: `${DAY} 10:00:00.000`, amount: 10, snapshot: 10 })),
    );
    await store.writeReports(DAY, ALL);
    await sql.query("UPDATE daily_point_reports SET updated_at = '2026-01-01 00:00:00.000'");
    await insertTransactions(sql, [
      { userId: 1, at: `${DAY} 09:59:00.000`, amount: 5, snapshot: 5 },
      { userId: 3, at: `${DAY} 23:00:00.000`, amount: 7, snapshot: 7 },
    ]);

    await store.writeReports(DAY, ALL);

    expect(await reportsOf(sql, DAY)).toMatchObject([
      { userId: '1', earn: '15', snapshot: '10', peakHour: 9, firstAt: `${DAY} 09:59:00.000` },
      { userId: '2', earn: '10', snapshot: '10' },
      { userId: '3', earn: '7', snapshot: '7' },
    ]);
    const [changed] = await sql.query<RowDataPacket[]>(
      "SELECT user_id AS userId FROM daily_point_reports WHERE updated_at > '2026-01-02' ORDER BY user_id",
    );
    expect(changed.map(({ userId }) => String(userId))).toEqual(['1', '3']);
  });

  it('of a day without transactions is none', async () => {
    await insertBalances(sql, [{ userId: 1 }]);

    await store.writeReports(DAY, ALL);

    expect(await reportsOf(sql, DAY)).toEqual([]);
    expect(await store.reportFigures(DAY, ALL)).toEqual({
      reportedUsers: 0,
      transactions: 0,
      unknownTypes: 0,
    });
  });
});

describe('the database reads no more than it has to', () => {
  /** What EXPLAIN says of each statement that `work` runs: table and key. */
  async function plansOf(work: (store: PointStore) => Promise<unknown>): Promise<string[]> {
    const statements: { sql: string; parameters: SqlParameters }[] = [];
    class Recording extends DataApi {
      override query: DataApi['query'] = (row, text, parameters) => {
        statements.push({ sql: text, parameters: parameters ?? {} });
        return super.query(row, text, parameters);
      };
      override execute: DataApi['execute'] = (text, parameters) => {
        statements.push({ sql: text, parameters: parameters ?? {} });
        return super.execute(text, parameters);
      };
    }
    const { environment, client } = database;
    const address = {
      resourceArn: environment['DATABASE_RESOURCE_ARN'] ?? '',
      secretArn: environment['DATABASE_SECRET_ARN'] ?? '',
      database: environment['DATABASE_NAME'] ?? '',
    };
    await work(sqlPointStore(new Recording(address, client)));
    const plans: string[] = [];
    for (const { sql: text, parameters } of statements) {
      const [rows] = await sql.query<RowDataPacket[]>(
        { sql: `EXPLAIN ${text}`, namedPlaceholders: true },
        parameters,
      );
      for (const { table, key, Extra: extra } of rows) {
        if (!/^(points|p|point_balances|b|daily_point_reports)$/.test(String(table))) continue;
        plans.push(
          `${String(table)} by ${String(key)}${/Using index(;|$)/.test(String(extra)) ? ', index alone' : ''}`,
        );
      }
    }
    return plans;
  }

  beforeEach(async () => {
    await insertBalances(
      sql,
      Array.from({ length: 5_000 }, (_, index) => ({ userId: index + 1 })),
    );
    // Many days: reading all of them would be cheaper only if there were one.
    const days = Array.from({ length: 20 }, (_, index) => `2026-11-${String(index + 1).padStart(2, '0')}`);
    await insertTransactions(
      sql,
      days.flatMap((day) =>
        Array.from({ length: 500 }, (_, index) => ({ userId: index + 1, at: `${day} 10:00:00.000` })),
      ),
    );
    for (const table of ['points', 'point_balances']) await sql.query(`ANALYZE TABLE ${table}`);
  });

  it.each<[string, (store: PointStore) => Promise<unknown>, string[]]>([
    [
      'a page of balances',
      (of) => of.balances({ afterId: '3', toId: '4000' }, 1_000),
      ['point_balances by uk_point_balances_user'],
    ],
    [
      'where a range of balances ends',
      (of) => of.balanceRangeEnd('3', 1_000),
      ['point_balances by uk_point_balances_user, index alone'],
    ],
    [
      'who has no balance',
      (of) => of.withoutBalance(['1', '2']),
      ['b by uk_point_balances_user, index alone'],
    ],
    [
      'where a range of transactions ends',
      (of) => of.transactionRangeEnd(DAY, ALL, 100),
      ['points by ix_points_day, index alone'],
    ],
    [
      'the reports',
      (of) => of.writeReports(DAY, ALL),
      [
        'points by ix_points_day, index alone',
        'p by ix_points_day, index alone',
        'p by ix_points_day, index alone',
      ],
    ],
    [
      'what the reports say',
      (of) => of.reportFigures(DAY, ALL),
      ['daily_point_reports by uk_daily_point_reports_day'],
    ],
  ])('%s', async (_, work, expected) => {
    expect((await plansOf(work)).toSorted()).toEqual(expected.toSorted());
  });
});
