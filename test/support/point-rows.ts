/** Makers of the point service's rows, and what the reports say. */
import type { Pool, RowDataPacket } from 'mysql2/promise';

export interface BalanceInput {
  readonly userId: number | string;
  readonly balance?: number | string;
  readonly version?: number | string;
}

export async function insertBalances(sql: Pool, balances: readonly BalanceInput[]): Promise<void> {
  for (let from = 0; from < balances.length; from += 10_000) {
    const rows = balances
      .slice(from, from + 10_000)
      .map(({ userId, balance = 100, version = 1 }) => [userId, balance, version]);
    await sql.query('INSERT INTO point_balances (user_id, balance, version) VALUES ?', [rows]);
  }
}

export interface TransactionInput {
  readonly userId: number | string;
  /** DATETIME(3), Asia/Seoul. */
  readonly at: string;
  readonly type?: string;
  readonly amount?: number | string;
  /** The balance after it. */
  readonly snapshot?: number | string;
}

/** In this order. */
export async function insertTransactions(
  sql: Pool,
  transactions: readonly TransactionInput[],
): Promise<void> {
  for (let from = 0; from < transactions.length; from += 10_000) {
    const rows = transactions
      .slice(from, from + 10_000)
      .map(({ userId, at, type = 'EARN', amount = 10, snapshot = 100 }) => [
        userId,
        amount,
        type,
        snapshot,
        at,
      ]);
    await sql.query('INSERT INTO points (user_id, amount, type, balance_snapshot, created_at) VALUES ?', [
      rows,
    ]);
  }
}

export interface ReportLook {
  readonly userId: string;
  readonly earn: string;
  readonly use: string;
  readonly cancel: string;
  readonly snapshot: string;
  readonly counts: string;
  readonly peakHour: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** counts: of all, of EARN, USE and CANCEL, of unknown types. */
export async function reportsOf(sql: Pool, day: string): Promise<ReportLook[]> {
  const [rows] = await sql.query<(ReportLook & RowDataPacket)[]>(
    `SELECT CAST(user_id AS CHAR) AS userId, CAST(earn_amount AS CHAR) AS earn, CAST(use_amount AS CHAR) AS \`use\`,
            CAST(cancel_amount AS CHAR) AS cancel, CAST(balance_snapshot AS CHAR) AS snapshot,
            CONCAT_WS(' ', transaction_count, earn_count, use_count, cancel_count, unknown_count) AS counts,
            peak_hour AS peakHour, CAST(first_at AS CHAR) AS firstAt, CAST(last_at AS CHAR) AS lastAt
     FROM daily_point_reports WHERE report_date = ? ORDER BY user_id`,
    [day],
  );
  return rows;
}
