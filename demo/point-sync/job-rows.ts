/** What the database says of the job's runs. */
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';

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

const STEPS = ['sync-balances', 'sweep-gone-users', 'build-daily-report'];

/** The runs of the day, the oldest first. */
export async function readRuns(db: Pool, runDate: string): Promise<JobRunRow[]> {
  const [rows] = runRows.parse(
    await db.query(
      `SELECT run_status AS status, attempt_count AS attempts, skipped_chunk_count AS skippedChunks,
              problem_count AS problems, error_message AS error
       FROM job_runs WHERE job_name = 'point-sync' AND run_date = ? ORDER BY job_run_id`,
      [runDate],
    ),
  );
  return rows;
}

/** How far the latest run of the day is: its ranges summed up, by step, in their order. */
export async function readProgress(db: Pool, runDate: string): Promise<StepProgress[]> {
  const [rows] = stepRows.parse(
    await db.query(
      `SELECT step, chunk_count AS chunks, figures FROM job_checkpoints
       WHERE job_run_id = (SELECT MAX(job_run_id) FROM job_runs WHERE job_name = 'point-sync' AND run_date = ?)
       ORDER BY range_number`,
      [runDate],
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
