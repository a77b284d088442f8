/** The favourites of three nights, of whose members a fifth is told in the hour. */
import type { Pool } from 'mysql2/promise';
import type { DemoDays } from '../../demo/coupon-stats/days.ts';
import { OFFSETS, inChunks, upTo } from '../made-rows.ts';

export interface HourSpec {
  /** Of the hour. */
  readonly members: number;
  readonly dongs: readonly string[];
  readonly seed: number;
  readonly days: Pick<DemoDays, 'yesterday' | 'dayBefore' | 'tooEarly' | 'targetHour'>;
}

const MEMBERS_PER_INSERT = 10_000;
const OF_ALL = 5;

/**
 * Of every hundred members 18 have the hour in yesterday's favourite, two in the one of the day before, which is their
 * newest: they are told. Ten had it in an older one and have another since, two in one that is too old.
 */
export async function loadFavourites(db: Pool, { members, dongs, seed, days }: HourSpec): Promise<void> {
  for (const table of ['coupon_usage_stats', 'coupon_pushes', 'coupon_events']) {
    await db.query(`TRUNCATE TABLE ${table}`);
  }
  const { yesterday, dayBefore, tooEarly, targetHour } = days;
  await inChunks(members * OF_ALL, MEMBERS_PER_INSERT, async (from, count) => {
    await db.query(
      `INSERT INTO coupon_usage_stats
         (member_id, run_date, top_dong, top_hour, use_count, job_run_id, aggregated_at)
       SELECT member_id, run_date, ELT(1 + MOD(member_id * 7919 + ago + ?, ?), ?),
              IF(is_of_hour, ?, MOD(? + 1 + MOD(member_id * 31 + ago, 23), 24)), 5 + MOD(member_id, 9), 0,
              CAST(run_date AS DATETIME)
       FROM (SELECT member_id, run_date, ago,
                    CASE ago WHEN 1 THEN kind < 18 WHEN 2 THEN kind BETWEEN 18 AND 29 ELSE kind IN (30, 31) END
                      AS is_of_hour,
                    CASE ago WHEN 1 THEN kind NOT IN (18, 19, 30, 31) WHEN 2 THEN kind NOT IN (30, 31) ELSE TRUE END
                      AS is_there
             FROM (SELECT ? + n AS member_id, MOD(? + n, 100) AS kind FROM ${OFFSETS}) AS members
             JOIN (SELECT 1 AS ago, CAST(? AS DATE) AS run_date UNION ALL SELECT 2, ? UNION ALL SELECT 3, ?) AS days)
         AS made
       WHERE is_there`,
      [
        ...[seed, dongs.length, dongs, targetHour, targetHour],
        ...[from + 1, from + 1, upTo(count), yesterday, dayBefore, tooEarly],
      ],
    );
  });
  await db.query('ANALYZE TABLE coupon_usage_stats');
}

/** Who is to be told, by the same arithmetic, and of which district. */
export function membersToTell({ members, dongs, seed }: HourSpec): Map<number, string> {
  const toTell = new Map<number, string>();
  for (let memberId = 1; memberId <= members * OF_ALL; memberId += 1) {
    const kind = memberId % 100;
    if (kind > 19) continue;
    const ago = kind < 18 ? 1 : 2;
    toTell.set(memberId, dongs[(memberId * 7919 + ago + seed) % dongs.length] ?? '');
  }
  return toTell;
}
