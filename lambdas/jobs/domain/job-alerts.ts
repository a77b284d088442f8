/** What people are told of a job: pure. */
import type { AlertJob, AlertKind } from '../../../schema/alert.ts';
import type { JobOutcome } from './job-run.ts';

export type JobAlertKind = Extract<AlertKind, `JOB_${string}`>;

/** One to be told; of each transition of an attempt there is one. */
export interface JobAlert {
  readonly key: string;
  readonly kind: JobAlertKind;
}

/** With what it tells: the run as it was when it was raised. */
export interface UntoldAlert extends JobAlert {
  readonly raisedAtMs: number;
  readonly job: AlertJob;
}

export function startedAlert(jobRunId: string, attempt: number): JobAlert {
  return { key: `job-run-${jobRunId}-attempt-${attempt}-started`, kind: 'JOB_STARTED' };
}

export function endedAlert(jobRunId: string, attempt: number, status: JobOutcome['status']): JobAlert {
  const key = `job-run-${jobRunId}-attempt-${attempt}-${status === 'FAILED' ? 'failed' : 'completed'}`;
  return { key, kind: `JOB_${status}` };
}
