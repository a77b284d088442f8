/** What each event of a job is counted as (schema/metrics.ts). */
import { FIGURE_SUMS, sumOf } from '../../schema/jobs.ts';
import type { JobName } from '../../schema/jobs.ts';
import type { MetricValues } from '../../schema/metrics.ts';
import type { EndedJobRun } from './app/end-job-run.ts';

export function endedValues(jobName: JobName, ended: EndedJobRun): MetricValues<'jobRunEnded'> {
  const { reads, writes } = FIGURE_SUMS[jobName];
  return {
    JobRunsCompleted: Number(ended.status === 'COMPLETED'),
    JobRunsWithProblems: Number(ended.status === 'COMPLETED_WITH_PROBLEMS'),
    JobRunsFailed: 0,
    JobDuration: ended.durationSeconds,
    JobReads: sumOf(reads, ended.figures),
    JobWrites: sumOf(writes, ended.figures),
    JobProblems: ended.problemCount,
    JobSkippedChunks: ended.skippedChunkCount,
  };
}

/** How long it took and how far it came says nothing: whoever goes on with it tells all of it. */
export function failedValues(): MetricValues<'jobRunEnded'> {
  return {
    JobRunsCompleted: 0,
    JobRunsWithProblems: 0,
    JobRunsFailed: 1,
    JobDuration: [],
    JobReads: 0,
    JobWrites: 0,
    JobProblems: 0,
    JobSkippedChunks: 0,
  };
}
