import type { JobName } from '../../../schema/jobs.ts';
import { inputByHand, isByHand, nameByHand } from '../domain/job-execution.ts';
import { isCompleted, jobFor } from '../domain/job-run.ts';
import type { JobFor } from '../domain/job-run.ts';
import type { Clock, Executions, JobMachines, JobRunStore } from '../ports.ts';

/** More than anybody runs a job again for the same day. */
const MOST_ATTEMPTS = 50;

interface Services {
  readonly store: Pick<JobRunStore, 'latestRun'>;
  readonly executions: Executions;
  readonly machines: JobMachines;
  readonly clock: Clock;
}

/** What somebody asks for: where nothing is said, what the schedule would take now. */
export interface AskedJob {
  readonly jobName: JobName;
  readonly runDate?: string | undefined;
  readonly targetHour?: number | undefined;
  readonly prune: boolean;
}

export type StartJobOutcome =
  | {
      /** already: an execution that was asked for in the same way runs. */
      readonly kind: 'started' | 'already';
      readonly of: JobFor;
      readonly executionName: string;
      readonly executionArn: string;
    }
  /** Another execution runs it for the same day: the schedule's, or one that was asked for otherwise. */
  | { readonly kind: 'running'; readonly of: JobFor; readonly executionArn: string }
  /** No run can be what was asked for. */
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'not-deployed' }
  | { readonly kind: 'worn-out'; readonly of: JobFor; readonly attempts: number };

/**
 * Starts a job by hand. Asked twice it is started once: executions are named by what is asked for. Refused before
 * anything is started where BeginJobRun would refuse it, as far as is known by then.
 */
export async function startJob(
  { store, executions, machines, clock }: Services,
  { jobName, runDate, targetHour, prune }: AskedJob,
): Promise<StartJobOutcome> {
  const asked = jobFor(
    jobName,
    {
      ...(runDate !== undefined && { runDate }),
      ...(targetHour !== undefined && { targetHour }),
      ...(prune && { prune }),
    },
    clock.now(),
  );
  if (!asked.ok) return { kind: 'invalid', why: asked.reason };
  if (!machines.has(jobName)) return { kind: 'not-deployed' };
  const byHand = { of: asked.of, prune };
  const { of } = byHand;

  const latest = await store.latestRun(of);
  if (latest !== undefined && !isCompleted(latest)) {
    const executionArn = latest.executionId;
    if ((await executions.describe(executionArn)).status === 'RUNNING') {
      if (!isByHand(byHand, executionArn)) return { kind: 'running', of, executionArn };
      return { kind: 'already', of, executionName: executionArn.split(':').at(-1) ?? '', executionArn };
    }
  }

  const input = inputByHand(byHand);
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const executionName = nameByHand(byHand, attempt);
    const { outcome, executionArn } = await machines.start(jobName, { name: executionName, input });
    if (outcome === 'started') return { kind: 'started', of, executionName, executionArn };
    if (outcome === 'already-running') return { kind: 'already', of, executionName, executionArn };
  }
  return { kind: 'worn-out', of, attempts: MOST_ATTEMPTS };
}
