/** What the database says of a job's runs. */
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import type { JobName } from '../../schema/jobs.ts';

/** Of what its runs are. */
export interface DemoJob {
  readonly jobName: JobName;
  /** yyyy-MM-dd. */
  readonly runDate: string;
  /** Of a job that is for an hour. */
  readonly targetHour?: number;
}

/** The hour is NULL where the job has none. */
const OF_JOB = 'job_name = ? AND run_date = ? AND target_hour <=> ?';
const valuesOf = ({ jobName, runDate, targetHour }: DemoJob) => [jobName, runDate, targetHour ?? null];

const figures = z.string().transform((text) => z.record(z.string(), z.number()).parse(JSON.parse(text)));
const stepRows = z.tuple([
  z.array(z.object({ step: z.string(), chunks: z.coerce.number(), figures })),
  z.unknown(),
]);
const runRows = z.tuple([
  z.array(
    z.object({
      status: z.string(),
      attempts: z.number(),
      skippedChunks: z.number(),
      problems: z.number(),
      error: z.string().nullable(),
    }),
  ),
  z.unknown(),
]);

export type JobRunRow = z.output<typeof runRows>[0][number];

export interface StepProgress {
  readonly step: string;
  readonly chunks: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** Of every job, in the order of its machine. */
const STEPS = [
  ...['sync-balances', 'sweep-gone-users', 'build-daily-report'],
  ...['collect-stores', 'learn-districts', 'aggregate-usage'],
  ...['collect-members', 'send-pushes'],
];

/** The runs of the job, the oldest first. */
export async function readRuns(db: Pool, job: DemoJob): Promise<JobRunRow[]> {
  const [rows] = runRows.parse(
    await db.query(
      `SELECT run_status AS status, attempt_count AS attempts, skipped_chunk_count AS skippedChunks,
              problem_count AS problems, error_message AS error
       FROM job_runs WHERE ${OF_JOB} ORDER BY job_run_id`,
      valuesOf(job),
    ),
  );
  return rows;
}

/** How far the latest run of the job is: its ranges summed up, by step, in their order. */
export async function readProgress(db: Pool, job: DemoJob): Promise<StepProgress[]> {
  const [rows] = stepRows.parse(
    await db.query(
      `SELECT step, chunk_count AS chunks, figures FROM job_checkpoints
       WHERE job_run_id = (SELECT MAX(job_run_id) FROM job_runs WHERE ${OF_JOB})
       ORDER BY range_number`,
      valuesOf(job),
    ),
  );
  const steps = new Map<string, { step: string; chunks: number; figures: Record<string, number> }>();
  for (const row of rows) {
    const step = steps.get(row.step) ?? { step: row.step, chunks: 0, figures: {} };
    step.chunks += row.chunks;
    for (const [name, count] of Object.entries(row.figures)) {
      step.figures[name] = (step.figures[name] ?? 0) + count;
    }
    steps.set(row.step, step);
  }
  return STEPS.flatMap((step) => steps.get(step) ?? []);
}

export function chunksOf(progress: readonly StepProgress[]): number {
  return progress.reduce((sum, { chunks }) => sum + chunks, 0);
}
