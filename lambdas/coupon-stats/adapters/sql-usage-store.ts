import * as z from 'zod';
import { addDays, toDateTime } from '../../../schema/seoul-time.ts';
import type { SqlDatabase } from '../../shared/data-api.ts';
import { pageEnd } from '../../shared/jobs/page-end.ts';
import { FEWEST_USES } from '../domain/usage-window.ts';
import type { Days, UsageStore } from '../ports.ts';

const storeRow = z.object({ storeId: z.string() });
const memberRow = z.object({ memberId: z.string() });
const favouriteRow = z.object({ memberId: z.string(), storeId: z.string(), hour: z.int(), uses: z.int() });
const formerRow = z.object({ statId: z.string() });
const countsRow = z.object({ favourites: z.coerce.number(), skippedMembers: z.coerce.number() });

/** Of one answer: a few hundred kilobytes. */
const FORMER_A_STATEMENT = 10_000;

/** By numbers in the order of the names: in a quarter of the time that grouping and sorting by the names takes. */
const DISTRICTS = `
  SELECT store_id, DENSE_RANK() OVER (ORDER BY dong) AS dong_number
  FROM coupon_run_stores WHERE job_run_id = :jobRunId AND district_state = 'KNOWN'`;

/** A use counts where the district of its store is known. */
const PAIRS = `
  SELECT h.member_id, d.dong_number, HOUR(h.used_at) AS hour, COUNT(*) AS uses, MAX(h.used_at) AS latest,
         MIN(h.store_id) AS a_store
  FROM coupon_histories h FORCE INDEX (ix_coupon_histories_member)
  STRAIGHT_JOIN (${DISTRICTS}) AS d ON d.store_id = h.store_id
  WHERE h.member_id > :afterId AND h.member_id <= :toId AND h.used_at >= :from AND h.used_at < :until
  GROUP BY h.member_id, d.dong_number, HOUR(h.used_at)`;

/**
 * A worker of an earlier run that was taken for dead replaces nothing that a later one wrote: runs are numbered in their
 * order. job_run_id comes last, since assignments are made from left to right.
 */
const REPLACED = ['top_dong', 'top_hour', 'use_count', 'aggregated_at', 'job_run_id']
  .map((column) => [`coupon_usage_stats.${column}`, `VALUES(${column})`])
  .map(
    ([kept, given]) => `${kept} = IF(VALUES(job_run_id) >= coupon_usage_stats.job_run_id, ${given}, ${kept})`,
  )
  .join(', ');

/**
 * Histories are written all the time, by others, and INSERT … SELECT locks what it reads unless the isolation is READ
 * COMMITTED, which the Data API cannot be told: so favourites are read without locks, and written by another statement.
 * The stores of a day are few enough only in the database: their statement locks the day, which is over.
 */
export function sqlUsageStore(db: SqlDatabase): UsageStore {
  return {
    async collectStores(jobRunId, day) {
      await db.execute(
        `INSERT IGNORE INTO coupon_run_stores (job_run_id, store_id)
         SELECT DISTINCT :jobRunId, store_id FROM coupon_histories FORCE INDEX (ix_coupon_histories_used)
         WHERE used_at >= :day AND used_at < :next`,
        { jobRunId, day, next: addDays(day, 1) },
      );
    },

    async stores(jobRunId, afterId, limit) {
      const rows = await db.query(
        storeRow,
        `SELECT CAST(store_id AS CHAR) AS storeId FROM coupon_run_stores
         WHERE job_run_id = :jobRunId AND store_id > :afterId ORDER BY store_id LIMIT ${limit}`,
        { jobRunId, afterId },
      );
      return rows.map((row) => row.storeId);
    },

    async recordDistricts(jobRunId, storeIds, dongs) {
      const rows = storeIds.map((storeId) => {
        const dong = dongs?.get(storeId) ?? null;
        const state = dongs === undefined ? 'FAILED' : dong === null ? 'UNKNOWN' : 'KNOWN';
        return { storeId, dong, state };
      });
      await db.execute(
        `UPDATE JSON_TABLE(:rows, '$[*]' COLUMNS (
           store_id BIGINT PATH '$.storeId', dong VARCHAR(60) PATH '$.dong', state VARCHAR(10) PATH '$.state')) r
         STRAIGHT_JOIN coupon_run_stores s ON s.store_id = r.store_id
         SET s.dong = r.dong, s.district_state = r.state
         WHERE s.job_run_id = :jobRunId`,
        { jobRunId, rows: JSON.stringify(rows) },
      );
    },

    memberRangeEnd: ({ afterId, toId }, size) =>
      pageEnd(
        db,
        'member_id',
        `coupon_histories FORCE INDEX (ix_coupon_histories_member)
         WHERE member_id > :afterId AND member_id <= :toId`,
        size,
        { afterId, toId },
      ),

    async isDistrictNotSaid(jobRunId) {
      const rows = await db.query(
        storeRow,
        `SELECT CAST(store_id AS CHAR) AS storeId FROM coupon_run_stores
         WHERE job_run_id = :jobRunId AND district_state = 'FAILED' LIMIT 1`,
        { jobRunId },
      );
      return rows.length > 0;
    },

    async skipMembers(jobRunId, days, { afterId, toId }) {
      const members = await db.query(
        memberRow,
        `SELECT DISTINCT CAST(h.member_id AS CHAR) AS memberId
         FROM coupon_histories h FORCE INDEX (ix_coupon_histories_member)
         JOIN coupon_run_stores s
           ON s.job_run_id = :jobRunId AND s.store_id = h.store_id AND s.district_state = 'FAILED'
         WHERE h.member_id > :afterId AND h.member_id <= :toId AND h.used_at >= :from AND h.used_at < :until`,
        { jobRunId, afterId, toId, ...windowOf(days) },
      );
      await db.execute(
        `INSERT IGNORE INTO coupon_skipped_members (job_run_id, member_id, reason)
         SELECT :jobRunId, m.member_id, 'DISTRICT_NOT_SAID'
         FROM JSON_TABLE(:members, '$[*]' COLUMNS (member_id BIGINT PATH '$.memberId')) m`,
        { jobRunId, members: JSON.stringify(members) },
      );
    },

    async aggregate({ jobRunId, runDate }, days, { afterId, toId }, nowMs) {
      const of = { jobRunId, runDate, afterId, toId };
      // By one of the district's stores, not by its name, which is longer.
      const favourites = await db.query(
        favouriteRow,
        `SELECT CAST(r.member_id AS CHAR) AS memberId, CAST(r.a_store AS CHAR) AS storeId, r.hour AS hour,
                CAST(r.use_count AS SIGNED) AS uses
         FROM (SELECT p.member_id, p.a_store, p.hour, SUM(p.uses) OVER (PARTITION BY p.member_id) AS use_count,
                      ROW_NUMBER() OVER (PARTITION BY p.member_id
                                         ORDER BY p.uses DESC, p.latest DESC, p.dong_number, p.hour) AS place
               FROM (${PAIRS}) AS p) AS r
         LEFT JOIN coupon_skipped_members k ON k.job_run_id = :jobRunId AND k.member_id = r.member_id
         WHERE r.place = 1 AND r.use_count >= ${FEWEST_USES} AND k.member_id IS NULL`,
        { jobRunId, afterId, toId, ...windowOf(days) },
      );
      await db.execute(
        `INSERT INTO coupon_usage_stats
           (member_id, run_date, top_dong, top_hour, use_count, job_run_id, aggregated_at)
         SELECT f.member_id, :runDate, s.dong, f.hour, f.uses, :jobRunId, :now
         FROM JSON_TABLE(:favourites, '$[*]' COLUMNS (
           member_id BIGINT PATH '$.memberId', store_id BIGINT PATH '$.storeId', hour INT PATH '$.hour',
           uses INT PATH '$.uses')) f
         STRAIGHT_JOIN coupon_run_stores s ON s.job_run_id = :jobRunId AND s.store_id = f.store_id
         ON DUPLICATE KEY UPDATE ${REPLACED}`,
        { jobRunId, runDate, favourites: JSON.stringify(favourites), now: toDateTime(nowMs) },
      );
      await removeFormer(db, of);
      const [counts] = await db.query(
        countsRow,
        `SELECT CAST((SELECT COUNT(*) FROM coupon_usage_stats
                      WHERE run_date = :runDate AND member_id > :afterId AND member_id <= :toId
                        AND job_run_id = :jobRunId) AS CHAR) AS favourites,
                CAST((SELECT COUNT(*) FROM coupon_skipped_members
                      WHERE job_run_id = :jobRunId AND member_id > :afterId AND member_id <= :toId) AS CHAR)
                  AS skippedMembers`,
        of,
      );
      return counts ?? {};
    },
  };
}

function windowOf({ first, last }: Days) {
  return { from: first, until: addDays(last, 1) };
}

/**
 * Favourites of who has none any more: an earlier run for the same date knew other histories. They are looked up without
 * a lock and removed by their keys: a DELETE by range would lock the first row after it, which is that of a neighbour at
 * work, and of ranges that wait for each other one is rolled back.
 */
async function removeFormer(
  db: SqlDatabase,
  of: {
    readonly jobRunId: string;
    readonly runDate: string;
    readonly afterId: string;
    readonly toId: string;
  },
): Promise<void> {
  for (;;) {
    const former = await db.query(
      formerRow,
      `SELECT CAST(s.coupon_usage_stat_id AS CHAR) AS statId
       FROM coupon_usage_stats s FORCE INDEX (uk_coupon_usage_stats_member)
       LEFT JOIN coupon_skipped_members k ON k.job_run_id = :jobRunId AND k.member_id = s.member_id
       WHERE s.run_date = :runDate AND s.member_id > :afterId AND s.member_id <= :toId
         AND s.job_run_id < :jobRunId AND k.member_id IS NULL
       LIMIT ${FORMER_A_STATEMENT}`,
      of,
    );
    if (former.length === 0) return;
    await db.execute(
      `DELETE s FROM JSON_TABLE(:statIds, '$[*]' COLUMNS (stat_id BIGINT PATH '$')) f
       STRAIGHT_JOIN coupon_usage_stats s ON s.coupon_usage_stat_id = f.stat_id
       WHERE s.job_run_id < :jobRunId`,
      { jobRunId: of.jobRunId, statIds: JSON.stringify(former.map(({ statId }) => statId)) },
    );
    if (former.length < FORMER_A_STATEMENT) return;
  }
}
