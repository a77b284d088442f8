import * as z from 'zod';
import { id, promotionStatus, promotionType } from '../../../schema/promotion.ts';
import type { PromotionStatus } from '../../../schema/promotion.ts';
import type { DataApi, SqlExecutor } from '../../shared/data-api.ts';
import { endedAlert } from '../domain/alerts.ts';
import type { EndedOutcome, StoppedBy } from '../domain/alerts.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { BeginFrom, FinishedRun, Promotion, PromotionKey, PromotionStore } from '../ports.ts';
import { raiseAlert } from './sql-alert-store.ts';
import { DATABASE_NOW_MS } from './sql-breaker-store.ts';
import { TABLES } from './tables.ts';

const promotionRow = z.object({
  promotionId: id,
  promotionType,
  status: promotionStatus,
  totalAmount: z.string().nullable(),
  defaultReason: z.string().nullable(),
  defaultAmount: z.string().nullable(),
  defaultExpiryAt: z.string().nullable(),
  reservationAt: z.string().nullable(),
});
const statusRow = z.object({ status: promotionStatus });
const latestRunRow = z.object({ runNumber: z.int(), executionId: z.string(), summaryId: id });
const runRow = z.object({
  promotionId: id,
  promotionType,
  status: z.enum(['IN_PROGRESS', 'STOPPED', 'FAILED']),
  executionId: z.string(),
  runNumber: z.int(),
  isWoundUp: z.int().transform((ended) => ended === 1),
});
const awaitedRow = z.object({ promotionId: id, reservationAt: z.string().nullable(), runNumber: z.int() });
const lockRow = z.object({ id: z.int() });
const openRow = z.object({ open: z.int(), pending: z.int() });
const endRow = z.object({ status: promotionStatus, openRunNumber: z.int().nullable() });
const otherRow = z.object({ others: z.int() });
const runNumberRow = z.object({ runNumber: z.int().nullable() });

/** Promotions that are awaited at once: more than are ever reserved, and within the Data API's answer. */
const MOST_AWAITED = 5_000;

/** A statement that is repeated because its answer was lost measures nothing. */
const SHORTEST_MEASURE_MS = 1_000;

const IS_LATEST_RUN =
  ':runNumber = (SELECT MAX(run_number) FROM campaign_runs WHERE promotion_id = :promotionId)';

export function sqlPromotionStore(db: DataApi): PromotionStore {
  return {
    async findPromotion(promotionId): Promise<Promotion | undefined> {
      const [row] = await db.query(
        promotionRow,
        // Frozen defaults, where there are any, stand for all three columns, NULL ones too.
        `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
                p.promotion_status AS status, CAST(p.total_amount AS CHAR) AS totalAmount,
                IF(f.promotion_id IS NULL, p.default_reason, f.default_reason) AS defaultReason,
                CAST(IF(f.promotion_id IS NULL, p.default_amount, f.default_amount) AS CHAR) AS defaultAmount,
                CAST(IF(f.promotion_id IS NULL, p.default_expiry_at, f.default_expiry_at) AS CHAR) AS defaultExpiryAt,
                CAST(p.reservation_at AS CHAR) AS reservationAt
         FROM campaign_promotions p
         LEFT JOIN campaign_frozen_defaults f ON f.promotion_id = p.promotion_id
         WHERE p.promotion_id = :promotionId`,
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

    async isPaying({ promotionId, runNumber }) {
      const rows = await db.query(
        statusRow,
        `SELECT promotion_status AS status FROM campaign_promotions
         WHERE promotion_id = :promotionId AND promotion_status = 'IN_PROGRESS' AND ${IS_LATEST_RUN}`,
        { promotionId, runNumber },
      );
      return rows.length > 0;
    },

    beginRun: ({ promotionId, executionId, from, nowMs }) =>
      db.transaction(async (tx) => {
        const now = toDateTime(nowMs);
        // Every start takes this row first: of two at the same moment, the second reads what the first committed.
        await tx.query(lockRow, 'SELECT lock_id AS id FROM campaign_turn_lock WHERE lock_id = 1 FOR UPDATE');
        const [row] = await tx.query(
          otherRow,
          `SELECT COUNT(*) AS others FROM campaign_promotions
           WHERE promotion_status = 'IN_PROGRESS' AND promotion_id <> :promotionId`,
          { promotionId },
        );
        if ((row?.others ?? 0) > 0) return 'another-pays';
        if (!(await enterInProgress(tx, promotionId, from, nowMs))) return 'refused';
        await tx.execute(
          `INSERT INTO campaign_promotion_summary (promotion_id, started_at) VALUES (:promotionId, :now)
           ON DUPLICATE KEY UPDATE started_at = COALESCE(started_at, VALUES(started_at)),
             completed_at = NULL, stopped_at = NULL, stopped_memo = NULL`,
          { promotionId, now },
        );
        await tx.execute(
          `UPDATE campaign_runs SET ended_at = :now, outcome = 'CONTINUED'
           WHERE promotion_id = :promotionId AND ended_at IS NULL`,
          { promotionId, now },
        );
        await tx.execute(
          `INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at)
           SELECT :promotionId, COALESCE(MAX(run_number), 0) + 1, :executionId, :now
           FROM campaign_runs WHERE promotion_id = :promotionId`,
          { promotionId, executionId, now },
        );
        await tx.execute(
          `INSERT IGNORE INTO campaign_frozen_defaults
             (promotion_id, default_reason, default_amount, default_expiry_at, frozen_at)
           SELECT promotion_id, default_reason, default_amount, default_expiry_at, :now
           FROM campaign_promotions WHERE promotion_id = :promotionId`,
          { promotionId, now },
        );
        await tx.execute('DELETE FROM campaign_turns WHERE promotion_id = :promotionId', { promotionId });
        return 'begun';
      }),

    async recordPartitionCount(promotionId, partitionCount) {
      await db.execute(
        'UPDATE campaign_promotions SET partition_count = :partitionCount WHERE promotion_id = :promotionId',
        { promotionId, partitionCount },
      );
    },

    async saveProgress({ promotionId, runNumber, totalCount }, progress) {
      const finalCount = progress.successCount + progress.failCount;
      // Columns are assigned from left to right: what the rate is made of is replaced after it. Counters that were set
      // anew may say less than before.
      await db.execute(
        `INSERT INTO campaign_progress (promotion_id, run_number, total_count, final_count, measured_ms)
         SELECT :promotionId, :runNumber, :totalCount, :finalCount, ${DATABASE_NOW_MS}
         FROM campaign_promotions p
         WHERE p.promotion_id = :promotionId AND p.promotion_status = 'IN_PROGRESS' AND ${IS_LATEST_RUN}
         ON DUPLICATE KEY UPDATE
           final_per_second = CASE
             WHEN run_number <> VALUES(run_number) THEN NULL
             WHEN VALUES(measured_ms) - measured_ms < ${SHORTEST_MEASURE_MS} THEN final_per_second
             ELSE GREATEST(VALUES(final_count) - final_count, 0) * 1000 / (VALUES(measured_ms) - measured_ms) END,
           run_number = VALUES(run_number), total_count = VALUES(total_count),
           final_count = VALUES(final_count), measured_ms = VALUES(measured_ms)`,
        { promotionId, runNumber, totalCount, finalCount },
      );
      await db.execute(
        `UPDATE campaign_promotion_summary s
         JOIN campaign_promotions p ON p.promotion_id = s.promotion_id
         SET s.published_count = :publishedCount, s.success_count = :successCount, s.fail_count = :failCount,
             s.retry_success_count = :retrySuccessCount
         WHERE p.promotion_id = :promotionId AND p.promotion_status = 'IN_PROGRESS' AND ${IS_LATEST_RUN}`,
        {
          promotionId,
          runNumber,
          publishedCount: progress.publishedCount,
          successCount: progress.successCount,
          failCount: progress.failCount,
          retrySuccessCount: progress.retrySuccessCount,
        },
      );
    },

    recount: (of) => recount(db, of),

    async stopCampaign(promotionId, memo, nowMs, by) {
      const now = toDateTime(nowMs);
      return db.transaction(async (tx) => {
        const stopped = await leaveInProgress(tx, { promotionId, stoppedBy: by }, 'STOPPED', nowMs);
        if (stopped) await recordStop(tx, promotionId, memo, now);
        return stopped;
      });
    },

    finishRun: ({ promotionId, promotionType, runNumber, outcome, memo, nowMs }: FinishedRun) =>
      db.transaction(async (tx) => {
        const now = toDateTime(nowMs);
        const status = await recordEndByHand(tx, promotionId, nowMs);
        if (status !== 'IN_PROGRESS') return status ?? outcome;
        if (outcome === 'COMPLETED' && (await anyOpenTarget(tx, { promotionId, promotionType })))
          return status;
        const finished = await leaveInProgress(tx, { promotionId, runNumber }, outcome, nowMs);
        if (finished && outcome === 'FAILED') await recordStop(tx, promotionId, memo ?? '', now);
        if (finished && outcome === 'COMPLETED') {
          await tx.execute(
            'UPDATE campaign_promotion_summary SET completed_at = :now WHERE promotion_id = :promotionId',
            { promotionId, now },
          );
          await recount(tx, { promotionId, promotionType });
          await tx.execute(
            `UPDATE campaign_runs SET ended_at = :now, outcome = 'COMPLETED'
             WHERE promotion_id = :promotionId AND run_number = :runNumber AND ended_at IS NULL`,
            { promotionId, runNumber, now },
          );
        }
        return (await statusOf(tx, promotionId)) ?? outcome;
      }),

    closeRun: ({ executionId, outcome, memo, nowMs }) =>
      db.transaction(async (tx) => {
        const now = toDateTime(nowMs);
        const open = await openRunsOf(tx, nowMs);
        const run = open.find(
          (candidate) => candidate.executionId === executionId && candidate.status === 'IN_PROGRESS',
        );
        if (run === undefined) return undefined;
        const { promotionId, promotionType, runNumber } = run;
        if (!(await leaveInProgress(tx, { promotionId, runNumber }, outcome, nowMs))) return undefined;
        await recordStop(tx, promotionId, memo, now);
        return { promotionId, promotionType };
      }),

    openRuns: (woundUpSinceMs) => openRunsOf(db, woundUpSinceMs),

    endStoppedRun: (promotionId, nowMs) =>
      db.transaction(async (tx) => {
        const outcome = await recordEndByHand(tx, promotionId, nowMs);
        if (outcome !== 'STOPPED' && outcome !== 'FAILED') return;
        await tx.execute(
          `UPDATE campaign_runs SET ended_at = :now, outcome = :outcome
           WHERE promotion_id = :promotionId AND ended_at IS NULL`,
          { promotionId, outcome, now: toDateTime(nowMs) },
        );
      }),

    awaitedPromotions: () =>
      db.query(
        awaitedRow,
        `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, CAST(p.reservation_at AS CHAR) AS reservationAt,
                COALESCE(MAX(r.run_number), 0) AS runNumber
         FROM campaign_promotions p
         LEFT JOIN campaign_runs r ON r.promotion_id = p.promotion_id
         WHERE p.promotion_status = 'READY'
         GROUP BY p.promotion_id, p.reservation_at, p.reservation_priority
         HAVING p.reservation_at IS NOT NULL OR runNumber > 0
         ORDER BY p.reservation_at, p.reservation_priority, p.promotion_id LIMIT ${MOST_AWAITED}`,
      ),
  };
}

function openRunsOf(db: SqlExecutor, woundUpSinceMs: number) {
  return db.query(
    runRow,
    `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
            p.promotion_status AS status, r.execution_id AS executionId, r.run_number AS runNumber,
            r.ended_at IS NOT NULL AS isWoundUp
     FROM campaign_promotions p
     JOIN campaign_runs r ON r.promotion_id = p.promotion_id
     WHERE (p.promotion_status = 'IN_PROGRESS'
            OR (p.promotion_status IN ('STOPPED', 'FAILED') AND (r.ended_at IS NULL OR r.ended_at > :since)))
       AND r.run_number = (SELECT MAX(run_number) FROM campaign_runs WHERE promotion_id = p.promotion_id)`,
    { since: toDateTime(woundUpSinceMs) },
  );
}

/** The compare-and-set of every beginning. */
async function enterInProgress(
  tx: SqlExecutor,
  promotionId: string,
  from: BeginFrom,
  nowMs: number,
): Promise<boolean> {
  if ('statuses' in from) {
    return changeStatus(tx, promotionId, { from: from.statuses, to: 'IN_PROGRESS', nowMs });
  }
  // Locked, so that a stop comes before this or after it.
  if ((await lockedStatusOf(tx, promotionId)) !== 'IN_PROGRESS') return false;
  const latest = (await openRunsOf(tx, Date.parse('9999-12-31'))).find(
    (run) => run.promotionId === promotionId,
  );
  return latest?.executionId === from.latestExecutionId && latest.runNumber === from.runNumber;
}

/**
 * Of a campaign whose status was set to STOPPED or FAILED by hand nobody has told, nor said why: whoever finds its run
 * still open does.
 * @returns the status, locked
 */
async function recordEndByHand(
  tx: SqlExecutor,
  promotionId: string,
  nowMs: number,
): Promise<PromotionStatus | undefined> {
  const [row] = await tx.query(
    endRow,
    `SELECT p.promotion_status AS status,
            (SELECT MAX(r.run_number) FROM campaign_runs r
             WHERE r.promotion_id = p.promotion_id AND r.ended_at IS NULL) AS openRunNumber
     FROM campaign_promotions p WHERE p.promotion_id = :promotionId FOR UPDATE`,
    { promotionId },
  );
  if (row === undefined) return undefined;
  const { status, openRunNumber: runNumber } = row;
  if (runNumber !== null && (status === 'STOPPED' || status === 'FAILED')) {
    await tx.execute(
      `UPDATE campaign_promotion_summary
       SET stopped_at = COALESCE(stopped_at, :now),
           stopped_memo = COALESCE(stopped_memo, CONCAT('the status was set to ', :status))
       WHERE promotion_id = :promotionId`,
      { promotionId, status, now: toDateTime(nowMs) },
    );
    // There already where it was no hand.
    await raiseAlert(tx, { ...endedAlert({ promotionId, runNumber }, status), raisedAtMs: nowMs });
  }
  return status;
}

/** @returns whether it was in one of the statuses `from` */
export async function changeStatus(
  tx: SqlExecutor,
  promotionId: string,
  change: {
    readonly from: readonly PromotionStatus[];
    readonly to: 'READY' | 'IN_PROGRESS';
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { from, to, nowMs } = change;
  const status = await recordEndByHand(tx, promotionId, nowMs);
  if (status === undefined || !from.includes(status)) return false;
  await tx.execute(
    `UPDATE campaign_promotions SET promotion_status = :to, updated_at = :now
     WHERE promotion_id = :promotionId`,
    { promotionId, to, now: toDateTime(nowMs) },
  );
  return true;
}

async function statusOf(db: SqlExecutor, promotionId: string) {
  const [row] = await db.query(
    statusRow,
    'SELECT promotion_status AS status FROM campaign_promotions WHERE promotion_id = :promotionId',
    { promotionId },
  );
  return row?.status;
}

async function lockedStatusOf(tx: SqlExecutor, promotionId: string) {
  const [row] = await tx.query(
    statusRow,
    `SELECT promotion_status AS status FROM campaign_promotions WHERE promotion_id = :promotionId FOR UPDATE`,
    { promotionId },
  );
  return row?.status;
}

/** Whether a target is not final yet. */
async function anyOpenTarget(
  tx: SqlExecutor,
  { promotionId, promotionType }: PromotionKey,
): Promise<boolean> {
  const { targets, results } = TABLES[promotionType];
  const [row] = await tx.query(
    openRow,
    `SELECT (SELECT COUNT(*) FROM ${targets} WHERE promotion_id = :promotionId)
          - (SELECT COUNT(*) FROM ${results} WHERE promotion_id = :promotionId
               AND process_status IN ('SUCCESS', 'FAILED')) AS open,
            (SELECT COUNT(*) FROM ${targets} WHERE promotion_id = :promotionId
               AND publish_status = 'PENDING') AS pending`,
    { promotionId },
  );
  return row === undefined || row.open !== 0 || row.pending !== 0;
}

async function recount(db: SqlExecutor, { promotionId, promotionType }: PromotionKey): Promise<void> {
  const { targets, results } = TABLES[promotionType];
  const ofThese = `FROM ${results} WHERE promotion_id = :promotionId AND process_status`;
  await db.execute(
    `UPDATE campaign_promotion_summary
     SET published_count = (SELECT COUNT(*) FROM ${targets}
                            WHERE promotion_id = :promotionId AND publish_status = 'PUBLISHED'),
         success_count = (SELECT COUNT(*) ${ofThese} = 'SUCCESS'),
         fail_count = (SELECT COUNT(*) ${ofThese} = 'FAILED'),
         retry_success_count = (SELECT COUNT(*) ${ofThese} = 'SUCCESS' AND attempt_count > 1)
     WHERE promotion_id = :promotionId`,
    { promotionId },
  );
}

interface LeavingRun {
  readonly promotionId: string;
  /** Undefined: whichever is the latest. */
  readonly runNumber?: number;
  readonly stoppedBy?: StoppedBy | undefined;
}

/** In the transaction of the end itself: nobody has to notice it. */
async function raiseEnded(
  tx: SqlExecutor,
  { promotionId, stoppedBy }: LeavingRun,
  outcome: EndedOutcome,
  nowMs: number,
): Promise<void> {
  const [{ runNumber } = { runNumber: null }] = await tx.query(
    runNumberRow,
    'SELECT MAX(run_number) AS runNumber FROM campaign_runs WHERE promotion_id = :promotionId',
    { promotionId },
  );
  if (runNumber === null) return;
  const alert = endedAlert({ promotionId, runNumber }, outcome, stoppedBy);
  await raiseAlert(tx, { ...alert, raisedAtMs: nowMs });
}

/** The compare-and-set of every end: only a campaign that is IN_PROGRESS can leave it, and only by its latest run. */
async function leaveInProgress(
  tx: SqlExecutor,
  run: LeavingRun,
  status: EndedOutcome,
  nowMs: number,
): Promise<boolean> {
  const { promotionId, runNumber } = run;
  const changed = await tx.execute(
    `UPDATE campaign_promotions SET promotion_status = :status, updated_at = :now
     WHERE promotion_id = :promotionId AND promotion_status = 'IN_PROGRESS'
       ${runNumber === undefined ? '' : `AND ${IS_LATEST_RUN}`}`,
    { promotionId, status, now: toDateTime(nowMs), ...(runNumber === undefined ? {} : { runNumber }) },
  );
  if (changed > 0) await raiseEnded(tx, run, status, nowMs);
  return changed > 0;
}

async function recordStop(tx: SqlExecutor, promotionId: string, memo: string, now: string): Promise<void> {
  await tx.execute(
    `UPDATE campaign_promotion_summary SET stopped_at = :now, stopped_memo = :memo
     WHERE promotion_id = :promotionId`,
    { promotionId, memo, now },
  );
}
