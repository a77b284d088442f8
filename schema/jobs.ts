/**
 * The jobs beside the campaigns, and what passes between the states of their machines. A job runs for a day, or for an
 * hour of it; its steps go through ranges of ids, chunk by chunk.
 */
import * as z from 'zod';
import { isDate } from './seoul-time.ts';

export const JOB_NAMES = ['point-sync', 'coupon-usage-stats', 'coupon-usage-stats-fcm-send'] as const;
export const jobName = z.enum(JOB_NAMES);
export type JobName = z.infer<typeof jobName>;

/** When each runs, in Asia/Seoul: on the hour, of every day or only at one of its hours. */
export const JOB_SCHEDULES: Readonly<Record<JobName, { readonly hour: number | 'every' }>> = {
  'point-sync': { hour: 1 },
  'coupon-usage-stats': { hour: 1 },
  'coupon-usage-stats-fcm-send': { hour: 'every' },
};

/** Whether its runs are each for an hour of a day. */
export function isHourly(name: JobName): boolean {
  return JOB_SCHEDULES[name].hour === 'every';
}

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

/** The names that figures have, in the order in which people are told of them. */
export const FIGURES = {
  'point-sync': [
    'read',
    'alreadyEqual',
    'corrected',
    'missing',
    'newerKept',
    'stale',
    'drifted',
    'unreadable',
    'unwritten',
    'negativeBalances',
    'goneUsers',
    'prunedUsers',
    'reportedUsers',
    'transactions',
    'unknownTypes',
  ],
  'coupon-usage-stats': [
    'favourites',
    'skippedMembers',
    'stores',
    'storeServiceCalls',
    'unknownStores',
    'storesNotSaid',
  ],
  'coupon-usage-stats-fcm-send': [
    'members',
    'sent',
    'withoutTokens',
    'withoutActiveEvents',
    'skippedMembers',
    'unconfirmed',
  ],
} as const satisfies Readonly<Record<JobName, readonly string[]>>;
export type FigureName = (typeof FIGURES)[JobName][number];

/** What figures of a job come to, for whoever compares jobs: rows and messages read, and written. */
export const FIGURE_SUMS: Readonly<
  Record<JobName, { readonly reads: readonly FigureName[]; readonly writes: readonly FigureName[] }>
> = {
  'point-sync': {
    reads: ['read', 'transactions'],
    writes: ['corrected', 'missing', 'prunedUsers', 'reportedUsers'],
  },
  'coupon-usage-stats': { reads: ['stores'], writes: ['favourites'] },
  'coupon-usage-stats-fcm-send': { reads: ['members'], writes: ['sent'] },
};

/** Those that say that something is wrong; a run that has one completes with problems. */
export const PROBLEMS: Readonly<Record<JobName, readonly FigureName[]>> = {
  'point-sync': ['negativeBalances', 'unreadable', 'unwritten', 'unknownTypes'],
  'coupon-usage-stats': ['skippedMembers'],
  'coupon-usage-stats-fcm-send': ['skippedMembers', 'unconfirmed'],
};

export function sumOf(names: readonly FigureName[], counts: Figures): number {
  return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

/** COMPLETED_WITH_PROBLEMS: something was left out or looks wrong, and is counted; all the rest is done. */
export const jobRunStatus = z.enum(['RUNNING', 'COMPLETED', 'COMPLETED_WITH_PROBLEMS', 'FAILED']);
export type JobRunStatus = z.infer<typeof jobRunStatus>;
