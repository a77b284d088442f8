import type { Figures, JobRun, JobRunStatus } from '../../../schema/jobs.ts';
import { completedWith, durationSeconds } from '../domain/job-run.ts';
import type { Clock, JobRunReader, JobRunStore } from '../ports.ts';
import { tellJobAlerts } from './tell-job-alerts.ts';
import type { AlertServices } from './tell-job-alerts.ts';

interface Services extends AlertServices {
  readonly store: JobRunStore & Pick<JobRunReader, 'run'> & AlertServices['store'];
  readonly clock: Clock;
}

export interface EndedJobRun {
  /** RUNNING: another execution has taken it over meanwhile, and ends it. */
  readonly status: JobRunStatus;
  readonly problemCount: number;
  /** From the begin of the first attempt. */
  readonly durationSeconds: number;
  /** That earlier attempts had finished. */
  readonly skippedChunkCount: number;
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
  const run = await store.run(jobRunId);
  if (run === undefined) throw new Error(`job run ${jobRunId} has no row`);
  return {
    status: run.status,
    problemCount: run.problemCount,
    durationSeconds: durationSeconds(run, clock.now()),
    skippedChunkCount: run.skippedChunkCount,
    figures,
  };
}
