import type { AlertMessage } from '../../schema/alert.ts';
import type { Figures, JobInput, JobName, JobRun, JobRunStatus } from '../../schema/jobs.ts';
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

/** A run as its row has it. */
export interface JobRunRecord extends JobFor {
  readonly jobRunId: string;
  readonly status: JobRunStatus;
  readonly attempt: number;
  /** The ARN of the execution that runs it, or was the last to. */
  readonly executionId: string;
  /** That earlier attempts had finished. */
  readonly skippedChunkCount: number;
  /** null until it has completed. */
  readonly figures: Figures | null;
  readonly problemCount: number;
  readonly error: string | null;
  /** DATETIMEs, Asia/Seoul. */
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface StepProgress {
  readonly step: string;
  readonly rangeCount: number;
  readonly finishedRangeCount: number;
  readonly chunkCount: number;
}

/** For those who look at runs. */
export interface JobRunReader {
  /** The newest first. */
  runs(jobName: JobName, limit: number): Promise<JobRunRecord[]>;
  run(jobRunId: string): Promise<JobRunRecord | undefined>;
  /** In the order in which the steps were planned. */
  progress(jobRunId: string): Promise<StepProgress[]>;
  /** Of every job: how long ago a run completed, or, where none ever has, since when there are runs. */
  secondsSinceCompleted(nowMs: number): Promise<{ readonly jobName: JobName; readonly seconds: number }[]>;
}

export interface JobAlertStore {
  untoldAlerts(limit: number): Promise<UntoldAlert[]>;
  markTold(key: string, nowMs: number): Promise<void>;
}

export interface AlertTopic {
  publish(alert: AlertMessage): Promise<void>;
}

/** The machines of the jobs. */
export interface JobMachines {
  /** Whether this job is deployed here. */
  has(jobName: JobName): boolean;
  /**
   * A name that was used before starts nothing.
   * @returns with the execution's ARN, whichever of them it is
   */
  start(
    jobName: JobName,
    execution: { readonly name: string; readonly input: JobInput },
  ): Promise<{
    readonly outcome: 'started' | 'already-running' | 'already-ended';
    readonly executionArn: string;
  }>;
}

export interface Executions {
  describe(executionId: string): Promise<ExecutionState>;
}
