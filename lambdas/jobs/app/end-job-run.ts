import type { Figures, JobRun } from '../../../schema/jobs.ts';
import { completedWith } from '../domain/job-run.ts';
import type { JobOutcome } from '../domain/job-run.ts';
import type { Clock, JobRunStore } from '../ports.ts';
import { tellJobAlerts } from './tell-job-alerts.ts';
import type { AlertServices } from './tell-job-alerts.ts';

interface Services extends AlertServices {
  readonly store: JobRunStore & AlertServices['store'];
  readonly clock: Clock;
}

export interface EndedJobRun {
  readonly status: JobOutcome['status'];
  readonly problemCount: number;
  readonly figures: Figures;
}

/** Every range of every step is finished: sums up what they came to, and tells it. */
export async function endJobRun(
  services: Services,
  { jobRun, executionId }: { readonly jobRun: JobRun; readonly executionId: string },
): Promise<EndedJobRun> {
  const { store, clock } = services;
  const { jobRunId, jobName } = jobRun;
  const figures = await store.sumFigures(jobRunId);
  const outcome = completedWith(jobName, figures);
  await store.endRun({ jobRunId, executionId, outcome, nowMs: clock.now() });
  await tellJobAlerts(services);
  const problemCount = outcome.status === 'FAILED' ? 0 : outcome.problemCount;
  return { status: outcome.status, problemCount, figures };
}
