/**
 * The lines that saved queries read, field by field: functions write them, and no query asks for what none says. Ids
 * and figures, no personal data. CloudWatch Logs finds the first 200 values of a line by their names, so lists come
 * last; within lists a query looks by itself.
 */
import * as z from 'zod';
import { campaignRun, finishCampaignOutput, partition } from './campaign-run.ts';
import type { LOG_EVENTS } from './log-events.ts';
import { figures, jobName, jobRange, jobRun, jobRunStatus } from './jobs.ts';
import { id } from './promotion.ts';

const count = z.int().nonnegative();
const ids = z.array(id).readonly();
/** The idempotency key: type, promotion and target. */
const target = z.string();

/** A target that a call, a publisher or the queue failed. */
const failure = z.object({ target, code: z.string(), attempt: count });
const failures = z.array(failure).readonly();

export const LOG_LINES = {
  campaignBegun: z.object({ run: campaignRun, partitions: z.array(partition).readonly() }),
  targetsInvalid: z.object({ promotionId: id, runNumber: z.int(), failures }),
  partitionPublished: z.object({
    run: campaignRun,
    partition,
    published: z.boolean(),
    sentCount: count,
    invalidCount: count,
  }),
  batchPaid: z.object({
    granted: count,
    rejected: count,
    retrying: count,
    failed: count,
    repeated: count,
    returned: count,
    deadLetters: count,
    breakerWaitSeconds: z.number(),
    /** Absent where no call was made. */
    slowestMs: z.number().optional(),
    slowestTarget: target.optional(),
    promotionIds: ids,
    failures,
    /** Epoch milliseconds of each call. */
    callsAt: z.array(z.int()).readonly(),
    targets: z.array(target).readonly(),
  }),
  breakerChanged: z.object({
    transition: z.enum(['opened', 'reopened', 'closed']),
    consecutiveFailures: count,
    outageSeconds: z.number(),
  }),
  apiKeyRefused: z.object({ promotionId: id, code: z.string() }),
  deadLettersCollected: z.object({
    messageCount: count,
    repeated: count,
    returned: count,
    failures,
  }),
  campaignFinished: z.object({ run: campaignRun, ...finishCampaignOutput.shape }),
  deadLettersRedriven: z.object({ promotionId: id, done: z.boolean(), redrivenCount: count }),
  campaignsReconciled: z.object({
    started: ids,
    recovered: ids,
    closed: ids,
    scheduled: ids,
    unscheduled: z.array(z.string()).readonly(),
  }),
  jobRunBegun: z.object({ jobRun }),
  jobRunEnded: z.object({
    jobRun,
    status: jobRunStatus,
    problemCount: count,
    durationSeconds: z.number(),
    skippedChunkCount: count,
    figures,
  }),
  jobRunsReconciled: z.object({
    failed: z.array(z.object({ jobRunId: z.string(), jobName, error: z.string() })).readonly(),
  }),
  rangeWalked: z.object({ step: z.string(), jobRun, range: jobRange, finished: z.boolean() }),
  districtsNotSaid: z.object({ reason: z.string(), storeIds: z.array(z.string()).readonly() }),
  membersSkipped: z.object({ reason: z.string(), memberIds: z.array(z.string()).readonly() }),
  goneUsers: z.object({ pruned: z.boolean(), userIds: z.array(z.string()).readonly() }),
} as const satisfies Partial<Record<keyof typeof LOG_EVENTS, z.ZodObject>>;

export type LoggedEvent = keyof typeof LOG_LINES;

export type LogFields<Event extends LoggedEvent> = z.input<(typeof LOG_LINES)[Event]>;
export type LoggedFailure = z.input<typeof failure>;
