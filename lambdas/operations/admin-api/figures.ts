/** What Prometheus is shown, from small rows alone: one a campaign that is not final, the breaker's, one a run of a job. */
import * as z from 'zod';
import { FIGURE_SUMS, JOB_NAMES, figures, jobName, jobRunStatus, sumOf } from '../../../schema/jobs.ts';
import type { JobName, JobRunStatus } from '../../../schema/jobs.ts';
import { epochMsOf } from '../../../schema/seoul-time.ts';
import { RATE_VALID_MS } from '../../../schema/progress-rate.ts';
import { id, promotionType } from '../../../schema/promotion.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import type { SqlExecutor } from '../../shared/data-api.ts';

export interface CampaignFigures {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly targets: number;
  readonly published: number;
  readonly granted: number;
  readonly failed: number;
  readonly retried: number;
  /** Targets that became final in a second; null: not measured lately. */
  readonly finalPerSecond: number | null;
  /** Dead letters that a redrive would pay again, up to MOST_DEAD_LETTERS. */
  readonly deadLetters: number;
}

export interface JobFigures {
  readonly jobName: JobName;
  /** Those that ended since there are runs, and the ones at work. */
  readonly runs: Readonly<Record<JobRunStatus, number>>;
  /** The last one that completed; undefined: none has. */
  readonly last:
    | {
        readonly endedAtSeconds: number;
        readonly durationSeconds: number;
        readonly reads: number;
        readonly writes: number;
        readonly problems: number;
        readonly skippedChunks: number;
      }
    | undefined;
}

export interface Figures {
  readonly breakerIsOpen: boolean;
  readonly unpublishedAlerts: number;
  readonly campaigns: readonly CampaignFigures[];
  /** Jobs that have ever run. */
  readonly jobs: readonly JobFigures[];
}

/** Those that are paid first, then by reservation: Prometheus keeps a series for each label that it ever saw. */
const MOST_CAMPAIGNS = 100;
/** Of a campaign; a gauge that stands at this means "so many or more". */
export const MOST_DEAD_LETTERS = 10_000;
const NOW_MS = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';

const openRow = z.object({ open: z.int() });
const countRow = z.object({ count: z.int() });
const campaignRow = z.object({
  promotionId: id,
  promotionType,
  targets: z.int(),
  published: z.int(),
  granted: z.int(),
  failed: z.int(),
  retried: z.int(),
  finalPerSecond: z.coerce.number().nullable(),
});
const runCountRow = z.object({ jobName, status: jobRunStatus, count: z.int() });
const lastRunRow = z.object({
  jobName,
  figures: z.string().transform((text) => figures.parse(JSON.parse(text))),
  problemCount: z.coerce.number(),
  skippedChunkCount: z.int(),
  startedAt: z.string(),
  endedAt: z.string(),
});
type CampaignRow = z.output<typeof campaignRow>;

const RESULTS: Readonly<Record<PromotionType, { readonly table: string; readonly targetId: string }>> = {
  VOUCHER: { table: 'campaign_promotion_voucher_results', targetId: 'voucher_target_id' },
  POINT: { table: 'campaign_promotion_point_results', targetId: 'point_target_id' },
};

export async function readFigures(db: SqlExecutor): Promise<Figures> {
  const [isOpen, unpublishedAlerts, rows, jobs] = await Promise.all([
    breakerIsOpen(db),
    countUnpublishedAlerts(db),
    readCampaigns(db),
    readJobs(db),
  ]);
  const campaigns: CampaignFigures[] = [];
  for (const row of rows) campaigns.push({ ...row, deadLetters: await countDeadLetters(db, row) });
  return { breakerIsOpen: isOpen, unpublishedAlerts, campaigns, jobs };
}

export async function breakerIsOpen(db: SqlExecutor): Promise<boolean> {
  const [row] = await db.query(
    openRow,
    'SELECT opened_ms IS NOT NULL AS open FROM campaign_money_breaker WHERE breaker_id = 1',
  );
  if (row === undefined) throw new Error('the breaker has no row: the migrations have not run');
  return row.open === 1;
}

async function countUnpublishedAlerts(db: SqlExecutor): Promise<number> {
  const [row] = await db.query(
    countRow,
    `SELECT (SELECT COUNT(*) FROM operations_alerts WHERE published_at IS NULL)
          + (SELECT COUNT(*) FROM job_alerts WHERE published_at IS NULL) AS count`,
  );
  return row?.count ?? 0;
}

function readCampaigns(db: SqlExecutor): Promise<CampaignRow[]> {
  return db.query(
    campaignRow,
    `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
            COALESCE(m.total_count, p.total_count) AS targets, COALESCE(s.published_count, 0) AS published,
            COALESCE(s.success_count, 0) AS granted, COALESCE(s.fail_count, 0) AS failed,
            COALESCE(s.retry_success_count, 0) AS retried,
            CAST(IF(p.promotion_status = 'IN_PROGRESS' AND m.measured_ms > ${NOW_MS} - ${RATE_VALID_MS}
                    AND m.run_number = (SELECT MAX(run_number) FROM campaign_runs WHERE promotion_id = p.promotion_id),
                    m.final_per_second, NULL) AS CHAR) AS finalPerSecond
     FROM campaign_promotions p
     LEFT JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
     LEFT JOIN campaign_progress m ON m.promotion_id = p.promotion_id
     WHERE p.promotion_status IN ('READY', 'IN_PROGRESS')
     ORDER BY p.promotion_status = 'READY', p.reservation_at, p.promotion_id LIMIT ${MOST_CAMPAIGNS}`,
  );
}

async function readJobs(db: SqlExecutor): Promise<JobFigures[]> {
  const [counts, lastRuns] = await Promise.all([
    db.query(
      runCountRow,
      `SELECT job_name AS jobName, run_status AS status, COUNT(*) AS count
       FROM job_runs GROUP BY job_name, run_status`,
    ),
    db.query(
      lastRunRow,
      `SELECT r.job_name AS jobName, r.figures AS figures, CAST(r.problem_count AS CHAR) AS problemCount,
              r.skipped_chunk_count AS skippedChunkCount, CAST(r.started_at AS CHAR) AS startedAt,
              CAST(r.ended_at AS CHAR) AS endedAt
       FROM job_runs r
       JOIN (SELECT MAX(job_run_id) AS job_run_id FROM job_runs
             WHERE run_status IN ('COMPLETED', 'COMPLETED_WITH_PROBLEMS') GROUP BY job_name) l
         ON l.job_run_id = r.job_run_id`,
    ),
  ]);
  return JOB_NAMES.filter((name) => counts.some((row) => row.jobName === name)).map((name) => {
    const countOf = (status: JobRunStatus) =>
      counts.find((row) => row.jobName === name && row.status === status)?.count ?? 0;
    const last = lastRuns.find((row) => row.jobName === name);
    return {
      jobName: name,
      runs: {
        RUNNING: countOf('RUNNING'),
        COMPLETED: countOf('COMPLETED'),
        COMPLETED_WITH_PROBLEMS: countOf('COMPLETED_WITH_PROBLEMS'),
        FAILED: countOf('FAILED'),
      },
      last: last && lastRunFigures(name, last),
    };
  });
}

function lastRunFigures(name: JobName, row: z.output<typeof lastRunRow>): NonNullable<JobFigures['last']> {
  const { reads, writes } = FIGURE_SUMS[name];
  return {
    endedAtSeconds: epochMsOf(row.endedAt) / 1_000,
    durationSeconds: (epochMsOf(row.endedAt) - epochMsOf(row.startedAt)) / 1_000,
    reads: sumOf(reads, row.figures),
    writes: sumOf(writes, row.figures),
    problems: row.problemCount,
    skippedChunks: row.skippedChunkCount,
  };
}

/**
 * Of so many failed targets only: the work is bounded, whatever an outage has left. Those that were called for come
 * first, since invalid ones have no dead letter.
 */
async function countDeadLetters(
  db: SqlExecutor,
  { promotionId, promotionType: type, failed }: CampaignRow,
): Promise<number> {
  if (failed === 0) return 0;
  const { table, targetId } = RESULTS[type];
  const [row] = await db.query(
    countRow,
    `SELECT COUNT(*) AS count
     FROM (SELECT ${targetId} AS id FROM ${table}
           WHERE promotion_id = :promotionId AND process_status = 'FAILED'
           ORDER BY attempt_count DESC LIMIT ${MOST_DEAD_LETTERS}) AS failed
     JOIN campaign_dead_letters d ON d.dead_letter_key = CONCAT(:type, '-', :promotionId, '-', failed.id)`,
    { promotionId, type },
  );
  return row?.count ?? 0;
}
