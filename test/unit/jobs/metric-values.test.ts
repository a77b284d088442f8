import { describe, expect, it } from 'vitest';
import { endedValues, failedValues } from '../../../lambdas/jobs/metric-values.ts';
import { metricsOf } from '../../../lambdas/shared/metrics.ts';
import { useCapturedLines } from '../../support/captured-lines.ts';

const lines = useCapturedLines();
const ended = {
  status: 'COMPLETED_WITH_PROBLEMS',
  problemCount: 2,
  durationSeconds: 61.5,
  skippedChunkCount: 4,
  figures: { read: 100, transactions: 20, corrected: 3, missing: 4, reportedUsers: 10, negativeBalances: 2 },
} as const;

describe('a run of a job that ended', () => {
  it('is one line of metrics, under the job as its service', () => {
    metricsOf('jobRunEnded', 'dev', 'point-sync')(endedValues('point-sync', ended));

    expect(lines()).toMatchObject([
      {
        service: 'point-sync',
        stage: 'dev',
        JobRunsCompleted: 0,
        JobRunsWithProblems: 1,
        JobRunsFailed: 0,
        JobDuration: 61.5,
        JobReads: 120,
        JobWrites: 17,
        JobProblems: 2,
        JobSkippedChunks: 4,
      },
    ]);
  });

  it('is counted as completed where nothing is wrong', () => {
    expect(endedValues('point-sync', { ...ended, status: 'COMPLETED', problemCount: 0 })).toMatchObject({
      JobRunsCompleted: 1,
      JobRunsWithProblems: 0,
      JobProblems: 0,
    });
  });

  it('by failing is counted as that, and its duration is left out', () => {
    metricsOf('jobRunEnded', 'dev', 'point-sync')(failedValues());

    expect(lines()).toMatchObject([{ JobRunsFailed: 1, JobRunsCompleted: 0 }]);
    expect(lines()[0]).not.toHaveProperty('JobDuration');
  });
});
