import * as z from 'zod';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { SqlDatabase } from '../../shared/data-api.ts';
import { pageEnd } from '../../shared/jobs/page-end.ts';
import { recentDays } from '../domain/hour.ts';
import type { PushStore } from '../ports.ts';

const openRow = z.object({
  memberId: z.string(),
  dong: z.string(),
  left: z.int().transform((left) => left === 1),
});
const memberRow = z.object({ memberId: z.string() });
const figuresRow = z.object({
  members: z.int(),
  sent: z.int(),
  withoutTokens: z.int(),
  withoutActiveEvents: z.int(),
  skippedMembers: z.int(),
  unconfirmed: z.int(),
});
const eventsRow = z.object({ dong: z.string(), events: z.int() });

/** Of one statement: a few hundred kilobytes of JSON. */
const STORES_A_QUERY = 10_000;

const OF_HOUR = 'run_date = :runDate AND target_hour = :targetHour';
const UNCLAIMED = "p.push_status IN ('PENDING', 'SKIPPED')";
const IN_RANGE = 'member_id > :afterId AND member_id <= :toId';

/**
 * Members are looked up one by one (STRAIGHT_JOIN): where statistics are older than the rows of the hour, the optimizer
 * may go through all of them instead, and an UPDATE locks what it goes through, for which the other ranges would wait.
 */
export function sqlPushStore(db: SqlDatabase): PushStore {
  return {
    async collectMembers({ runDate, targetHour }, { afterId, toId }) {
      const [newest, middle, oldest] = recentDays(runDate);
      await db.execute(
        // The days one by one: of a span of them the index is read through all hours.
        `INSERT IGNORE INTO coupon_pushes (run_date, target_hour, member_id, dong)
         SELECT :newest, :targetHour, s.member_id, s.top_dong
         FROM coupon_usage_stats s FORCE INDEX (ix_coupon_usage_stats_hour)
         WHERE s.run_date IN (:newest, :middle, :oldest) AND s.top_hour = :targetHour
           AND s.member_id > :afterId AND s.member_id <= :toId
           AND s.run_date = (SELECT n.run_date FROM coupon_usage_stats n FORCE INDEX (uk_coupon_usage_stats_member)
                             WHERE n.member_id = s.member_id AND n.run_date <= :newest
                             ORDER BY n.run_date DESC LIMIT 1)`,
        { targetHour, newest, middle, oldest, afterId, toId },
      );
    },

    memberRangeEnd: ({ afterId, toId }, size) =>
      pageEnd(
        db,
        'member_id',
        `coupon_usage_stats FORCE INDEX (uk_coupon_usage_stats_member) WHERE ${IN_RANGE}`,
        size,
        { afterId, toId },
      ),

    open: ({ runDate, targetHour }, { afterId, toId }, limit) =>
      db.query(
        openRow,
        `SELECT CAST(member_id AS CHAR) AS memberId, dong AS dong, IF(push_status = 'SENDING', 1, 0) AS \`left\`
         FROM coupon_pushes
         WHERE ${OF_HOUR} AND ${IN_RANGE} AND push_status IN ('PENDING', 'SKIPPED', 'SENDING')
         ORDER BY member_id LIMIT ${limit}`,
        { runDate, targetHour, afterId, toId },
      ),

    async claim({ runDate, targetHour }, memberIds, token) {
      const of = { runDate, targetHour, token };
      const changed = await db.execute(
        `UPDATE JSON_TABLE(:memberIds, '$[*]' COLUMNS (member_id BIGINT PATH '$')) m
         STRAIGHT_JOIN coupon_pushes p ON p.member_id = m.member_id
         SET p.push_status = 'SENDING', p.claimed_by = :token, p.reason = NULL
         WHERE p.run_date = :runDate AND p.target_hour = :targetHour AND ${UNCLAIMED}`,
        { ...of, memberIds: JSON.stringify(memberIds) },
      );
      if (changed === memberIds.length) return [...memberIds];
      // Another run has some of them, or the answer of our own statement was lost.
      const rows = await db.query(
        memberRow,
        `SELECT CAST(p.member_id AS CHAR) AS memberId
         FROM JSON_TABLE(:memberIds, '$[*]' COLUMNS (member_id BIGINT PATH '$')) m
         STRAIGHT_JOIN coupon_pushes p ON p.member_id = m.member_id
         WHERE p.run_date = :runDate AND p.target_hour = :targetHour AND p.claimed_by = :token`,
        { ...of, memberIds: JSON.stringify(memberIds) },
      );
      return rows.map((row) => row.memberId);
    },

    async settle({ runDate, targetHour, jobRunId }, settled, token) {
      if (settled.length === 0) return;
      await db.execute(
        `UPDATE JSON_TABLE(:rows, '$[*]' COLUMNS (
           member_id BIGINT PATH '$.memberId', push_status VARCHAR(20) PATH '$.status',
           reason VARCHAR(40) PATH '$.reason')) r
         STRAIGHT_JOIN coupon_pushes p ON p.member_id = r.member_id
         SET p.push_status = r.push_status, p.reason = r.reason, p.job_run_id = :jobRunId
         WHERE p.run_date = :runDate AND p.target_hour = :targetHour AND ${
           token === undefined
             ? UNCLAIMED
             : // Somebody may have taken us for dead.
               "p.claimed_by = :token AND p.push_status IN ('SENDING', 'UNCONFIRMED')"
         }`,
        {
          runDate,
          targetHour,
          jobRunId,
          rows: JSON.stringify(settled),
          ...(token === undefined ? {} : { token }),
        },
      );
    },

    async leave({ runDate, targetHour, jobRunId }, memberIds) {
      await db.execute(
        `UPDATE JSON_TABLE(:memberIds, '$[*]' COLUMNS (member_id BIGINT PATH '$')) m
         STRAIGHT_JOIN coupon_pushes p ON p.member_id = m.member_id
         SET p.push_status = 'UNCONFIRMED', p.reason = NULL, p.job_run_id = :jobRunId
         WHERE p.run_date = :runDate AND p.target_hour = :targetHour AND p.push_status = 'SENDING'`,
        { runDate, targetHour, jobRunId, memberIds: JSON.stringify(memberIds) },
      );
    },

    async settledFigures({ runDate, targetHour, jobRunId }, { afterId, toId }) {
      const [row] = await db.query(
        figuresRow,
        `SELECT COUNT(*) AS members,
                COUNT(IF(push_status = 'SENT', 1, NULL)) AS sent,
                COUNT(IF(push_status = 'NO_TOKENS', 1, NULL)) AS withoutTokens,
                COUNT(IF(push_status = 'NO_ACTIVE_EVENTS', 1, NULL)) AS withoutActiveEvents,
                COUNT(IF(push_status = 'SKIPPED', 1, NULL)) AS skippedMembers,
                COUNT(IF(push_status = 'UNCONFIRMED', 1, NULL)) AS unconfirmed
         FROM coupon_pushes
         WHERE ${OF_HOUR} AND ${IN_RANGE} AND job_run_id = :jobRunId AND push_status <> 'SENDING'`,
        { runDate, targetHour, jobRunId, afterId, toId },
      );
      return row ?? {};
    },

    async activeEvents(storesByDong, nowMs) {
      const pairs = [...storesByDong].flatMap(([dong, storeIds]) =>
        storeIds.map((storeId) => ({ dong, storeId })),
      );
      const counts = new Map<string, number>();
      for (let start = 0; start < pairs.length; start += STORES_A_QUERY) {
        const rows = await db.query(
          eventsRow,
          `SELECT d.dong AS dong, COUNT(*) AS events
           FROM JSON_TABLE(:pairs, '$[*]' COLUMNS (
             dong VARCHAR(60) COLLATE utf8mb4_bin PATH '$.dong', store_id BIGINT PATH '$.storeId')) d
           JOIN coupon_events e ON e.store_id = d.store_id AND e.start_at <= :now AND e.end_at > :now
           GROUP BY d.dong`,
          { pairs: JSON.stringify(pairs.slice(start, start + STORES_A_QUERY)), now: toDateTime(nowMs) },
        );
        for (const { dong, events } of rows) counts.set(dong, (counts.get(dong) ?? 0) + events);
      }
      return counts;
    },
  };
}
