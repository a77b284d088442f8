/** What the bench loads for coupon stats, and whether its check sees what is wrong. */
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchDays } from '../../../bench/coupon-stats/days.ts';
import { compareFavourites } from '../../../bench/coupon-stats/favourites.ts';
import { loadHistories, membersOf } from '../../../bench/coupon-stats/histories.ts';
import { loadFavourites, membersToTell } from '../../../bench/coupon-stats/hour.ts';
import { sqlUsageStore } from '../../../lambdas/coupon-stats/adapters/sql-usage-store.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { insertJobRun } from '../../support/coupon-rows.ts';

const days = benchDays(Date.UTC(2026, 10, 22));
const night = { histories: 20_000, stores: 1_000, seed: 1, days };
const MEMBERS = membersOf(night);
/** Every fiftieth store is unknown. */
const dongOf = new Map(
  Array.from({ length: night.stores }, (_, index) => index + 1)
    .filter((storeId) => storeId % 50 !== 0)
    .map((storeId) => [storeId, `${storeId % 10}동`]),
);

let database: CampaignDatabase;
let sql: Pool;
beforeAll(async () => {
  database = await startCampaignDatabase();
  ({ sql } = database);
});
afterAll(() => database.close());

async function rows<T extends object>(query: string, values: unknown[] = []): Promise<T[]> {
  const [found] = await sql.query<(T & RowDataPacket)[]>(query, values);
  return found;
}

async function checksum(): Promise<number | undefined> {
  const [row] = await rows<{ Checksum: number }>('CHECKSUM TABLE coupon_histories');
  return row?.Checksum;
}

describe('the histories of a night', () => {
  it('are the same for the same seed, and others for another', async () => {
    await loadHistories(sql, night);
    const first = await checksum();
    await loadHistories(sql, { ...night, seed: 2 });
    const other = await checksum();
    await loadHistories(sql, night);

    expect(await checksum()).toBe(first);
    expect(other).not.toBe(first);
  });

  it('lie in the window, but for a few on either side', async () => {
    const [counts] = await rows<{ inside: string; before: string; after: string }>(
      `SELECT CAST(COUNT(IF(DATE(used_at) BETWEEN ? AND ?, 1, NULL)) AS CHAR) AS inside,
              CAST(COUNT(IF(DATE(used_at) = ?, 1, NULL)) AS CHAR) AS \`before\`,
              CAST(COUNT(IF(DATE(used_at) > ?, 1, NULL)) AS CHAR) AS \`after\`
       FROM coupon_histories`,
      [days.window[0], days.yesterday, days.beforeWindow, days.yesterday],
    );

    expect(Number(counts?.inside)).toBeGreaterThanOrEqual(night.histories);
    expect(Number(counts?.before)).toBeGreaterThan(50);
    expect(Number(counts?.after)).toBeGreaterThan(50);
  });

  it('have members with fewer than five uses, ties that time breaks, and ties that only names break', async () => {
    const [row] = await rows<{ few: string; ties: string; names: string }>(
      `SELECT COUNT(IF(uses < 5, 1, NULL)) AS few, COUNT(IF(tied > 1, 1, NULL)) AS ties,
              COUNT(IF(tied > 1 AND moments = 1, 1, NULL)) AS names
       FROM (SELECT member_id, SUM(n) AS uses, COUNT(IF(n = most, 1, NULL)) AS tied,
                    COUNT(DISTINCT latest) AS moments
             FROM (SELECT member_id, COUNT(*) AS n, MAX(used_at) AS latest,
                          MAX(COUNT(*)) OVER (PARTITION BY member_id) AS most
                   FROM coupon_histories GROUP BY member_id, MOD(store_id, 10), HOUR(used_at)) AS pairs
             GROUP BY member_id) AS members`,
    );

    expect(Number(row?.few)).toBeGreaterThan(MEMBERS / 20);
    expect(Number(row?.ties)).toBeGreaterThan(MEMBERS / 10);
    expect(Number(row?.names)).toBeGreaterThan(0);
  });
});

describe('the check of a night', () => {
  const compare = () => compareFavourites(sql, MEMBERS, { dongOf, days });

  it('finds nothing wrong with what the job writes, and each row that is not its', async () => {
    await loadHistories(sql, night);
    const store = sqlUsageStore(database.db);
    const jobRunId = await insertJobRun(sql);
    const window = { first: days.window[0] ?? '', last: days.yesterday };
    for (const day of days.window) await store.collectStores(jobRunId, day);
    const storeIds = await store.stores(jobRunId, '0', night.stores);
    const dongs = storeIds.flatMap((storeId): [string, string][] => {
      const dong = dongOf.get(Number(storeId));
      return dong === undefined ? [] : [[storeId, dong]];
    });
    await store.recordDistricts(jobRunId, storeIds, new Map(dongs));
    const all = { afterId: '0', toId: String(MEMBERS) };
    await store.aggregate({ jobRunId, runDate: days.yesterday }, window, all, days.nowMs);

    const { favourites, wrong } = await compare();
    expect(wrong).toBe(0);
    expect(favourites).toBeGreaterThan(MEMBERS / 2);
    expect(favourites).toBeLessThan(MEMBERS);

    await sql.query('UPDATE coupon_usage_stats SET use_count = use_count + 1 LIMIT 1');
    await sql.query('UPDATE coupon_usage_stats SET member_id = -1 ORDER BY member_id DESC LIMIT 1');
    // The one that differs counts as missing and as of nobody, and so does the other.
    expect(await compare()).toEqual({ favourites, wrong: 4 });
  }, 60_000);
});

describe('the favourites of an hour', () => {
  it('are of a fifth of the members, as plain arithmetic says it', async () => {
    const hour = { members: 1_000, dongs: ['가동', '나동', '다동'], seed: 1, days };
    await loadFavourites(sql, hour);

    const newest = new Map<number, { dong: string; hour: number }>();
    const kept = await rows<{ memberId: string; dong: string; hour: number }>(
      `SELECT member_id AS memberId, top_dong AS dong, top_hour AS hour FROM coupon_usage_stats
       WHERE run_date IN (?, ?) ORDER BY member_id, run_date`,
      [days.yesterday, days.dayBefore],
    );
    for (const { memberId, ...of } of kept) newest.set(Number(memberId), of);
    const told = [...newest].filter(([, of]) => of.hour === days.targetHour);
    expect(new Map(told.map(([memberId, { dong }]) => [memberId, dong]))).toEqual(membersToTell(hour));
    expect(told).toHaveLength(1_000);
    // Who is not to be told though an older favourite is of the hour.
    const older = kept.filter((of) => of.hour === days.targetHour).length;
    expect(older).toBeGreaterThan(told.length);
  });
});
