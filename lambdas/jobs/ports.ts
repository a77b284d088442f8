import type { AlertMessage } from '../../schema/alert.ts';
import type { Figures, JobName, JobRun } from '../../schema/jobs.ts';
import type { ExecutionState } from '../shared/executions.ts';
import type { UntoldAlert } from './domain/job-alerts.ts';
import type { JobFor, JobOutcome, LatestRun } from './domain/job-run.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** A run that has ended by an outcome of its own. */
export interface EndedRun {
  readonly jobRunId: string;
  readonly executionId: string;
  readonly outcome: JobOutcome;
  readonly nowMs: number;
}

/** Runs of jobs. Every write may be repeated, and raises the alert of its transition with it. */
export interface JobRunStore {
  latestRun(of: JobFor): Promise<LatestRun | undefined>;
  /**
   * A run of its own, or a further attempt of the one that `goOn` names: while what was seen still holds.
   * @returns undefined when another execution was faster
   */
  beginRun(begin: {
    readonly of: JobFor;
    readonly seen: LatestRun | undefined;
    readonly executionId: string;
    readonly goOn: boolean;
    readonly prune: boolean;
    readonly nowMs: number;
  }): Promise<JobRun | undefined>;
  /** What all ranges of all steps came to. */
  sumFigures(jobRunId: string): Promise<Figures>;
  /** RUNNING, or FAILED by the same execution (which was redriven) → the outcome. @returns whether it was that */
  endRun(end: EndedRun): Promise<boolean>;
  runningRuns(): Promise<
    { readonly jobRunId: string; readonly jobName: JobName; readonly executionId: string }[]
  >;
}

export interface JobAlertStore {
  untoldAlerts(limit: number): Promise<UntoldAlert[]>;
  markTold(key: string, nowMs: number): Promise<void>;
}

export interface AlertTopic {
  publish(alert: AlertMessage): Promise<void>;
}

export interface Executions {
  describe(executionId: string): Promise<ExecutionState>;
}
