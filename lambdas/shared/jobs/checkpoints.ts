/** How far the ranges of a job's steps are, as rows. */
import * as z from 'zod';
import { figures, jobRange } from '../../../schema/jobs.ts';
import type { Figures, JobRange } from '../../../schema/jobs.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { SqlDatabase, SqlExecutor } from '../data-api.ts';

export interface StepKey {
  readonly jobRunId: string;
  readonly step: string;
}

export interface RangeKey extends StepKey {
  readonly rangeNumber: number;
}

export interface RangeProgress {
  /** What the next chunk comes after. */
  readonly position: string;
  readonly chunkCount: number;
  readonly figures: Figures;
  readonly finished: boolean;
}

export interface Checkpoints {
  /**
   * The step's ranges: kept, so that whoever goes on goes through the same. Where some are kept already, those.
   * @returns those that are not finished
   */
  plan(step: StepKey, ranges: () => Promise<readonly JobRange[]>): Promise<JobRange[]>;
  /** @throws Error when the range was not planned */
  read(key: RangeKey): Promise<RangeProgress>;
  /** By compare-and-set on the position. @returns false when another was faster: read where the range is by now */
  save(key: RangeKey, from: RangeProgress, to: RangeProgress, nowMs: number): Promise<boolean>;
}

const rangeRow = jobRange.extend({ finished: z.int() });
const progressRow = z.object({
  position: z.string(),
  chunkCount: z.int(),
  figures: z.string().transform((text) => figures.parse(JSON.parse(text))),
  finished: z.int().transform((finished) => finished === 1),
});

export function sqlCheckpoints(db: SqlDatabase): Checkpoints {
  return {
    async plan(step, ranges) {
      const kept = await rangesOf(db, step);
      if (kept.length > 0) return unfinished(kept);
      const planned = await ranges();
      await db.execute(
        `INSERT IGNORE INTO job_checkpoints (job_run_id, step, range_number, after_id, to_id, position, figures)
         SELECT :jobRunId, :step, r.range_number, r.after_id, r.to_id, CAST(r.after_id AS CHAR), '{}'
         FROM JSON_TABLE(:ranges, '$[*]' COLUMNS (
           range_number INT PATH '$.rangeNumber', after_id BIGINT PATH '$.afterId', to_id BIGINT PATH '$.toId')) r
         WHERE NOT EXISTS (SELECT 1 FROM job_checkpoints c WHERE c.job_run_id = :jobRunId AND c.step = :step)`,
        { ...step, ranges: JSON.stringify(planned) },
      );
      return unfinished(await rangesOf(db, step));
    },

    async read(key) {
      const [row] = await db.query(
        progressRow,
        `SELECT position AS position, chunk_count AS chunkCount, figures AS figures,
                IF(finished_at IS NULL, 0, 1) AS finished
         FROM job_checkpoints
         WHERE job_run_id = :jobRunId AND step = :step AND range_number = :rangeNumber`,
        { ...key },
      );
      if (row === undefined) {
        throw new Error(`range ${key.rangeNumber} of ${key.step} was not planned in job run ${key.jobRunId}`);
      }
      return row;
    },

    async save(key, from, to, nowMs) {
      const changed = await db.execute(
        `UPDATE job_checkpoints
         SET position = :position, chunk_count = :chunkCount, figures = :figures, finished_at = :finishedAt
         WHERE job_run_id = :jobRunId AND step = :step AND range_number = :rangeNumber
           AND position = :fromPosition AND chunk_count = :fromChunkCount AND finished_at IS NULL`,
        {
          ...key,
          position: to.position,
          chunkCount: to.chunkCount,
          figures: JSON.stringify(to.figures),
          finishedAt: to.finished ? toDateTime(nowMs) : null,
          fromPosition: from.position,
          fromChunkCount: from.chunkCount,
        },
      );
      return changed > 0;
    },
  };
}

function rangesOf(db: SqlExecutor, { jobRunId, step }: StepKey) {
  return db.query(
    rangeRow,
    `SELECT range_number AS rangeNumber, CAST(after_id AS CHAR) AS afterId, CAST(to_id AS CHAR) AS toId,
            IF(finished_at IS NULL, 0, 1) AS finished
     FROM job_checkpoints WHERE job_run_id = :jobRunId AND step = :step ORDER BY range_number`,
    { jobRunId, step },
  );
}

function unfinished(rows: readonly z.output<typeof rangeRow>[]): JobRange[] {
  return rows
    .filter((row) => row.finished === 0)
    .map(({ rangeNumber, afterId, toId }) => ({ rangeNumber, afterId, toId }));
}
