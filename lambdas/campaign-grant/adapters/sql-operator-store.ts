import * as z from 'zod';
import { RATE_VALID_MS } from '../../../schema/progress-rate.ts';
import { id, promotionStatus, promotionType } from '../../../schema/promotion.ts';
import type { DataApi, SqlExecutor } from '../../shared/data-api.ts';
import type { CampaignOverview } from '../domain/campaign-state.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import { MAX_ATTEMPTS } from '../domain/retry.ts';
import type { Failure, OperatorStore, PromotionKey } from '../ports.ts';
import { DATABASE_NOW_MS } from './sql-breaker-store.ts';
import { changeStatus } from './sql-promotion-store.ts';
import { SEEN_WITHIN_MS } from './sql-turn-store.ts';
import { TABLES } from './tables.ts';

const overviewRow = z.object({
  promotionId: id,
  promotionType,
  status: promotionStatus,
  reservationAt: z.string().nullable(),
  totalCount: z.int(),
  publishedCount: z.int(),
  successCount: z.int(),
  failCount: z.int(),
  retrySuccessCount: z.int(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  stoppedAt: z.string().nullable(),
  stoppedMemo: z.string().nullable(),
  runNumber: z.int(),
  executionId: z.string().nullable(),
  finalPerSecond: z.coerce.number().nullable(),
  asksForTurn: z.int().transform((asks) => asks === 1),
});
const surroundingsRow = z.object({
  paying: id.nullable(),
  breakerIsOpen: z.int().transform((open) => open === 1),
});
const failureRow = z.object({
  targetId: id,
  /** A customer that cannot be is one of the reasons. */
  customerUid: z.string(),
  cause: z.string().nullable(),
  reason: z.string().nullable(),
  attemptCount: z.int(),
  failedAt: z.string(),
});
const causeRow = z.object({ cause: z.string(), count: z.int() });

/** One row a campaign, each by its primary or a unique key: no target and no result is read. */
const OVERVIEW = `
  SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
         p.promotion_status AS status, CAST(p.reservation_at AS CHAR) AS reservationAt,
         COALESCE(m.total_count, p.total_count) AS totalCount,
         COALESCE(s.published_count, 0) AS publishedCount, COALESCE(s.success_count, 0) AS successCount,
         COALESCE(s.fail_count, 0) AS failCount, COALESCE(s.retry_success_count, 0) AS retrySuccessCount,
         CAST(s.started_at AS CHAR) AS startedAt, CAST(s.completed_at AS CHAR) AS completedAt,
         CAST(s.stopped_at AS CHAR) AS stoppedAt, s.stopped_memo AS stoppedMemo,
         COALESCE(r.run_number, 0) AS runNumber, r.execution_id AS executionId,
         CAST(IF(p.promotion_status = 'IN_PROGRESS' AND m.run_number = r.run_number
                 AND m.measured_ms > ${DATABASE_NOW_MS} - ${RATE_VALID_MS}, m.final_per_second, NULL) AS CHAR)
           AS finalPerSecond,
         w.promotion_id IS NOT NULL AS asksForTurn
  FROM campaign_promotions p
  LEFT JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
  LEFT JOIN campaign_progress m ON m.promotion_id = p.promotion_id
  LEFT JOIN campaign_turns w
    ON w.promotion_id = p.promotion_id AND w.seen_ms > ${DATABASE_NOW_MS} - ${SEEN_WITHIN_MS}
  LEFT JOIN campaign_runs r ON r.promotion_id = p.promotion_id
    AND r.run_number = (SELECT MAX(run_number) FROM campaign_runs WHERE promotion_id = p.promotion_id)`;

export function sqlOperatorStore(db: DataApi): OperatorStore {
  return {
    campaigns: (limit): Promise<CampaignOverview[]> =>
      db.query(
        overviewRow,
        `${OVERVIEW}
         ORDER BY p.promotion_status IN ('COMPLETED', 'FAILED', 'STOPPED'), p.promotion_id DESC LIMIT ${limit}`,
      ),

    async campaign(promotionId) {
      const [row] = await db.query(overviewRow, `${OVERVIEW} WHERE p.promotion_id = :promotionId`, {
        promotionId,
      });
      return row;
    },

    async surroundings() {
      const [row] = await db.query(
        surroundingsRow,
        `SELECT b.opened_ms IS NOT NULL AS breakerIsOpen,
                (SELECT CAST(MIN(promotion_id) AS CHAR) FROM campaign_promotions
                 WHERE promotion_status = 'IN_PROGRESS') AS paying
         FROM campaign_money_breaker b WHERE b.breaker_id = 1`,
      );
      if (row === undefined) throw new Error('the breaker has no row: the migrations have not run');
      return row;
    },

    async withdraw(promotionId, memo, nowMs) {
      const now = toDateTime(nowMs);
      return db.transaction(async (tx) => {
        const changed = await tx.execute(
          `UPDATE campaign_promotions SET promotion_status = 'STOPPED', updated_at = :now
           WHERE promotion_id = :promotionId AND promotion_status = 'READY'`,
          { promotionId, now },
        );
        if (changed === 0) return false;
        // Else those behind it would wait for it for another minute.
        await tx.execute('DELETE FROM campaign_turns WHERE promotion_id = :promotionId', { promotionId });
        await tx.execute(
          `INSERT INTO campaign_promotion_summary (promotion_id, stopped_at, stopped_memo)
           VALUES (:promotionId, :now, :memo)
           ON DUPLICATE KEY UPDATE stopped_at = VALUES(stopped_at), stopped_memo = VALUES(stopped_memo)`,
          { promotionId, now, memo },
        );
        return true;
      });
    },

    makeReady: (promotionId, nowMs) =>
      db.transaction((tx) =>
        changeStatus(tx, promotionId, { from: ['STOPPED', 'FAILED'], to: 'READY', nowMs }),
      ),

    async failures(of, { afterTargetId, limit, causes }) {
      const size = Math.min(limit, FAILURES_OF_A_STATEMENT);
      const found: Failure[] = [];
      for (let after = afterTargetId; ;) {
        const page = await failuresAfter(db, of, after, size);
        found.push(
          ...page.filter(({ cause }) => causes === undefined || (cause !== null && causes.includes(cause))),
        );
        const last = page.at(-1);
        if (last === undefined || page.length < size || found.length >= limit) return found.slice(0, limit);
        after = last.targetId;
      }
    },

    redrivable: ({ promotionId, promotionType }, { causes, targetIds }) => {
      const { results, targetId } = TABLES[promotionType];
      return db.query(
        causeRow,
        `SELECT d.cause AS cause, COUNT(*) AS count
         FROM campaign_dead_letters d
         JOIN ${results} r ON r.${targetId} = d.target_id AND r.process_status = 'FAILED'
         WHERE d.promotion_id = :promotionId AND d.promotion_type = :promotionType
           AND (:causes IS NULL OR d.cause COLLATE utf8mb4_bin IN (
             SELECT asked.cause FROM JSON_TABLE(:causes, '$[*]' COLUMNS (cause VARCHAR(60) PATH '$')) AS asked))
           AND (:targetIds IS NULL OR d.target_id IN (
             SELECT asked.id FROM JSON_TABLE(:targetIds, '$[*]' COLUMNS (id BIGINT PATH '$')) AS asked))
         GROUP BY d.cause ORDER BY d.cause`,
        {
          promotionId,
          promotionType,
          causes: causes === undefined ? null : JSON.stringify(causes),
          targetIds: targetIds === undefined ? null : JSON.stringify(targetIds),
        },
      );
    },
  };
}

/** Within the Data API's 1 MiB an answer, even where every reason has its 500 characters. */
const FAILURES_OF_A_STATEMENT = 300;

/**
 * The index is (promotion_id, process_status, attempt_count, id): the failures of each count are read in order from it,
 * and merged, so that a page costs a page however many there are. It is named, or MariaDB reads each count from its
 * start and passes over what comes before the page.
 */
function failuresAfter(
  db: SqlExecutor,
  { promotionId, promotionType }: PromotionKey,
  after: string,
  limit: number,
): Promise<Failure[]> {
  const { targets, results, targetId } = TABLES[promotionType];
  const counts = Array.from({ length: MAX_ATTEMPTS + 1 }, (_, count) => `= ${count}`);
  const ids = [...counts, `> ${MAX_ATTEMPTS}`].map(
    (attempts) =>
      `(SELECT ${targetId} AS id FROM ${results} FORCE INDEX (ix_${results}_status)
        WHERE promotion_id = :promotionId AND process_status = 'FAILED' AND attempt_count ${attempts}
          AND ${targetId} > :after
        ORDER BY ${targetId} LIMIT ${limit})`,
  );
  return db.query(
    failureRow,
    `SELECT CAST(ids.id AS CHAR) AS targetId, CAST(t.customer_uid AS CHAR) AS customerUid, d.cause AS cause,
            COALESCE(d.error_message, r.error_message) AS reason, r.attempt_count AS attemptCount,
            CAST(r.updated_at AS CHAR) AS failedAt
     FROM (${ids.join(' UNION ALL ')} ORDER BY id LIMIT ${limit}) AS ids
     JOIN ${results} r ON r.${targetId} = ids.id
     JOIN ${targets} t ON t.${targetId} = ids.id
     LEFT JOIN campaign_dead_letters d
       ON d.dead_letter_key = CONCAT(:promotionType, '-', :promotionId, '-', ids.id)
     ORDER BY ids.id`,
    { promotionId, promotionType, after },
  );
}
