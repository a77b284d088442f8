import * as z from 'zod';
import { id } from '../../../schema/promotion.ts';
import type { DataApi } from '../../shared/data-api.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { TurnStore } from '../ports.ts';
import { DATABASE_NOW_MS } from './sql-breaker-store.ts';

/** Whoever waits shows itself every few seconds. Longer than a retried invocation is away. */
export const SEEN_WITHIN_MS = 60_000;
/**
 * A promotion whose reservation has just come keeps those behind it waiting though its own execution is not there
 * yet: Scheduler is exact to a minute, and the reconciler looks once a minute.
 */
const EXPECTED_WITHIN_SECONDS = 120;

const paysRow = z.object({ pays: z.int() });
const firstRow = z.object({ promotionId: id });

export function sqlTurnStore(db: DataApi): TurnStore {
  return {
    async askForTurn({ promotionId, executionId, nowMs }) {
      const now = toDateTime(nowMs);
      await db.execute(
        `INSERT INTO campaign_turns (promotion_id, execution_id, asked_at, seen_ms)
         VALUES (:promotionId, :executionId, :now, ${DATABASE_NOW_MS})
         ON DUPLICATE KEY UPDATE execution_id = VALUES(execution_id), seen_ms = VALUES(seen_ms)`,
        { promotionId, executionId, now },
      );
      const [other] = await db.query(
        paysRow,
        `SELECT COUNT(*) AS pays FROM campaign_promotions
         WHERE promotion_status = 'IN_PROGRESS' AND promotion_id <> :promotionId`,
        { promotionId },
      );
      if ((other?.pays ?? 0) > 0) return false;
      const [first] = await db.query(
        firstRow,
        `SELECT CAST(p.promotion_id AS CHAR) AS promotionId
         FROM campaign_promotions p
         LEFT JOIN campaign_turns w
           ON w.promotion_id = p.promotion_id AND w.seen_ms > ${DATABASE_NOW_MS} - ${SEEN_WITHIN_MS}
         WHERE w.promotion_id IS NOT NULL
            OR (p.promotion_status = 'READY' AND p.reservation_at <= :now AND p.reservation_at > :expectedSince)
         ORDER BY COALESCE(p.reservation_at, w.asked_at), p.reservation_priority, p.promotion_id LIMIT 1`,
        { now, expectedSince: toDateTime(nowMs - EXPECTED_WITHIN_SECONDS * 1000) },
      );
      return first === undefined || first.promotionId === promotionId;
    },
  };
}
