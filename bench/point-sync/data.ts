/**
 * The data of a night: balances in the database and in Redis, and the transactions of a day. Both servers make their own
 * from the same arithmetic, which takes seconds where sending it would take minutes.
 */
import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { OFFSETS, inChunks, upTo } from '../made-rows.ts';

export interface Night {
  readonly users: number;
  /** Whose transactions are reported. */
  readonly day: string;
}

const ROWS_PER_INSERT = 10_000;
const KEYS_PER_SCRIPT = 50_000;
const KEYS_PER_CHECK = 10_000;

/** Half of the users have transactions, six each on average, and at least one. */
export const activeUsers = ({ users }: Night) => Math.ceil(users / 2);
export const transactions = ({ users }: Night) => users * 3;
/** Of every hundred users in Redis one is missing, one drifted, one unreadable, and two are of an older version. */
export const drifted = ({ users }: Night) => Math.floor(users / 20);
/** In Redis alone. */
export const goneUsers = ({ users }: Night) => Math.floor(users / 1_000);

const differing = z.tuple([z.array(z.object({ count: z.coerce.number() })).length(1), z.unknown()]);
const balanceRows = z.tuple([z.array(z.object({ userId: z.string(), balance: z.string() })), z.unknown()]);

export async function loadDatabase(db: Pool, night: Night): Promise<void> {
  for (const table of ['daily_point_reports', 'points', 'point_balances']) {
    await db.query(`TRUNCATE TABLE ${table}`);
  }
  // Sorted at once in the end: in a tenth of the time that it takes row by row.
  await db.query(`ALTER TABLE points DROP INDEX ix_points_day`);
  await inChunks(night.users, ROWS_PER_INSERT, async (from, count) => {
    await db.query(
      `INSERT INTO point_balances (user_id, balance, version)
       SELECT user_id, MOD(user_id * 7919, 1000003), 1 + MOD(user_id, 5)
       FROM (SELECT ? + n AS user_id FROM ${OFFSETS}) AS users`,
      [from + 1, upTo(count)],
    );
  });
  await inChunks(transactions(night), ROWS_PER_INSERT, async (from, count) => {
    // As they came in the course of the day, each of another user than the one before.
    await db.query(
      `INSERT INTO points (user_id, amount, type, description, balance_snapshot, created_at)
       SELECT 2 + 2 * MOD(IF(k < ?, k * 7919, CRC32(k)), ?), 1 + MOD(k * 31, 5000),
              ELT(1 + MOD(k, 3), 'EARN', 'USE', 'CANCEL'), 'bench', MOD(k * 17, 100000),
              CAST(? AS DATETIME(3)) + INTERVAL FLOOR(k * 86400000 / ?) * 1000 MICROSECOND
       FROM (SELECT ? + n AS k FROM ${OFFSETS}) AS made`,
      [activeUsers(night), activeUsers(night), night.day, transactions(night), from, upTo(count)],
    );
  });
  await db.query(
    `ALTER TABLE points ADD INDEX ix_points_day
       (created_on, user_id, created_at, point_id, type, amount, balance_snapshot)`,
  );
  await db.query('ANALYZE TABLE point_balances, points');
}

/** Empties it first. With the time to live that the night before gave. */
export async function loadRedis(redis: Redis, night: Night): Promise<void> {
  await redis.flushall();
  await inChunks(night.users + goneUsers(night), KEYS_PER_SCRIPT, async (from, count) => {
    await redis.eval(LOAD, 0, from + 1, from + count);
  });
}

const LOAD = `
for user = ARGV[1], ARGV[2] do
  local balance, version, kind = user * 7919 % 1000003, 1 + user % 5, user % 100
  if kind == 20 or kind == 40 then version = version - 1 end
  if kind == 20 or kind == 40 or kind == 60 then balance = balance + 1 end
  if kind ~= 0 then
    local id, text = string.format('%d', user), string.format('%d', balance)
    redis.call('SET', 'point:balance:' .. id, kind == 80 and 'none' or text, 'EX', 172800)
    redis.call('SET', 'point:balance-version:' .. id, string.format('%d', version), 'EX', 172800)
  end
end`;

/** How many users have another balance in Redis than in the database. */
export async function unequalBalances(db: Pool, redis: Redis, { users }: Night): Promise<number> {
  let unequal = 0;
  await inChunks(users, KEYS_PER_CHECK, async (from, count) => {
    const [rows] = balanceRows.parse(
      await db.query(
        `SELECT CAST(user_id AS CHAR) AS userId, CAST(balance AS CHAR) AS balance FROM point_balances
         WHERE user_id > ? AND user_id <= ?`,
        [from, from + count],
      ),
    );
    const values = await redis.mget(rows.map(({ userId }) => `point:balance:${userId}`));
    unequal += count - rows.filter(({ balance }, index) => balance === values[index]).length;
  });
  return unequal;
}

/** How many users have transactions, and no report that says the same. */
export async function unequalReports(db: Pool, { day }: Night): Promise<number> {
  const [[row]] = differing.parse(
    await db.query(
      `SELECT COUNT(*) AS count
       FROM (SELECT user_id, COUNT(*) AS number, SUM(IF(type = 'EARN', amount, 0)) AS earned,
                    SUM(IF(type = 'USE', amount, 0)) AS used, SUM(IF(type = 'CANCEL', amount, 0)) AS cancelled,
                    MAX(point_id) AS last_id
             FROM points WHERE created_on = ? GROUP BY user_id) AS due
       JOIN points AS last ON last.point_id = due.last_id
       LEFT JOIN daily_point_reports AS r
         ON r.report_date = ? AND r.user_id = due.user_id AND r.transaction_count = due.number
         AND r.earn_amount = due.earned AND r.use_amount = due.used AND r.cancel_amount = due.cancelled
         AND r.balance_snapshot = last.balance_snapshot
       WHERE r.user_id IS NULL`,
      [day, day],
    ),
  );
  return row?.count ?? 0;
}
