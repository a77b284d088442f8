/**
 * What passes between the states of the CampaignRun state machine. The machine's paths ($.promotionId, …) name
 * these fields; a test holds the two together.
 */
import * as z from 'zod';
import { id, promotionStatus, promotionType } from './promotion.ts';

/** {"promotionId": "1"}; a JSON number is taken too while it is exact. */
export const promotionId = z.union([id, z.int().positive().transform(String)]);

/** Input of an execution. */
export const campaignRunInput = z.object({
  promotionId,
  /** Asked for by a person: a campaign that is STOPPED or FAILED goes on. Nothing starts one again by itself. */
  resume: z.boolean().optional(),
  /** The execution that ran the campaign and is lost: only while its run is the latest, this one takes over. */
  recoverFrom: z.string().min(1).optional(),
});
export type CampaignRunInput = z.output<typeof campaignRunInput>;

export const waitForTurnInput = z.object({ executionId: z.string().min(1), input: campaignRunInput });
/** `turn: false` asks to be invoked again: the invocation's time was up first. */
export interface WaitForTurnOutput {
  readonly turn: boolean;
}

/** A contiguous range of target ids, both ends included. */
export const partition = z.object({
  partitionNumber: z.int().nonnegative(),
  fromTargetId: id,
  toTargetId: id,
  targetCount: z.int().nonnegative(),
});
export type Partition = z.infer<typeof partition>;

export const campaignRun = z.object({
  promotionId: id,
  promotionType,
  runNumber: z.int().positive(),
  summaryId: id,
  totalCount: z.int().nonnegative(),
});
export type CampaignRun = z.infer<typeof campaignRun>;

/** `input` is the execution's; from the second pass on it has what the pass before began with. */
export const beginCampaignInput = z.object({
  executionId: z.string().min(1),
  input: campaignRunInput.extend({
    pass: z.object({ run: campaignRun }).optional(),
  }),
});
export type BeginCampaignInput = z.output<typeof beginCampaignInput>;

/** `begun: false`: another campaign was faster, the turn is to be waited for again. */
export type BeginCampaignOutput =
  | { readonly begun: true; readonly run: CampaignRun; readonly partitions: readonly Partition[] }
  | { readonly begun: false };

export const publishPartitionInput = z.object({ run: campaignRun, partition });
/** `published: false` asks to be invoked again: the invocation's time was up first. */
export interface PublishPartitionOutput {
  readonly published: boolean;
  readonly sentCount: number;
  readonly invalidCount: number;
}

export const trackProgressInput = z.object({ run: campaignRun });
/** `ended: false` asks to be invoked again: the invocation's time was up first. */
export interface TrackProgressOutput {
  readonly ended: boolean;
  readonly finalCount: number;
}

/** `error` is what the machine caught: the campaign then ends FAILED. */
export const finishCampaignInput = z.object({
  run: campaignRun,
  error: z.object({ Error: z.string(), Cause: z.string().default('') }).optional(),
});
/** `again`: not every target is final, or some are redriven: a further pass of this execution pays them. */
export const finishCampaignOutput = z.object({
  again: z.boolean(),
  outcome: promotionStatus,
  totalCount: z.int(),
  publishedCount: z.int(),
  successCount: z.int(),
  failCount: z.int(),
  retrySuccessCount: z.int(),
  grantedAmount: z.string(),
});
export type FinishCampaignOutput = z.infer<typeof finishCampaignOutput>;

export const redriveInput = z.object({
  promotionId,
  causes: z.array(z.string().min(1)).optional(),
  targetIds: z.array(promotionId).optional(),
});
/** `done: false` asks to be invoked again: the invocation's time was up first. */
export interface RedriveOutput {
  readonly done: boolean;
  readonly redrivenCount: number;
}

/** The error with which BeginCampaign refuses a promotion that cannot be started. Never retried. */
export const CAMPAIGN_REFUSED = 'CampaignRefused';
