/**
 * What passes between the states of the CampaignRun state machine. The machine's paths ($.promotionId, …) name
 * these fields; a test holds the two together.
 */
import * as z from 'zod';
import { id, promotionStatus, promotionType } from './promotion.ts';

/** Input of an execution: {"promotionId": "1"}; a JSON number is taken too while it is exact. */
export const promotionId = z.union([id, z.int().positive().transform(String)]);

export const beginCampaignInput = z.object({ promotionId, executionId: z.string().min(1) });

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

export const beginCampaignOutput = z.object({ run: campaignRun, partitions: z.array(partition) });
export type BeginCampaignOutput = z.infer<typeof beginCampaignOutput>;

export const publishPartitionInput = z.object({ run: campaignRun, partition });
/** `published: false` asks to be invoked again: the invocation's time was up first. */
export interface PublishPartitionOutput {
  readonly published: boolean;
  readonly sentCount: number;
  readonly invalidCount: number;
}

export const trackProgressInput = z.object({ run: campaignRun });
/** `settled: false` asks to be invoked again: the invocation's time was up first. */
export interface TrackProgressOutput {
  readonly settled: boolean;
  readonly finalCount: number;
}

/** `error` is what the machine caught: the campaign then ends FAILED. */
export const finishCampaignInput = z.object({
  run: campaignRun,
  error: z.object({ Error: z.string(), Cause: z.string().default('') }).optional(),
});
export const finishCampaignOutput = z.object({
  outcome: promotionStatus,
  totalCount: z.int(),
  publishedCount: z.int(),
  successCount: z.int(),
  failCount: z.int(),
  retrySuccessCount: z.int(),
  grantedAmount: z.string(),
});
export type FinishCampaignOutput = z.infer<typeof finishCampaignOutput>;

/** The error with which BeginCampaign refuses a promotion that cannot be started. Never retried. */
export const CAMPAIGN_REFUSED = 'CampaignRefused';
