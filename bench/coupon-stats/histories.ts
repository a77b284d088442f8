/** A night's histories, ten for each member on average; the same seed makes the same ones. */
import type { Pool } from 'mysql2/promise';
import type { DemoDays } from '../../demo/coupon-stats/days.ts';
import { OFFSETS, inChunks, upTo } from '../made-rows.ts';

export interface Histories {
  /** In the window; a hundredth as many lie before it, or after. */
  readonly histories: number;
  /** Their ids are those from 1 on. */
  readonly stores: number;
  readonly seed: number;
  readonly days: Pick<DemoDays, 'window' | 'beforeWindow'>;
}

const ROWS_PER_INSERT = 50_000;

export const membersOf = ({ histories }: Pick<Histories, 'histories'>) => Math.ceil(histories / 10);

/**
 * Two draws a history, c and v. Most members use one store at one hour in four of ten cases, and any at any hour else.
 * Every eighth member gives two thirds of what he has to the one before, and has fewer than five. Of every fiftieth all
 * was entered at one moment, so that only names break ties.
 */
export async function loadHistories(db: Pool, { histories, stores, seed, days }: Histories): Promise<void> {
  const members = membersOf({ histories });
  const { beforeWindow, window } = days;
  for (const table of ['coupon_histories', 'coupon_usage_stats']) await db.query(`TRUNCATE TABLE ${table}`);
  // Sorted at once in the end: row by row they would be read and written all over the disk.
  await db.query(
    'ALTER TABLE coupon_histories DROP INDEX ix_coupon_histories_member, DROP INDEX ix_coupon_histories_used',
  );
  await inChunks(histories + Math.floor(histories / 100), ROWS_PER_INSERT, async (from, count) => {
    await db.query(
      `INSERT INTO coupon_histories (member_id, store_id, used_at)
       SELECT member_id,
              1 + IF(is_usual, MOD(member_id * 7919, ?), MOD(v DIV 97, ?)),
              CAST(? AS DATETIME(3)) + INTERVAL
                IF(MOD(member_id, 50) = 3, 86400 * 20 + 3600 * 12,
                   86400 * day + 3600 * (7 + MOD(IF(is_usual, member_id * 31, v DIV 1009), 16)) + MOD(v DIV 11, 3600))
                SECOND
       FROM (SELECT v, MOD(v DIV 8, 10) < 4 AS is_usual, IF(MOD(drawn, 8) = 0 AND MOD(v, 3) < 2, drawn - 1, drawn) AS member_id,
                    IF(k < ?, 1 + FLOOR(k * ? / ?), IF(MOD(k, 2) = 0, 0, 1 + ?)) AS day
             FROM (SELECT k, 1 + MOD(CRC32(CONCAT(?, ':', k)), ?) AS drawn, CRC32(CONCAT(k, '/', ?)) AS v
                   FROM (SELECT ? + n AS k FROM ${OFFSETS}) AS numbers) AS draws) AS made`,
      [
        ...[stores, stores, beforeWindow, histories, window.length, histories, window.length],
        ...[seed, members, seed, from, upTo(count)],
      ],
    );
  });
  await db.query(
    `ALTER TABLE coupon_histories ADD INDEX ix_coupon_histories_member (member_id, used_at, store_id),
       ADD INDEX ix_coupon_histories_used (used_at, store_id)`,
  );
  await db.query('ANALYZE TABLE coupon_histories');
}
