import type { Pool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlUsageStore } from '../../../lambdas/coupon-stats/adapters/sql-usage-store.ts';
import { HISTORIES_A_CHUNK } from '../../../lambdas/coupon-stats/app/aggregate-usage.ts';
import { FEWEST_USES, usageWindow } from '../../../lambdas/coupon-stats/domain/usage-window.ts';
import type { UsageStore } from '../../../lambdas/coupon-stats/ports.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { favouritesOf, insertFavourites, insertHistories, insertJobRun } from '../../support/coupon-rows.ts';
import type { HistoryInput } from '../../support/coupon-rows.ts';
import { START_MS } from '../../support/fakes.ts';

const RUN_DATE = '2026-11-20';
const DAYS = usageWindow(RUN_DATE);
const HIGHEST = '9223372036854775807';
const ALL = { afterId: '0', toId: HIGHEST };

let database: CampaignDatabase;
let sql: Pool;
let store: UsageStore;
let jobRunId: string;
beforeAll(async () => {
  database = await startCampaignDatabase();
  ({ sql } = database);
  store = sqlUsageStore(database.db);
});
beforeEach(async () => {
  for (const table of [
    'coupon_histories',
    'coupon_usage_stats',
    'coupon_run_stores',
    'coupon_skipped_members',
    'job_runs',
  ])
    await sql.query(`DELETE FROM ${table}`);
  jobRunId = await insertJobRun(sql);
});
afterAll(() => database.close());

/** Stores of ten numbers are in a district: 10…19 in dong 1. */
const DONGS = new Map(
  Array.from({ length: 90 }, (_, index) => [String(index + 10), `dong ${Math.floor((index + 10) / 10)}`]),
);

/** @param dongs null: the service did not say. */
async function learn(
  stores: readonly (number | string)[],
  dongs: ReadonlyMap<string, string> | null = DONGS,
  run = jobRunId,
): Promise<void> {
  const storeIds = stores.map(String);
  await sql.query('INSERT IGNORE INTO coupon_run_stores (job_run_id, store_id) VALUES ?', [
    storeIds.map((storeId) => [run, storeId]),
  ]);
  await store.recordDistricts(run, storeIds, dongs ?? undefined);
}

async function aggregate(range = ALL, run = jobRunId) {
  await store.skipMembers(run, DAYS, range);
  return store.aggregate({ jobRunId: run, runDate: RUN_DATE }, DAYS, range, START_MS);
}

const uses = (memberId: number | string, storeId: number, times: readonly string[]): HistoryInput[] =>
  times.map((at) => ({ memberId, storeId, at }));
const atHour = (hour: string, days: readonly string[]) => days.map((day) => `2026-11-${day} ${hour}`);

describe('the stores of a day', () => {
  it('are noted once in the run, from its first moment to its last', async () => {
    await insertHistories(sql, [
      { memberId: 1, storeId: 10, at: '2026-11-19 23:59:59.999' },
      { memberId: 1, storeId: 20, at: '2026-11-20 00:00:00.000' },
      { memberId: 2, storeId: 20, at: '2026-11-20 12:00:00.000' },
      { memberId: 2, storeId: HIGHEST, at: '2026-11-20 23:59:59.999' },
      { memberId: 1, storeId: 30, at: '2026-11-21 00:00:00.000' },
    ]);
    for (let time = 0; time < 2; time += 1) await store.collectStores(jobRunId, '2026-11-20');

    expect(await store.stores(jobRunId, '0', 10)).toEqual(['20', HIGHEST]);
    expect(await store.stores(jobRunId, '0', 1)).toEqual(['20']);
    expect(await store.stores(jobRunId, '20', 10)).toEqual([HIGHEST]);
    expect(await store.stores(await insertJobRun(sql), '0', 10)).toEqual([]);
  });

  it('keep the district that is known already when the day is gone through again', async () => {
    await insertHistories(sql, uses(1, 10, atHour('09:00:00', ['16', '17', '18', '19', '20'])));
    await store.collectStores(jobRunId, '2026-11-20');
    await store.recordDistricts(jobRunId, ['10'], DONGS);
    await store.collectStores(jobRunId, '2026-11-20');

    expect(await aggregate()).toEqual({ favourites: 1, skippedMembers: 0 });
  });
});

describe('a favourite', () => {
  it('is the district and hour of most uses, in whichever stores of the district', async () => {
    await learn([10, 11, 20]);
    await insertHistories(sql, [
      ...uses(7, 10, atHour('09:00:00', ['01', '02'])),
      ...uses(7, 11, atHour('09:59:59.999', ['03'])),
      ...uses(7, 20, atHour('10:00:00', ['04', '05'])),
      ...uses(7, 10, atHour('10:00:00', ['20'])),
    ]);

    expect(await aggregate()).toEqual({ favourites: 1, skippedMembers: 0 });
    expect(await favouritesOf(sql, RUN_DATE)).toEqual([{ memberId: '7', dong: 'dong 1', hour: 9, uses: 6 }]);
  });

  it('of a later run is neither replaced nor removed by a worker of an earlier one who was taken for dead', async () => {
    const later = await insertJobRun(sql);
    for (const run of [jobRunId, later]) await learn([10, 20], DONGS, run);
    await insertHistories(sql, uses(1, 10, atHour('09:00:00', ['16', '17', '18', '19', '20'])));
    await insertHistories(sql, uses(2, 20, atHour('10:00:00', ['16', '17', '18', '19', '20'])));
    await aggregate(ALL, later);
    const written = await favouritesOf(sql, RUN_DATE);
    expect(written).toHaveLength(2);

    // What the earlier one still finds: another favourite of one member, none of the other.
    await sql.query('DELETE FROM coupon_histories');
    await insertHistories(sql, uses(1, 20, atHour('22:00:00', ['16', '17', '18', '19', '20'])));

    expect(await aggregate(ALL, jobRunId)).toMatchObject({ favourites: 0 });
    expect(await favouritesOf(sql, RUN_DATE)).toEqual(written);
  });

  it('of as many uses is the one that was used last', async () => {
    await learn([10, 20]);
    await insertHistories(sql, [
      ...uses(1, 10, ['2026-11-01 08:00:00.000', '2026-11-10 08:00:00.001']),
      ...uses(1, 20, ['2026-11-02 08:00:00.000', '2026-11-10 08:00:00.002']),
      ...uses(1, 20, ['2026-11-20 23:00:00.000']),
      // Of the same district, at another hour.
      ...uses(2, 10, ['2026-11-01 08:00:00.000', '2026-11-11 08:00:00.000']),
      ...uses(2, 10, ['2026-11-01 07:00:00.000', '2026-11-12 07:00:00.000']),
      ...uses(2, 20, ['2026-11-20 23:00:00.000']),
    ]);
    await aggregate();

    expect(await favouritesOf(sql, RUN_DATE)).toEqual([
      { memberId: '1', dong: 'dong 2', hour: 8, uses: 5 },
      { memberId: '2', dong: 'dong 1', hour: 7, uses: 5 },
    ]);
  });

  it('of as many uses, as late, is the first by name, as names are written', async () => {
    const dongs = new Map([
      ['10', '역삼동'],
      ['20', '가락동'],
      ['30', 'b-dong'],
      ['40', 'A-dong'],
      ['50', 'a-dong'],
    ]);
    await learn([10, 20, 30, 40, 50], dongs);
    const times = atHour('12:30:00', ['18', '19', '20']);
    for (const [memberId, stores] of [
      [1, [10, 20]],
      [2, [30, 40, 50]],
      [3, [50, 30, 10]],
    ] as const) {
      await insertHistories(
        sql,
        stores.flatMap((storeId) => uses(memberId, storeId, times)),
      );
    }
    await aggregate();

    expect(await favouritesOf(sql, RUN_DATE)).toMatchObject([
      { memberId: '1', dong: '가락동' },
      { memberId: '2', dong: 'A-dong' },
      { memberId: '3', dong: 'a-dong' },
    ]);
  });

  it('takes five uses: of all hours and districts together, of stores that the service knows', async () => {
    await learn([10, 20, 5]);
    const five = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'];
    await insertHistories(sql, [
      ...five.map((day, hour) => ({ memberId: 1, storeId: hour < 2 ? 10 : 20, at: `${day} 0${hour}:00:00` })),
      ...five.slice(1).map((day) => ({ memberId: 2, storeId: 10, at: `${day} 09:00:00` })),
      // The fifth is in a store that it does not know.
      ...five.map((day, index) => ({ memberId: 3, storeId: index === 0 ? 5 : 10, at: `${day} 09:00:00` })),
      ...five.map((day) => ({ memberId: 4, storeId: 5, at: `${day} 09:00:00` })),
      { memberId: 4, storeId: 10, at: '2026-11-01 09:00:00' },
      ...five.map((day) => ({ memberId: 5, storeId: 5, at: `${day} 09:00:00` })),
      ...five.map((day) => ({ memberId: 5, storeId: 10, at: `${day} 21:00:00` })),
    ]);

    expect(await aggregate()).toEqual({ favourites: 2, skippedMembers: 0 });
    expect(await favouritesOf(sql, RUN_DATE)).toEqual([
      { memberId: '1', dong: 'dong 2', hour: 4, uses: 5 },
      { memberId: '5', dong: 'dong 1', hour: 21, uses: 5 },
    ]);
  });

  it('is of the twenty days up to the run date: from the first moment of the first to the last of the last', async () => {
    await learn([10]);
    const four = atHour('09:00:00', ['10', '11', '12', '13']);
    const fifths = [
      '2026-10-31 23:59:59.999',
      '2026-11-01 00:00:00.000',
      '2026-11-20 23:59:59.999',
      '2026-11-21 00:00:00.000',
    ];
    await insertHistories(
      sql,
      fifths.flatMap((fifth, index) => uses(index + 1, 10, [...four, fifth])),
    );
    await aggregate();

    expect((await favouritesOf(sql, RUN_DATE)).map(({ memberId }) => memberId)).toEqual(['2', '3']);
  });

  it('is written for the members of the range alone, however long their ids', async () => {
    await learn([10]);
    const times = atHour('09:00:00', ['16', '17', '18', '19', '20']);
    await insertHistories(
      sql,
      ['1', '2', '3', HIGHEST].flatMap((memberId) => uses(memberId, 10, times)),
    );

    expect(await aggregate({ afterId: '1', toId: '2' })).toEqual({ favourites: 1, skippedMembers: 0 });
    expect((await favouritesOf(sql, RUN_DATE)).map(({ memberId }) => memberId)).toEqual(['2']);
    expect(await aggregate({ afterId: '2', toId: HIGHEST })).toEqual({ favourites: 2, skippedMembers: 0 });
    expect((await favouritesOf(sql, RUN_DATE)).map(({ memberId }) => memberId)).toEqual(['2', '3', HIGHEST]);
  });

  it('is the same when the range is gone through again, and counted once', async () => {
    await learn([10]);
    await insertHistories(sql, uses(1, 10, atHour('09:00:00', ['16', '17', '18', '19', '20'])));
    const first = await aggregate();
    const before = await favouritesOf(sql, RUN_DATE);

    expect(await aggregate()).toEqual(first);
    expect(await favouritesOf(sql, RUN_DATE)).toEqual(before);
  });
});

describe('the favourites of a chunk', () => {
  it('are within one answer of the Data API, as many as they may be and as long', async () => {
    const members = HISTORIES_A_CHUNK / FEWEST_USES + 1;
    await learn([HIGHEST], new Map([[HIGHEST, '동'.repeat(60)]]));
    const [from, to] = [BigInt(HIGHEST) - BigInt(members), HIGHEST];
    const times = atHour('23:00:00', ['16', '17', '18', '19', '20']);
    await insertHistories(
      sql,
      Array.from({ length: members }, (_, index) => String(from + BigInt(index + 1))).flatMap((memberId) =>
        times.map((at) => ({ memberId, storeId: HIGHEST, at })),
      ),
    );

    expect(await aggregate({ afterId: String(from), toId: to })).toMatchObject({ favourites: members });
  }, 30_000);
});

describe('districts that were not said', () => {
  it('are seen in the run whose they are', async () => {
    // One of them the service does not know: that is said of it.
    await learn([10, 5]);
    expect(await store.isDistrictNotSaid(jobRunId)).toBe(false);
    await learn([30], null);

    expect(await store.isDistrictNotSaid(jobRunId)).toBe(true);
    expect(await store.isDistrictNotSaid(await insertJobRun(sql))).toBe(false);
  });

  it('cost who used such a store in the window a favourite, and the row of an earlier run stays', async () => {
    await learn([10, 20]);
    await learn([30], null);
    const times = atHour('09:00:00', ['16', '17', '18', '19', '20']);
    await insertHistories(sql, [
      ...uses(1, 10, times),
      ...uses(1, 30, ['2026-11-20 23:59:59.999']),
      ...uses(2, 10, times),
      // Outside the window.
      ...uses(2, 30, ['2026-10-31 23:59:59.999', '2026-11-21 00:00:00.000']),
      ...uses(3, 30, ['2026-11-01 00:00:00.000']),
    ]);
    await insertFavourites(sql, [
      { memberId: 1, runDate: RUN_DATE, dong: 'of before', hour: 3, jobRunId: '0' },
      { memberId: 4, runDate: RUN_DATE, dong: 'of before', hour: 3, jobRunId: '0' },
    ]);

    expect(await aggregate()).toEqual({ favourites: 1, skippedMembers: 2 });
    expect(await favouritesOf(sql, RUN_DATE)).toEqual([
      { memberId: '1', dong: 'of before', hour: 3, uses: 5 },
      { memberId: '2', dong: 'dong 1', hour: 9, uses: 5 },
    ]);
    const [rows] = await sql.query<RowDataPacket[]>(
      'SELECT job_run_id, member_id, reason FROM coupon_skipped_members ORDER BY member_id',
    );
    expect(rows).toMatchObject([
      { job_run_id: jobRunId, member_id: '1', reason: 'DISTRICT_NOT_SAID' },
      { job_run_id: jobRunId, member_id: '3', reason: 'DISTRICT_NOT_SAID' },
    ]);
    // A repeated chunk counts the same.
    expect(await aggregate()).toEqual({ favourites: 1, skippedMembers: 2 });
  });

  it('of one run cost nothing in the next, that hears them', async () => {
    await learn([10], null);
    await insertHistories(sql, uses(1, 10, atHour('09:00:00', ['16', '17', '18', '19', '20'])));
    expect(await aggregate()).toEqual({ favourites: 0, skippedMembers: 1 });
    const next = await insertJobRun(sql);
    await learn([10], DONGS, next);

    expect(await aggregate(ALL, next)).toEqual({ favourites: 1, skippedMembers: 0 });
  });
});

describe('a use that is just being written', () => {
  it('is not waited for: histories are read without locks, for which their writers would wait in turn', async () => {
    await learn([10]);
    await learn([20], null);
    const times = atHour('09:00:00', ['16', '17', '18', '19', '20']);
    await insertHistories(sql, [...uses(1, 10, times), ...uses(3, 10, times), ...uses(5, 20, times)]);
    const writer = await sql.getConnection();
    try {
      await writer.beginTransaction();
      await writer.query(
        "INSERT INTO coupon_histories (member_id, store_id, used_at) VALUES (2, 10, '2026-11-20')",
      );

      expect(await aggregate()).toEqual({ favourites: 2, skippedMembers: 1 });
    } finally {
      await writer.rollback();
      writer.release();
    }
  });
});

describe('another run for the same date', () => {
  it('with other histories changes favourites, and removes who has none any more', async () => {
    await learn([10, 20]);
    const times = atHour('09:00:00', ['16', '17', '18', '19', '20']);
    await insertHistories(
      sql,
      [1, 2, 3].flatMap((memberId) => uses(memberId, 10, times)),
    );
    await insertFavourites(sql, [{ memberId: 1, runDate: '2026-11-19' }]);
    await aggregate();
    await sql.query('DELETE FROM coupon_histories WHERE member_id IN (1, 3)');
    await insertHistories(sql, uses(3, 20, atHour('18:00:00', ['15', '16', '17', '18', '19', '20'])));
    const next = await insertJobRun(sql);
    await learn([10, 20], DONGS, next);

    expect(await aggregate({ afterId: '1', toId: HIGHEST }, next)).toEqual({
      favourites: 2,
      skippedMembers: 0,
    });
    // Not of the range yet.
    expect((await favouritesOf(sql, RUN_DATE)).map(({ memberId }) => memberId)).toEqual(['1', '2', '3']);
    await aggregate({ afterId: '0', toId: '1' }, next);
    expect(await favouritesOf(sql, RUN_DATE)).toEqual([
      { memberId: '2', dong: 'dong 1', hour: 9, uses: 5 },
      { memberId: '3', dong: 'dong 2', hour: 18, uses: 6 },
    ]);
    expect(await favouritesOf(sql, '2026-11-19')).toHaveLength(1);
  });
});

describe('ranges that are gone through at the same time', () => {
  it('do not wait for the stores of each other', async () => {
    await learn([10, 20], null);
    const neighbour = await sql.getConnection();
    try {
      await neighbour.beginTransaction();
      await neighbour.query(
        'SELECT 1 FROM coupon_run_stores WHERE job_run_id = ? AND store_id = 20 FOR UPDATE',
        [jobRunId],
      );

      await store.recordDistricts(jobRunId, ['10'], DONGS);
    } finally {
      await neighbour.rollback();
      neighbour.release();
    }
    const [rows] = await sql.query<RowDataPacket[]>(
      "SELECT store_id FROM coupon_run_stores WHERE district_state = 'KNOWN'",
    );
    expect(rows).toMatchObject([{ store_id: '10' }]);
  }, 10_000);

  it('do not wait for the rows of each other', async () => {
    await insertHistories(sql, uses(1, 10, atHour('09:00:00', ['16', '17', '18', '19', '20'])));
    await learn([10]);
    const neighbour = await sql.getConnection();
    try {
      await neighbour.beginTransaction();
      await neighbour.query(
        `INSERT INTO coupon_usage_stats
           (member_id, run_date, top_dong, top_hour, use_count, job_run_id, aggregated_at)
         VALUES (500, ?, 'dong 1', 12, 5, ?, NOW(3))`,
        [RUN_DATE, jobRunId],
      );

      expect(await aggregate({ afterId: '0', toId: '100' })).toMatchObject({ favourites: 1 });
    } finally {
      await neighbour.rollback();
      neighbour.release();
    }
  }, 10_000);
});

describe('ends of ranges of histories', () => {
  beforeEach(async () => {
    await insertHistories(
      sql,
      [1, 1, 2, 3, 3, 3].map((memberId) => ({ memberId, storeId: 10, at: '2026-11-20 12:00:00.000' })),
    );
  });

  it.each([
    ['0', HIGHEST, 1, '1'],
    ['0', HIGHEST, 3, '2'],
    // All of a member's are in one range, however many they are.
    ['2', HIGHEST, 1, '3'],
    ['0', HIGHEST, 6, '3'],
    ['0', HIGHEST, 7, undefined],
    ['0', '2', 4, undefined],
    ['3', HIGHEST, 1, undefined],
  ])('after %s, up to %s, of %i are at %s', async (afterId, toId, size, end) => {
    expect(await store.memberRangeEnd({ afterId, toId }, size)).toBe(end);
  });
});
