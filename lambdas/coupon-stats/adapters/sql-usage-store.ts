import * as z from 'zod';
import { addDays, toDateTime } from '../../../schema/seoul-time.ts';
import type { SqlDatabase, SqlExecutor } from '../../shared/data-api.ts';
import { FEWEST_USES } from '../domain/usage-window.ts';
import type { UsageStore } from '../ports.ts';

const storeRow = z.object({ storeId: z.string() });
const endRow = z.object({ count: z.int(), toId: z.string().nullable() });
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
        `UPDATE coupon_run_stores s
         JOIN JSON_TABLE(:rows, '$[*]' COLUMNS (
           store_id BIGINT PATH '$.storeId', dong VARCHAR(60) PATH '$.dong', state VARCHAR(10) PATH '$.state')) r
           ON r.store_id = s.store_id
         SET s.dong = r.dong, s.district_state = r.state
         WHERE s.job_run_id = :jobRunId`,
        { jobRunId, rows: JSON.stringify(rows) },
      );
    },

    async memberRangeEnd({ afterId, toId }, size) {
      const [row] = await db.query(
        endRow,
        `SELECT COUNT(*) AS count, CAST(MAX(member_id) AS CHAR) AS toId
         FROM (SELECT member_id FROM coupon_histories FORCE INDEX (ix_coupon_histories_member)
               WHERE member_id > :afterId AND member_id <= :toId ORDER BY member_id LIMIT ${size}) AS page`,
        { afterId, toId },
      );
      return row === undefined || row.toId === null || row.count < size ? undefined : row.toId;
    },

    aggregate: ({ jobRunId, runDate }, days, { afterId, toId }, nowMs) =>
      db.transaction(async (tx) => {
        const of = { jobRunId, runDate, afterId, toId };
        const window = { from: days.first, until: addDays(days.last, 1) };
        // Where no store's district is missing, as in most nights, the histories are not read for it.
        await tx.execute(
          `INSERT IGNORE INTO coupon_skipped_members (job_run_id, member_id, reason)
           SELECT DISTINCT :jobRunId, h.member_id, 'DISTRICT_NOT_SAID'
           FROM coupon_histories h FORCE INDEX (ix_coupon_histories_member)
           JOIN coupon_run_stores s
             ON s.job_run_id = :jobRunId AND s.store_id = h.store_id AND s.district_state = 'FAILED'
           WHERE h.member_id > :afterId AND h.member_id <= :toId AND h.used_at >= :from AND h.used_at < :until
             AND EXISTS (SELECT 1 FROM coupon_run_stores WHERE job_run_id = :jobRunId AND district_state = 'FAILED')`,
          { jobRunId, afterId, toId, ...window },
        );
        await tx.execute(
          `INSERT INTO coupon_usage_stats
             (member_id, run_date, top_dong, top_hour, use_count, job_run_id, aggregated_at)
           SELECT r.member_id, :runDate, s.dong, r.hour, r.use_count, :jobRunId, :now
           FROM (SELECT p.member_id, p.a_store, p.hour, SUM(p.uses) OVER (PARTITION BY p.member_id) AS use_count,
                        ROW_NUMBER() OVER (PARTITION BY p.member_id
                                           ORDER BY p.uses DESC, p.latest DESC, p.dong_number, p.hour) AS place
                 FROM (${PAIRS}) AS p) AS r
           JOIN coupon_run_stores s ON s.job_run_id = :jobRunId AND s.store_id = r.a_store
           LEFT JOIN coupon_skipped_members k ON k.job_run_id = :jobRunId AND k.member_id = r.member_id
           WHERE r.place = 1 AND r.use_count >= ${FEWEST_USES} AND k.member_id IS NULL
           ON DUPLICATE KEY UPDATE
             top_dong = VALUES(top_dong), top_hour = VALUES(top_hour), use_count = VALUES(use_count),
             job_run_id = VALUES(job_run_id), aggregated_at = VALUES(aggregated_at)`,
          { ...of, ...window, now: toDateTime(nowMs) },
        );
        await removeFormer(tx, of);
        const [counts] = await tx.query(
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
      }),
  };
}

/**
 * Favourites of who has none any more: an earlier run for the same date knew other histories. They are looked up without
 * a lock and removed by their keys: a DELETE by range would lock the first row after it, which is that of a neighbour at
 * work, and of ranges that wait for each other one is rolled back.
 */
async function removeFormer(
  tx: SqlExecutor,
  of: {
    readonly jobRunId: string;
    readonly runDate: string;
    readonly afterId: string;
    readonly toId: string;
  },
): Promise<void> {
  for (;;) {
    const former = await tx.query(
      formerRow,
      `SELECT CAST(s.coupon_usage_stat_id AS CHAR) AS statId
       FROM coupon_usage_stats s FORCE INDEX (uk_coupon_usage_stats_member)
       LEFT JOIN coupon_skipped_members k ON k.job_run_id = :jobRunId AND k.member_id = s.member_id
       WHERE s.run_date = :runDate AND s.member_id > :afterId AND s.member_id <= :toId
         AND s.job_run_id <> :jobRunId AND k.member_id IS NULL
       LIMIT ${FORMER_A_STATEMENT}`,
      of,
    );
    if (former.length === 0) return;
    await tx.execute(
      `DELETE s FROM JSON_TABLE(:statIds, '$[*]' COLUMNS (stat_id BIGINT PATH '$')) f
       STRAIGHT_JOIN coupon_usage_stats s ON s.coupon_usage_stat_id = f.stat_id`,
      { statIds: JSON.stringify(former.map(({ statId }) => statId)) },
    );
    if (former.length < FORMER_A_STATEMENT) return;
  }
}
