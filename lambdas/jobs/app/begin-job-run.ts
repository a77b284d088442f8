import { JOB_REFUSED } from '../../../schema/errors.ts';
import type { BeginJobRunInput, JobRun } from '../../../schema/jobs.ts';
import { beginning, isCompleted, jobFor } from '../domain/job-run.ts';
import type { JobFor, LatestRun } from '../domain/job-run.ts';
import type { Clock, Executions, JobRunStore } from '../ports.ts';
import { tellJobAlerts } from './tell-job-alerts.ts';
import type { AlertServices } from './tell-job-alerts.ts';

/** It cannot be run as it is asked for: the execution fails with this name and a sentence that says why. */
export class JobRefused extends Error {
  override readonly name = JOB_REFUSED;
}

interface Services extends AlertServices {
  readonly store: JobRunStore & AlertServices['store'];
  readonly executions: Executions;
  readonly clock: Clock;
}

/**
 * Begins a run, or goes on with one that an execution left undone. Called again by the same execution it carries on.
 * @throws JobRefused for an input that no run can have, and while another execution runs it for the same day
 */
export async function beginJobRun(
  services: Services,
  { jobName, executionId, input }: BeginJobRunInput,
): Promise<JobRun> {
  const { store, executions, clock } = services;
  const asked = jobFor(jobName, input, clock.now());
  if (!asked.ok) throw new JobRefused(asked.reason);
  const { of } = asked;
  const prune = input.prune ?? false;

  const seen = await store.latestRun(of);
  const isAtWork =
    seen !== undefined && seen.executionId !== executionId && !isCompleted(seen)
      ? (await executions.describe(seen.executionId)).status === 'RUNNING'
      : false;
  const way = beginning(seen, executionId, isAtWork);
  if (way === 'refuse') throw alreadyRunning(of, seen);
  if (way === 'carry-on' && seen !== undefined) {
    return { ...of, jobRunId: seen.jobRunId, attempt: seen.attempt, prune };
  }
  const begun = await store.beginRun({
    of,
    seen,
    executionId,
    goOn: way === 'go-on',
    prune,
    nowMs: clock.now(),
  });
  if (begun === undefined) throw alreadyRunning(of, await store.latestRun(of));
  await tellJobAlerts(services);
  return begun;
}

function alreadyRunning({ jobName, runDate, targetHour }: JobFor, by: LatestRun | undefined): JobRefused {
  const hour = targetHour === null ? '' : `, hour ${targetHour}`;
  return new JobRefused(`${jobName} runs for ${runDate}${hour} already: execution ${by?.executionId ?? '?'}`);
}
