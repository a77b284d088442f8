/** Reads what there is to know of a campaign besides its targets: a few rows, and counts from indexes. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id, promotionStatus, promotionType } from '../../schema/promotion.ts';
import type { CampaignFacts, RowCounts, RunFacts, SummaryFacts } from './rules/campaign-facts.ts';
import { Found } from './rules/found.ts';

const count = z.coerce.number().int();
const dateTime = z.string().nullable();

const promotionRow = z.object({
  type: promotionType,
  status: promotionStatus,
  totalAmount: z.string().nullable(),
  defaultAmount: z.string().nullable(),
});
const summaryRow = z.object({
  publishedCount: z.int(),
  successCount: z.int(),
  failCount: z.int(),
  retrySuccessCount: z.int(),
  startedAt: dateTime,
  completedAt: dateTime,
  stoppedAt: dateTime,
  stoppedMemo: z.string().nullable(),
});
const runsRow = z.object({ count, lowestNumber: count, highestNumber: count, openCount: count });
const lastRunRow = z.object({ endedAt: dateTime });
const redriveRow = z.object({ at: dateTime });
const idRow = z.object({ id });
const statusCountRow = z.object({ status: z.string(), count });

/** No more of a table than are shown, and one more, which says that there are more. */
const FEW = 6;

/** undefined: there is no such promotion. */
export async function readCampaign(db: SqlExecutor, promotionId: string): Promise<CampaignFacts | undefined> {
  const [promotion] = await db.query(
    promotionRow,
    // The row of the frozen defaults decides, and its NULL too.
    `SELECT p.promotion_type AS type, p.promotion_status AS status, CAST(p.total_amount AS CHAR) AS totalAmount,
            CAST(IF(f.promotion_id IS NULL, p.default_amount, f.default_amount) AS CHAR) AS defaultAmount
     FROM campaign_promotions p
     LEFT JOIN campaign_frozen_defaults f ON f.promotion_id = p.promotion_id
     WHERE p.promotion_id = :promotionId`,
    { promotionId },
  );
  if (promotion === undefined) return undefined;
  const { type, ...rest } = promotion;
  const [summary, runs, lastRedriveAt, inProgress] = await Promise.all([
    readSummary(db, promotionId),
    readRuns(db, promotionId),
    readLastRedrive(db, promotionId),
    readInProgress(db),
  ]);
  return { promotionId, promotionType: type, ...rest, summary, runs, lastRedriveAt, inProgress };
}

export async function readRowCounts(
  db: SqlExecutor,
  of: Pick<CampaignFacts, 'promotionId' | 'promotionType'>,
): Promise<RowCounts> {
  const { targets, results } = TABLES[of.promotionType];
  const byStatus = async (table: string, column: string) => {
    const rows = await db.query(
      statusCountRow,
      `SELECT ${column} AS status, COUNT(*) AS count FROM ${table}
       WHERE promotion_id = :promotionId GROUP BY ${column} LIMIT 100`,
      { promotionId: of.promotionId },
    );
    return new Map(rows.map((row) => [row.status, row.count]));
  };
  const [targetCounts, resultCounts] = await Promise.all([
    byStatus(targets, 'publish_status'),
    byStatus(results, 'process_status'),
  ]);
  return { targets: targetCounts, results: resultCounts };
}

/** Asked only when the numbers say that there are some: it looks at every result of the promotion. */
export async function readStrayResults(
  db: SqlExecutor,
  of: Pick<CampaignFacts, 'promotionId' | 'promotionType'>,
): Promise<Found> {
  const { targets, results, targetId } = TABLES[of.promotionType];
  const rows = await db.query(
    idRow,
    `SELECT CAST(r.${targetId} AS CHAR) AS id
     FROM ${results} r LEFT JOIN ${targets} t ON t.${targetId} = r.${targetId}
     WHERE r.promotion_id = :promotionId AND (t.${targetId} IS NULL OR t.promotion_id <> r.promotion_id)
     LIMIT 1000`,
    { promotionId: of.promotionId },
  );
  const found = new Found();
  for (const row of rows) found.add(row.id);
  return found;
}

async function readSummary(db: SqlExecutor, promotionId: string): Promise<SummaryFacts | null> {
  const [summary] = await db.query(
    summaryRow,
    `SELECT published_count AS publishedCount, success_count AS successCount, fail_count AS failCount,
            retry_success_count AS retrySuccessCount, CAST(started_at AS CHAR) AS startedAt,
            CAST(completed_at AS CHAR) AS completedAt, CAST(stopped_at AS CHAR) AS stoppedAt,
            stopped_memo AS stoppedMemo
     FROM campaign_promotion_summary WHERE promotion_id = :promotionId`,
    { promotionId },
  );
  return summary ?? null;
}

async function readRuns(db: SqlExecutor, promotionId: string): Promise<RunFacts> {
  const [runs] = await db.query(
    runsRow,
    `SELECT COUNT(*) AS count, COALESCE(MIN(run_number), 0) AS lowestNumber,
            COALESCE(MAX(run_number), 0) AS highestNumber, COALESCE(SUM(ended_at IS NULL), 0) AS openCount
     FROM campaign_runs WHERE promotion_id = :promotionId`,
    { promotionId },
  );
  const [last] = await db.query(
    lastRunRow,
    `SELECT CAST(ended_at AS CHAR) AS endedAt FROM campaign_runs
     WHERE promotion_id = :promotionId ORDER BY run_number DESC LIMIT 1`,
    { promotionId },
  );
  const none = { count: 0, lowestNumber: 0, highestNumber: 0, openCount: 0 };
  const lastEndedAt = last?.endedAt ?? null;
  return { ...(runs ?? none), isLastOpen: last !== undefined && lastEndedAt === null, lastEndedAt };
}

async function readLastRedrive(db: SqlExecutor, promotionId: string): Promise<string | null> {
  const [row] = await db.query(
    redriveRow,
    'SELECT CAST(MAX(redriven_at) AS CHAR) AS at FROM campaign_redrives WHERE promotion_id = :promotionId',
    { promotionId },
  );
  return row?.at ?? null;
}

async function readInProgress(db: SqlExecutor): Promise<string[]> {
  const rows = await db.query(
    idRow,
    `SELECT CAST(promotion_id AS CHAR) AS id FROM campaign_promotions
     WHERE promotion_status = 'IN_PROGRESS' ORDER BY promotion_id LIMIT ${FEW}`,
  );
  return rows.map((row) => row.id);
}
