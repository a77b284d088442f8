import * as z from 'zod';
import { id, promotionStatus, promotionType } from '../../../schema/promotion.ts';
import type { DataApi, SqlExecutor } from '../../shared/data-api.ts';
import { toDateTime } from '../domain/seoul-time.ts';
import type { FinishedRun, Promotion, PromotionStore } from '../ports.ts';

const promotionRow = z.object({
  promotionId: id,
  promotionType,
  status: promotionStatus,
  totalAmount: z.string().nullable(),
  defaultReason: z.string().nullable(),
  defaultAmount: z.string().nullable(),
  defaultExpiryAt: z.string().nullable(),
});
const statusRow = z.object({ status: promotionStatus });
const latestRunRow = z.object({ runNumber: z.int(), executionId: z.string(), summaryId: id });
const dueRow = z.object({ promotionId: id, reservationAt: z.string() });
const existsRow = z.object({ found: z.int() });

export function sqlPromotionStore(db: DataApi): PromotionStore {
  return {
    async findPromotion(promotionId): Promise<Promotion | undefined> {
      const [row] = await db.query(
        promotionRow,
        `SELECT CAST(promotion_id AS CHAR) AS promotionId, promotion_type AS promotionType,
                promotion_status AS status, CAST(total_amount AS CHAR) AS totalAmount,
                default_reason AS defaultReason, CAST(default_amount AS CHAR) AS defaultAmount,
                CAST(default_expiry_at AS CHAR) AS defaultExpiryAt
         FROM campaign_promotions WHERE promotion_id = :promotionId`,
        { promotionId },
      );
      if (row === undefined) return undefined;
      const { defaultReason, defaultAmount, defaultExpiryAt, ...promotion } = row;
      const defaults = { reason: defaultReason, amount: defaultAmount, expiryAt: defaultExpiryAt };
      return { ...promotion, defaults };
    },

    promotionStatus: (promotionId) => statusOf(db, promotionId),

    async latestRun(promotionId) {
      const [row] = await db.query(
        latestRunRow,
        `SELECT r.run_number AS runNumber, r.execution_id AS executionId,
                CAST(s.promotion_summary_id AS CHAR) AS summaryId
         FROM campaign_runs r
         JOIN campaign_promotion_summary s ON s.promotion_id = r.promotion_id
         WHERE r.promotion_id = :promotionId
         ORDER BY r.run_number DESC LIMIT 1`,
        { promotionId },
      );
      return row;
    },

    beginRun: ({ promotionId, executionId, nowMs }) =>
      db.transaction(async (tx) => {
        const now = toDateTime(nowMs);
        const begun = await tx.execute(
          `UPDATE campaign_promotions SET promotion_status = 'IN_PROGRESS', updated_at = :now
           WHERE promotion_id = :promotionId AND promotion_status = 'READY'`,
          { promotionId, now },
        );
        if (begun === 0) return false;
        await tx.execute(
          `INSERT INTO campaign_promotion_summary (promotion_id, started_at) VALUES (:promotionId, :now)
           ON DUPLICATE KEY UPDATE started_at = COALESCE(started_at, VALUES(started_at)),
             completed_at = NULL, stopped_at = NULL, stopped_memo = NULL`,
          { promotionId, now },
        );
        await tx.execute(
          `INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at)
           SELECT :promotionId, COALESCE(MAX(run_number), 0) + 1, :executionId, :now
           FROM campaign_runs WHERE promotion_id = :promotionId`,
          { promotionId, executionId, now },
        );
        return true;
      }),

    async recordPartitionCount(promotionId, partitionCount) {
      await db.execute(
        'UPDATE campaign_promotions SET partition_count = :partitionCount WHERE promotion_id = :promotionId',
        { promotionId, partitionCount },
      );
    },

    async saveProgress(promotionId, progress) {
      await db.execute(
        `UPDATE campaign_promotion_summary
         SET published_count = :publishedCount, success_count = :successCount, fail_count = :failCount,
             retry_success_count = :retrySuccessCount
         WHERE promotion_id = :promotionId`,
        { promotionId, ...progress },
      );
    },

    async stopCampaign(promotionId, memo, nowMs) {
      const now = toDateTime(nowMs);
      await db.transaction(async (tx) => {
        const stopped = await leaveInProgress(tx, promotionId, 'STOPPED', now);
        if (stopped) await recordStop(tx, promotionId, memo, now);
      });
    },

    finishRun: ({ promotionId, runNumber, outcome, memo, nowMs }: FinishedRun) =>
      db.transaction(async (tx) => {
        const now = toDateTime(nowMs);
        const finished = await leaveInProgress(tx, promotionId, outcome, now);
        if (finished && outcome === 'FAILED') await recordStop(tx, promotionId, memo ?? '', now);
        if (finished && outcome === 'COMPLETED') {
          await tx.execute(
            'UPDATE campaign_promotion_summary SET completed_at = :now WHERE promotion_id = :promotionId',
            { promotionId, now },
          );
        }
        const status = (await statusOf(tx, promotionId)) ?? outcome;
        await tx.execute(
          `UPDATE campaign_runs SET ended_at = :now, outcome = :status
           WHERE promotion_id = :promotionId AND run_number = :runNumber AND ended_at IS NULL`,
          { promotionId, runNumber, status, now },
        );
        return status;
      }),

    duePromotions: (nowMs, limit) =>
      db.query(
        dueRow,
        `SELECT CAST(promotion_id AS CHAR) AS promotionId, CAST(reservation_at AS CHAR) AS reservationAt
         FROM campaign_promotions
         WHERE promotion_status = 'READY' AND reservation_at <= :now
         ORDER BY reservation_at, reservation_priority, promotion_id LIMIT ${limit}`,
        { now: toDateTime(nowMs) },
      ),

    async anyInProgress() {
      const rows = await db.query(
        existsRow,
        "SELECT 1 AS found FROM campaign_promotions WHERE promotion_status = 'IN_PROGRESS' LIMIT 1",
      );
      return rows.length > 0;
    },
  };
}

async function statusOf(db: SqlExecutor, promotionId: string) {
  const [row] = await db.query(
    statusRow,
    'SELECT promotion_status AS status FROM campaign_promotions WHERE promotion_id = :promotionId',
    { promotionId },
  );
  return row?.status;
}

/** The compare-and-set of every end: only a campaign that is IN_PROGRESS can leave it. */
async function leaveInProgress(
  tx: SqlExecutor,
  promotionId: string,
  status: 'COMPLETED' | 'FAILED' | 'STOPPED',
  now: string,
): Promise<boolean> {
  const changed = await tx.execute(
    `UPDATE campaign_promotions SET promotion_status = :status, updated_at = :now
     WHERE promotion_id = :promotionId AND promotion_status = 'IN_PROGRESS'`,
    { promotionId, status, now },
  );
  return changed > 0;
}

async function recordStop(tx: SqlExecutor, promotionId: string, memo: string, now: string): Promise<void> {
  await tx.execute(
    `UPDATE campaign_promotion_summary SET stopped_at = :now, stopped_memo = :memo
     WHERE promotion_id = :promotionId`,
    { promotionId, memo, now },
  );
}
