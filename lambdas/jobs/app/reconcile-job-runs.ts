import type { JobName } from '../../../schema/jobs.ts';
import type { Clock, Executions, JobRunStore } from '../ports.ts';
import { tellJobAlerts } from './tell-job-alerts.ts';
import type { AlertServices } from './tell-job-alerts.ts';

interface Services extends AlertServices {
  readonly store: JobRunStore & AlertServices['store'];
  readonly executions: Executions;
  readonly clock: Clock;
}

export interface ReconciledJobRuns {
  /** Runs whose execution had ended without ending them. */
  readonly failed: readonly {
    readonly jobRunId: string;
    readonly jobName: JobName;
    readonly error: string;
  }[];
}

/**
 * A machine does not end its run when it fails: a Step Functions redrive goes on from the state that failed, which a
 * state behind it would hide. So runs are compared with their executions, when one has ended and every few minutes.
 */
export async function reconcileJobRuns(services: Services): Promise<ReconciledJobRuns> {
  const { store, executions, clock } = services;
  const failed: { jobRunId: string; jobName: JobName; error: string }[] = [];
  const unknown: unknown[] = [];
  for (const { jobRunId, jobName, executionId } of await store.runningRuns()) {
    try {
      const execution = await executions.describe(executionId);
      if (execution.status === 'RUNNING') continue;
      const error = 'cause' in execution ? execution.cause : 'its execution is over, and did not end it';
      const outcome = { status: 'FAILED', error } as const;
      if (await store.endRun({ jobRunId, executionId, outcome, nowMs: clock.now() })) {
        failed.push({ jobRunId, jobName, error });
      }
    } catch (error) {
      // What is not known of one run keeps neither the others nor the alerts.
      unknown.push(error);
    }
  }
  await tellJobAlerts(services);
  if (unknown.length > 0) throw new AggregateError(unknown, `${unknown.length} runs could not be compared`);
  return { failed };
}
