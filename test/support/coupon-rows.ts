/** Makers of the coupon service's rows, and what the favourites say. */
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { JobName } from '../../schema/jobs.ts';

export async function insertJobRun(sql: Pool, jobName: JobName = 'coupon-usage-stats'): Promise<string> {
  const [result] = await sql.query<ResultSetHeader>(
    `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at)
     VALUES (?, '2026-11-20', 'RUNNING', 'test', '2026-11-21 01:00:00.000')`,
    [jobName],
  );
  return String(result.insertId);
}

export interface HistoryInput {
  readonly memberId: number | string;
  readonly storeId: number | string;
  /** DATETIME(3), Asia/Seoul. */
  readonly at: string;
}

export async function insertHistories(sql: Pool, histories: readonly HistoryInput[]): Promise<void> {
  for (let from = 0; from < histories.length; from += 10_000) {
    const rows = histories
      .slice(from, from + 10_000)
      .map(({ memberId, storeId, at }) => [memberId, storeId, at]);
    await sql.query('INSERT INTO coupon_histories (member_id, store_id, used_at) VALUES ?', [rows]);
  }
}

export interface FavouriteInput {
  readonly memberId: number | string;
  readonly runDate: string;
  readonly dong?: string;
  readonly hour?: number;
  readonly jobRunId?: string;
}

export async function insertFavourites(sql: Pool, favourites: readonly FavouriteInput[]): Promise<void> {
  const rows = favourites.map(({ memberId, runDate, dong = 'Yeoksam-dong', hour = 12, jobRunId = '1' }) => [
    memberId,
    runDate,
    dong,
    hour,
    5,
    jobRunId,
    '2026-11-21 01:00:00.000',
  ]);
  await sql.query(
    `INSERT INTO coupon_usage_stats
       (member_id, run_date, top_dong, top_hour, use_count, job_run_id, aggregated_at) VALUES ?`,
    [rows],
  );
}

export interface FavouriteLook {
  readonly memberId: string;
  readonly dong: string;
  readonly hour: number;
  readonly uses: number;
}

export async function favouritesOf(sql: Pool, runDate: string): Promise<FavouriteLook[]> {
  const [rows] = await sql.query<(FavouriteLook & RowDataPacket)[]>(
    `SELECT CAST(member_id AS CHAR) AS memberId, top_dong AS dong, top_hour AS hour, use_count AS uses
     FROM coupon_usage_stats WHERE run_date = ? ORDER BY member_id`,
    [runDate],
  );
  return rows;
}
