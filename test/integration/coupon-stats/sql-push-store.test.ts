/** Who is to be told, and of how many events; what becomes of them is in test/contract/push-store.test.ts. */
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlPushStore } from '../../../lambdas/coupon-stats/adapters/sql-push-store.ts';
import type { PushStore } from '../../../lambdas/coupon-stats/ports.ts';
import { addDays } from '../../../schema/seoul-time.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { insertFavourites } from '../../support/coupon-rows.ts';

const HIGHEST = '9223372036854775807';
const ALL = { afterId: '0', toId: HIGHEST };
const HOUR = { runDate: '2026-11-21', targetHour: 12 };
const [TODAY, YESTERDAY, BEFORE] = ['2026-11-21', '2026-11-20', '2026-11-19'];

let database: CampaignDatabase;
let sql: Pool;
let store: PushStore;
beforeAll(async () => {
  database = await startCampaignDatabase();
  ({ sql } = database);
  store = sqlPushStore(database.db);
});
beforeEach(async () => {
  for (const table of ['coupon_usage_stats', 'coupon_pushes', 'coupon_events'])
    await sql.query(`DELETE FROM ${table}`);
});
afterAll(() => database.close());

async function kept(): Promise<string[]> {
  const [rows] = await sql.query<({ line: string } & RowDataPacket)[]>(
    `SELECT CONCAT_WS(' ', run_date, target_hour, member_id, dong, push_status) AS line
     FROM coupon_pushes ORDER BY member_id`,
  );
  return rows.map(({ line }) => line);
}
/** Entries of indexes that the server has read: it is the test's own. */
async function rowsRead(): Promise<number> {
  const [rows] = await sql.query<({ Value: string } & RowDataPacket)[]>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Handler_read_key', 'Handler_read_next', 'Handler_read_prev')",
  );
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}
const collect = (range = ALL) => store.collectMembers(HOUR, range);

describe('members of an hour', () => {
  it('are those whose newest favourite of three days is of the hour', async () => {
    await insertFavourites(sql, [
      { memberId: 1, runDate: TODAY, dong: 'a' },
      { memberId: 2, runDate: YESTERDAY, dong: 'b' },
      { memberId: 3, runDate: BEFORE, dong: 'c' },
      { memberId: 4, runDate: '2026-11-18', dong: 'too old' },
      { memberId: 5, runDate: '2026-11-22', dong: 'of tomorrow' },
      { memberId: 5, runDate: TODAY, dong: 'e' },
      // The newer one is of the hour too: of its district.
      { memberId: 6, runDate: BEFORE, dong: 'old' },
      { memberId: 6, runDate: YESTERDAY, dong: 'older' },
      { memberId: 6, runDate: TODAY, dong: 'f' },
      // The newer one is of another hour.
      { memberId: 7, runDate: YESTERDAY, hour: 12 },
      { memberId: 7, runDate: TODAY, hour: 13 },
      { memberId: 8, runDate: BEFORE, hour: 12 },
      { memberId: 8, runDate: YESTERDAY, hour: 0 },
      { memberId: 9, runDate: TODAY, hour: 11 },
      { memberId: HIGHEST, runDate: TODAY, dong: '역삼동' },
    ]);
    await collect();

    expect(await kept()).toEqual([
      '2026-11-21 12 1 a PENDING',
      '2026-11-21 12 2 b PENDING',
      '2026-11-21 12 3 c PENDING',
      '2026-11-21 12 5 e PENDING',
      '2026-11-21 12 6 f PENDING',
      `2026-11-21 12 ${HIGHEST} 역삼동 PENDING`,
    ]);
  });

  it('keep what became of them, and their district, when they are collected again', async () => {
    await insertFavourites(
      sql,
      [1, 2].map((memberId) => ({ memberId, runDate: YESTERDAY, dong: 'a' })),
    );
    await collect();
    await sql.query("UPDATE coupon_pushes SET push_status = 'SENT' WHERE member_id = 1");
    await insertFavourites(sql, [
      { memberId: 1, runDate: TODAY, dong: 'b' },
      { memberId: 3, runDate: TODAY, dong: 'c' },
    ]);
    await collect();

    expect(await kept()).toEqual([
      '2026-11-21 12 1 a SENT',
      '2026-11-21 12 2 a PENDING',
      '2026-11-21 12 3 c PENDING',
    ]);
  });

  it('are collected of the range alone', async () => {
    await insertFavourites(
      sql,
      [1, 2, 3, 4].map((memberId) => ({ memberId, runDate: TODAY })),
    );
    await collect({ afterId: '1', toId: '3' });

    expect((await kept()).map((line) => line.split(' ')[2])).toEqual(['2', '3']);
  });

  it('cost a few looks each, however many nights there are', async () => {
    const nights = Array.from({ length: 30 }, (_, night) => addDays(TODAY, -night));
    await insertFavourites(
      sql,
      nights.flatMap((runDate) =>
        Array.from({ length: 240 }, (_, index) => ({ memberId: index + 1, runDate, hour: index % 24 })),
      ),
    );
    const before = await rowsRead();
    await collect();
    const read = (await rowsRead()) - before;

    expect(await kept()).toHaveLength(10);
    // Of each its favourites of three days, and for each of those the newest.
    expect(read).toBeLessThan(100);
  });

  it('have ends of ranges by favourites of all days', async () => {
    await insertFavourites(sql, [
      ...[1, 2, 3].map((memberId) => ({ memberId, runDate: TODAY })),
      ...[1, 3].map((memberId) => ({ memberId, runDate: YESTERDAY, hour: 3 })),
    ]);
    for (const [afterId, toId, size, end] of [
      ['0', HIGHEST, 1, '1'],
      ['0', HIGHEST, 3, '2'],
      ['0', HIGHEST, 4, '3'],
      ['1', HIGHEST, 3, '3'],
      ['1', HIGHEST, 4, undefined],
      ['0', '2', 4, undefined],
    ] as const) {
      expect([afterId, toId, size, await store.memberRangeEnd({ afterId, toId }, size)]).toEqual([
        afterId,
        toId,
        size,
        end,
      ]);
    }
  });
});

it('a member who was skipped and is claimed has no reason any more', async () => {
  await insertFavourites(sql, [{ memberId: 1, runDate: TODAY }]);
  await collect();
  await store.settle({ ...HOUR, jobRunId: '7' }, [{ memberId: '1', status: 'SKIPPED', reason: 'HTTP_503' }]);
  await store.claim(HOUR, ['1'], '11111111-1111-4111-8111-111111111111');

  const [rows] = await sql.query<RowDataPacket[]>('SELECT push_status, reason FROM coupon_pushes');
  expect(rows).toEqual([{ push_status: 'SENDING', reason: null }]);
});

describe('ranges that are sent at the same time', () => {
  it('do not wait for the rows of each other', async () => {
    await insertFavourites(sql, [
      { memberId: 1, runDate: TODAY, dong: 'a' },
      { memberId: 2, runDate: TODAY, dong: 'a' },
      { memberId: 3, runDate: TODAY, dong: 'a' },
    ]);
    await collect();
    const run = { ...HOUR, jobRunId: '1' };
    const neighbour = await sql.getConnection();
    try {
      await neighbour.beginTransaction();
      await neighbour.query(
        'SELECT 1 FROM coupon_pushes WHERE run_date = ? AND target_hour = ? AND member_id = 3 FOR UPDATE',
        [HOUR.runDate, HOUR.targetHour],
      );

      expect(await store.claim(HOUR, ['1'], 'token')).toEqual(['1']);
      await store.settle(run, [{ memberId: '1', status: 'SENT', reason: null }], 'token');
      await store.settle(run, [{ memberId: '2', status: 'NO_TOKENS', reason: null }]);
      await store.leave(run, ['1', '2']);
    } finally {
      await neighbour.rollback();
      neighbour.release();
    }
    expect(await kept()).toEqual([
      '2026-11-21 12 1 a SENT',
      '2026-11-21 12 2 a NO_TOKENS',
      '2026-11-21 12 3 a PENDING',
    ]);
  }, 10_000);
});

describe('active events', () => {
  /** 2026-11-21 12:00:00.000 in Seoul. */
  const NOON = Date.UTC(2026, 10, 21, 3);
  const at = (time: string) => `2026-11-21 ${time}`;
  const insertEvents = (events: readonly (readonly [number | string, string, string])[]) =>
    sql.query('INSERT INTO coupon_events (store_id, start_at, end_at) VALUES ?', [events]);

  it('are those that have begun and are not over, in Seoul', async () => {
    await insertEvents([
      [10, at('12:00:00.000'), at('13:00:00')],
      [20, at('12:00:00.001'), at('13:00:00')],
      [30, at('11:00:00'), at('12:00:00.000')],
      [40, at('11:00:00'), at('12:00:00.001')],
    ]);
    const stores = new Map(['10', '20', '30', '40'].map((storeId) => [`dong ${storeId}`, [storeId]]));

    expect(await store.activeEvents(stores, NOON)).toEqual(
      new Map([
        ['dong 10', 1],
        ['dong 40', 1],
      ]),
    );
  });

  it('count by district: all of its stores, and a store that is of two for each', async () => {
    const on = [at('09:00:00'), at('18:00:00')] as const;
    await insertEvents([
      [1, ...on],
      [1, ...on],
      [2, ...on],
      [HIGHEST, ...on],
      [4, ...on],
    ]);

    expect(
      await store.activeEvents(
        new Map([
          ['역삼동', ['1', '2', HIGHEST]],
          ['A', ['1']],
          ['a', ['2', '3']],
          ['none', ['3']],
          ['without stores', []],
        ]),
        NOON,
      ),
    ).toEqual(
      new Map([
        ['역삼동', 4],
        ['A', 2],
        ['a', 1],
      ]),
    );
    expect(await store.activeEvents(new Map(), NOON)).toEqual(new Map());
  });

  it('count once each in districts of more stores than a statement takes', async () => {
    const on = [at('09:00:00'), at('18:00:00')] as const;
    await insertEvents([
      [1, ...on],
      [15_000, ...on],
      [25_000, ...on],
    ]);
    const stores = Array.from({ length: 25_000 }, (_, index) => String(index + 1));

    expect(await store.activeEvents(new Map([['large', stores]]), NOON)).toEqual(new Map([['large', 3]]));
  });
});
