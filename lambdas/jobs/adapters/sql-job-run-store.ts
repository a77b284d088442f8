import * as z from 'zod';
import { alertJob } from '../../../schema/alert.ts';
import { figures, jobName, jobRunStatus } from '../../../schema/jobs.ts';
import { memoOf } from '../../../schema/memo.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { AlertJob } from '../../../schema/alert.ts';
import type { SqlDatabase, SqlExecutor } from '../../shared/data-api.ts';
import { addFigures } from '../../shared/jobs/add-figures.ts';
import { endedAlert, startedAlert } from '../domain/job-alerts.ts';
import type { JobAlert } from '../domain/job-alerts.ts';
import type { JobFor, LatestRun } from '../domain/job-run.ts';
import type { JobAlertStore, JobRunStore } from '../ports.ts';

const id = z.string();
const latestRow = z.object({
  jobRunId: id,
  status: jobRunStatus,
  executionId: z.string(),
  attempt: z.int(),
});
const runningRow = z.object({ jobRunId: id, jobName, executionId: z.string() });
const lockRow = z.object({ jobName });
const figuresText = z.string().transform((text) => figures.parse(JSON.parse(text)));
const figuresRow = z.object({ figures: figuresText });
const jobRow = alertJob.extend({ figures: figuresText.nullable() });
const untoldRow = z.object({
  key: z.string(),
  kind: z.enum(['JOB_STARTED', 'JOB_COMPLETED', 'JOB_COMPLETED_WITH_PROBLEMS', 'JOB_FAILED']),
  raisedAtMs: z.coerce.number(),
  job: z.string().transform((text) => alertJob.parse(JSON.parse(text))),
});

export function sqlJobRunStore(db: SqlDatabase): JobRunStore & JobAlertStore {
  return {
    latestRun: (of) => latestRun(db, of),

    beginRun: ({ of, seen, executionId, goOn, prune, nowMs }) =>
      db.transaction(async (tx) => {
        await tx.query(
          lockRow,
          'SELECT job_name AS jobName FROM job_locks WHERE job_name = :jobName FOR UPDATE',
          { jobName: of.jobName },
        );
        const latest = await latestRun(tx, of);
        // Our own commit whose answer was lost.
        if (latest?.executionId === executionId && latest.status === 'RUNNING') {
          return { ...of, jobRunId: latest.jobRunId, attempt: latest.attempt, prune };
        }
        if (latest?.jobRunId !== seen?.jobRunId || latest?.executionId !== seen?.executionId)
          return undefined;
        // Its execution was redriven, and has finished it since it was looked at.
        if (goOn && latest?.status.startsWith('COMPLETED') === true) return undefined;
        if (goOn && latest !== undefined) await takeOver(tx, latest, executionId);
        else await insertRun(tx, of, { executionId, nowMs });
        const begun = await latestRun(tx, of);
        if (begun === undefined) throw new Error(`the run of ${of.jobName} that was inserted is not there`);
        const { jobRunId, attempt } = begun;
        await raiseAlert(tx, jobRunId, () => startedAlert(jobRunId, attempt), nowMs);
        return { ...of, jobRunId, attempt, prune };
      }),

    async sumFigures(jobRunId) {
      const rows = await db.query(
        figuresRow,
        'SELECT figures AS figures FROM job_checkpoints WHERE job_run_id = :jobRunId',
        { jobRunId },
      );
      return rows.map((row) => row.figures).reduce(addFigures, {});
    },

    endRun: ({ jobRunId, executionId, outcome, nowMs }) =>
      db.transaction(async (tx) => {
        const failed = outcome.status === 'FAILED';
        const changed = await tx.execute(
          `UPDATE job_runs
           SET run_status = :status, figures = :figures, problem_count = :problemCount, error_message = :error,
               ended_at = :now
           WHERE job_run_id = :jobRunId AND execution_id = :executionId
             AND (run_status = 'RUNNING' OR (run_status = 'FAILED' AND :status <> 'FAILED'))`,
          {
            jobRunId,
            executionId,
            status: outcome.status,
            figures: failed ? null : JSON.stringify(outcome.figures),
            problemCount: failed ? 0 : outcome.problemCount,
            error: failed ? memoOf(outcome.error) : null,
            now: toDateTime(nowMs),
          },
        );
        if (changed === 0) return false;
        await raiseAlert(tx, jobRunId, ({ attempt }) => endedAlert(jobRunId, attempt, outcome.status), nowMs);
        return true;
      }),

    runningRuns: () =>
      db.query(
        runningRow,
        `SELECT CAST(job_run_id AS CHAR) AS jobRunId, job_name AS jobName, execution_id AS executionId
         FROM job_runs WHERE run_status = 'RUNNING' ORDER BY job_run_id LIMIT 1000`,
      ),

    untoldAlerts: (limit) =>
      db.query(
        untoldRow,
        `SELECT alert_key AS \`key\`, kind AS kind, CAST(raised_ms AS CHAR) AS raisedAtMs, job AS job
         FROM job_alerts WHERE published_at IS NULL ORDER BY alert_id LIMIT ${limit}`,
      ),

    async markTold(key, nowMs) {
      await db.execute(
        'UPDATE job_alerts SET published_at = :now WHERE alert_key = :key AND published_at IS NULL',
        { key, now: toDateTime(nowMs) },
      );
    },
  };
}

async function latestRun(
  db: SqlExecutor,
  { jobName, runDate, targetHour }: JobFor,
): Promise<LatestRun | undefined> {
  const [row] = await db.query(
    latestRow,
    `SELECT CAST(job_run_id AS CHAR) AS jobRunId, run_status AS status, execution_id AS executionId,
            attempt_count AS attempt
     FROM job_runs
     WHERE job_name = :jobName AND run_date = :runDate AND target_hour <=> :targetHour
     ORDER BY job_run_id DESC LIMIT 1`,
    { jobName, runDate, targetHour },
  );
  return row;
}

async function insertRun(
  tx: SqlExecutor,
  { jobName, runDate, targetHour }: JobFor,
  { executionId, nowMs }: { executionId: string; nowMs: number },
): Promise<void> {
  await tx.execute(
    `INSERT INTO job_runs (job_name, run_date, target_hour, run_status, execution_id, started_at)
     VALUES (:jobName, :runDate, :targetHour, 'RUNNING', :executionId, :now)`,
    { jobName, runDate, targetHour, executionId, now: toDateTime(nowMs) },
  );
}

async function takeOver(tx: SqlExecutor, { jobRunId }: LatestRun, executionId: string): Promise<void> {
  await tx.execute(
    `UPDATE job_runs
     SET run_status = 'RUNNING', execution_id = :executionId, attempt_count = attempt_count + 1,
         skipped_chunk_count = (SELECT COALESCE(SUM(c.chunk_count), 0) FROM job_checkpoints c
                                WHERE c.job_run_id = :jobRunId),
         error_message = NULL, ended_at = NULL
     WHERE job_run_id = :jobRunId`,
    { jobRunId, executionId },
  );
}

/** With the run as this transition left it: told late, it would else say what a later attempt has made of it. */
async function raiseAlert(
  tx: SqlExecutor,
  jobRunId: string,
  alertOf: (job: AlertJob) => JobAlert,
  nowMs: number,
): Promise<void> {
  const [job] = await tx.query(
    jobRow,
    `SELECT CAST(job_run_id AS CHAR) AS jobRunId, job_name AS jobName, CAST(run_date AS CHAR) AS runDate,
            target_hour AS targetHour, attempt_count AS attempt, execution_id AS executionArn,
            skipped_chunk_count AS skippedChunkCount, figures AS figures,
            CAST(problem_count AS CHAR) AS problemCount, error_message AS error,
            CAST(started_at AS CHAR) AS startedAt, CAST(ended_at AS CHAR) AS endedAt
     FROM job_runs WHERE job_run_id = :jobRunId`,
    { jobRunId },
  );
  if (job === undefined) throw new Error(`there is no job run ${jobRunId}`);
  const { key, kind } = alertOf(job);
  await tx.execute(
    `INSERT INTO job_alerts (alert_key, kind, job_run_id, job, raised_ms)
     VALUES (:key, :kind, :jobRunId, :job, :nowMs)
     ON DUPLICATE KEY UPDATE alert_key = VALUES(alert_key)`,
    { key, kind, jobRunId, job: JSON.stringify(job), nowMs: Math.round(nowMs) },
  );
}
