import * as z from 'zod';
import type { DataApi } from '../../shared/data-api.ts';
import { pageEnd } from '../../shared/jobs/page-end.ts';
import type { PointStore } from '../ports.ts';

const wholeNumber = z.string().regex(/^-?\d{1,19}$/);
const balanceRow = z.object({ userId: wholeNumber, balance: wholeNumber, version: wholeNumber });
const userRow = z.object({ userId: wholeNumber });
const figuresRow = z.object({
  reportedUsers: z.coerce.number(),
  transactions: z.coerce.number(),
  unknownTypes: z.coerce.number(),
});

const IN_RANGE = 'user_id > :afterId AND user_id <= :toId';

export function sqlPointStore(db: DataApi): PointStore {
  return {
    balances: ({ afterId, toId }, limit) =>
      db.query(
        balanceRow,
        `SELECT CAST(user_id AS CHAR) AS userId, CAST(balance AS CHAR) AS balance, CAST(version AS CHAR) AS version
         FROM point_balances FORCE INDEX (uk_point_balances_user)
         WHERE ${IN_RANGE} ORDER BY user_id LIMIT ${limit}`,
        { afterId, toId },
      ),

    async withoutBalance(userIds) {
      const rows = await db.query(
        userRow,
        `SELECT CAST(u.user_id AS CHAR) AS userId
         FROM JSON_TABLE(:userIds, '$[*]' COLUMNS (user_id BIGINT PATH '$')) u
         LEFT JOIN point_balances b ON b.user_id = u.user_id
         WHERE b.user_id IS NULL`,
        { userIds: JSON.stringify(userIds) },
      );
      return rows.map((row) => row.userId);
    },

    balanceRangeEnd: (afterId, size) =>
      pageEnd(
        db,
        'user_id',
        'point_balances FORCE INDEX (uk_point_balances_user) WHERE user_id > :afterId',
        size,
        { afterId },
      ),

    transactionRangeEnd: (day, { afterId, toId }, size) =>
      pageEnd(
        db,
        'user_id',
        `points FORCE INDEX (ix_points_day) WHERE created_on = :day AND ${IN_RANGE}`,
        size,
        { day, afterId, toId },
      ),

    async writeReports(day, { afterId, toId }) {
      // The sums in one pass over the index, without a temporary table; the rest looks up a user's few rows in it.
      await db.execute(
        `INSERT INTO daily_point_reports
           (user_id, report_date, earn_amount, use_amount, cancel_amount, balance_snapshot, transaction_count,
            earn_count, use_count, cancel_count, unknown_count, peak_hour, first_at, last_at)
         SELECT d.user_id, :day, d.earn_amount, d.use_amount, d.cancel_amount,
                (SELECT p.balance_snapshot FROM points p FORCE INDEX (ix_points_day)
                 WHERE p.created_on = :day AND p.user_id = d.user_id
                 ORDER BY p.created_at DESC, p.point_id DESC LIMIT 1),
                d.transaction_count, d.earn_count, d.use_count, d.cancel_count,
                d.transaction_count - d.earn_count - d.use_count - d.cancel_count,
                (SELECT HOUR(p.created_at) AS hour FROM points p FORCE INDEX (ix_points_day)
                 WHERE p.created_on = :day AND p.user_id = d.user_id
                 GROUP BY hour ORDER BY COUNT(*) DESC, hour LIMIT 1),
                d.first_at, d.last_at
         FROM (
           SELECT user_id, COUNT(*) AS transaction_count,
                  SUM(IF(type = 'EARN', amount, 0)) AS earn_amount, SUM(type = 'EARN') AS earn_count,
                  SUM(IF(type = 'USE', amount, 0)) AS use_amount, SUM(type = 'USE') AS use_count,
                  SUM(IF(type = 'CANCEL', amount, 0)) AS cancel_amount, SUM(type = 'CANCEL') AS cancel_count,
                  MIN(created_at) AS first_at, MAX(created_at) AS last_at
           FROM points FORCE INDEX (ix_points_day)
           WHERE created_on = :day AND ${IN_RANGE}
           GROUP BY user_id
         ) AS d
         ON DUPLICATE KEY UPDATE
           earn_amount = VALUES(earn_amount), use_amount = VALUES(use_amount), cancel_amount = VALUES(cancel_amount),
           balance_snapshot = VALUES(balance_snapshot), transaction_count = VALUES(transaction_count),
           earn_count = VALUES(earn_count), use_count = VALUES(use_count), cancel_count = VALUES(cancel_count),
           unknown_count = VALUES(unknown_count), peak_hour = VALUES(peak_hour), first_at = VALUES(first_at),
           last_at = VALUES(last_at)`,
        { day, afterId, toId },
      );
    },

    async reportFigures(day, { afterId, toId }) {
      const [row] = await db.query(
        figuresRow,
        `SELECT CAST(COUNT(*) AS CHAR) AS reportedUsers,
                CAST(COALESCE(SUM(transaction_count), 0) AS CHAR) AS transactions,
                CAST(COALESCE(SUM(unknown_count), 0) AS CHAR) AS unknownTypes
         FROM daily_point_reports WHERE report_date = :day AND ${IN_RANGE}`,
        { day, afterId, toId },
      );
      return row ?? {};
    },
  };
}
