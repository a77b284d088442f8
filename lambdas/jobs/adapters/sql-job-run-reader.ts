import * as z from 'zod';
import { JOB_NAMES, figures, jobName, jobRunStatus } from '../../../schema/jobs.ts';
import { epochMsOf } from '../../../schema/seoul-time.ts';
import type { SqlExecutor } from '../../shared/data-api.ts';
import type { JobRunReader } from '../ports.ts';

const figuresText = z.string().transform((text) => figures.parse(JSON.parse(text)));
const runRow = z.object({
  jobRunId: z.string(),
  jobName,
  runDate: z.string(),
  targetHour: z.int().nullable(),
  status: jobRunStatus,
  attempt: z.int(),
  executionId: z.string(),
  skippedChunkCount: z.int(),
  figures: figuresText.nullable(),
  problemCount: z.coerce.number(),
  error: z.string().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});
const stepRow = z.object({
  step: z.string(),
  rangeCount: z.int(),
  finishedRangeCount: z.coerce.number(),
  chunkCount: z.coerce.number(),
});
const completedRow = z.object({ jobName, endedAt: z.string() });
const sinceRow = z.object({ seconds: z.coerce.number() });

const RUN = `CAST(job_run_id AS CHAR) AS jobRunId, job_name AS jobName, CAST(run_date AS CHAR) AS runDate,
             target_hour AS targetHour, run_status AS status, attempt_count AS attempt, execution_id AS executionId,
             skipped_chunk_count AS skippedChunkCount, figures AS figures, CAST(problem_count AS CHAR) AS problemCount,
             error_message AS error, CAST(started_at AS CHAR) AS startedAt, CAST(ended_at AS CHAR) AS endedAt`;

/** Of the migration that made job_runs. */
const JOBS_MIGRATION = 7;

export function sqlJobRunReader(db: SqlExecutor): JobRunReader {
  return {
    runs: (name, limit) =>
      db.query(
        runRow,
        `SELECT ${RUN} FROM job_runs WHERE job_name = :name ORDER BY job_run_id DESC LIMIT ${Math.trunc(limit)}`,
        { name },
      ),

    async run(jobRunId) {
      const [row] = await db.query(runRow, `SELECT ${RUN} FROM job_runs WHERE job_run_id = :jobRunId`, {
        jobRunId,
      });
      return row;
    },

    progress: (jobRunId) =>
      db.query(
        stepRow,
        `SELECT step AS step, COUNT(*) AS rangeCount, CAST(COUNT(finished_at) AS CHAR) AS finishedRangeCount,
                CAST(SUM(chunk_count) AS CHAR) AS chunkCount
         FROM job_checkpoints WHERE job_run_id = :jobRunId GROUP BY step ORDER BY step`,
        { jobRunId },
      ),

    async secondsSinceCompleted(nowMs) {
      const rows = await db.query(
        completedRow,
        `SELECT job_name AS jobName, CAST(MAX(ended_at) AS CHAR) AS endedAt
         FROM job_runs WHERE run_status IN ('COMPLETED', 'COMPLETED_WITH_PROBLEMS') GROUP BY job_name`,
      );
      const endedAt = new Map(rows.map((row) => [row.jobName, row.endedAt]));
      // By the database's clock and zone on both sides: the column has its default.
      const [since] = await db.query(
        sinceRow,
        `SELECT CAST(TIMESTAMPDIFF(SECOND, applied_at, NOW()) AS CHAR) AS seconds
         FROM schema_migrations WHERE version = ${JOBS_MIGRATION}`,
      );
      return JOB_NAMES.flatMap((name) => {
        const at = endedAt.get(name);
        const seconds = at === undefined ? since?.seconds : (nowMs - epochMsOf(at)) / 1_000;
        return seconds === undefined ? [] : [{ jobName: name, seconds: Math.max(0, seconds) }];
      });
    },
  };
}
