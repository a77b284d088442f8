/**
 * The jobs beside the campaigns, and what passes between the states of their machines. A job runs for a day, or for an
 * hour of it; its steps go through ranges of ids, chunk by chunk.
 */
import * as z from 'zod';
import { isDate } from './seoul-time.ts';

export const JOB_NAMES = ['point-sync', 'coupon-usage-stats', 'coupon-usage-stats-fcm-send'] as const;
export const jobName = z.enum(JOB_NAMES);
export type JobName = z.infer<typeof jobName>;

/** yyyy-MM-dd, Asia/Seoul. */
export const runDate = z.string().refine(isDate, 'must be a date of the form yyyy-MM-dd');
export const targetHour = z.int().min(0).max(23);

/** Input of an execution. What is not said is taken from the time for which it was scheduled, or from the clock. */
export const jobInput = z.strictObject({
  runDate: runDate.optional(),
  /** Only of a job that is for an hour. */
  targetHour: targetHour.optional(),
  /** Only of point-sync: balances in Redis whose user is gone are removed. */
  prune: z.boolean().optional(),
  /** ISO 8601, as EventBridge Scheduler says it. */
  scheduledAt: z.iso.datetime().optional(),
});
export type JobInput = z.infer<typeof jobInput>;

const id = z.string().regex(/^\d{1,19}$/);

/** What a run is, for each of its steps. */
export const jobRun = z.object({
  jobRunId: id,
  jobName,
  runDate,
  targetHour: targetHour.nullable(),
  attempt: z.int().positive(),
  prune: z.boolean(),
});
export type JobRun = z.infer<typeof jobRun>;

export const beginJobRunInput = z.object({ jobName, executionId: z.string().min(1), input: jobInput });
export type BeginJobRunInput = z.infer<typeof beginJobRunInput>;

/** Ids above afterId, up to and including toId. */
export const jobRange = z.object({ rangeNumber: z.int().nonnegative(), afterId: id, toId: id });
export type JobRange = z.infer<typeof jobRange>;

export const stepInput = z.object({ jobRun });
export const rangeInput = z.object({ jobRun, range: jobRange });
/** `finished: false` asks to be invoked again: the invocation's time was up first. */
export interface RangeOutput {
  readonly finished: boolean;
}

export const endJobRunInput = z.object({ jobRun, executionId: z.string().min(1) });

/** Counts by name. */
export const figures = z.record(z.string(), z.number());
export type Figures = z.infer<typeof figures>;

/** COMPLETED_WITH_PROBLEMS: something was left out or looks wrong, and is counted; all the rest is done. */
export const jobRunStatus = z.enum(['RUNNING', 'COMPLETED', 'COMPLETED_WITH_PROBLEMS', 'FAILED']);
export type JobRunStatus = z.infer<typeof jobRunStatus>;

/** The error of every handler for an input that is not of the shape. Never retried. */
export const INVALID_INPUT = 'InvalidInput';

/** The error with which BeginJobRun refuses an input, or a second run at the same time. Never retried. */
export const JOB_REFUSED = 'JobRefused';
