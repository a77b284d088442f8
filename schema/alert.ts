/** What goes over the alert topic: one message a transition. Amounts are exact decimals, times ISO 8601. */
import * as z from 'zod';
import { figures, jobName, targetHour } from './jobs.ts';
import { id, promotionType } from './promotion.ts';

export const ALERT_KINDS = [
  'CAMPAIGN_COMPLETED',
  'CAMPAIGN_STOPPED',
  'CAMPAIGN_FAILED',
  'MONEY_KEY_REFUSED',
  'FAILURE_RATE',
  'BREAKER_OPENED',
  'BREAKER_CLOSED',
  'JOB_STARTED',
  'JOB_COMPLETED',
  'JOB_COMPLETED_WITH_PROBLEMS',
  'JOB_FAILED',
] as const;
export const alertKind = z.enum(ALERT_KINDS);
export type AlertKind = z.infer<typeof alertKind>;

export const alertCampaign = z.object({
  promotionId: id,
  promotionType,
  runNumber: z.int().positive(),
  executionArn: z.string(),
  totalCount: z.int(),
  successCount: z.int(),
  failCount: z.int(),
  retrySuccessCount: z.int(),
  /** null while it is paid: it is summed up from the rows. */
  grantedAmount: z.string().nullable(),
  /** DATETIME, Asia/Seoul. */
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Why it was stopped or failed. */
  memo: z.string().nullable(),
});
export type AlertCampaign = z.infer<typeof alertCampaign>;

/** A run of a job as its alert tells it. */
export const alertJob = z.object({
  jobRunId: id,
  jobName,
  runDate: z.string(),
  targetHour: targetHour.nullable(),
  attempt: z.int().positive(),
  executionArn: z.string(),
  /** Chunks that earlier attempts had finished. */
  skippedChunkCount: z.int(),
  /** null until it has ended. */
  figures: figures.nullable(),
  problemCount: z.coerce.number(),
  error: z.string().nullable(),
  /** DATETIME, Asia/Seoul. */
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});
export type AlertJob = z.infer<typeof alertJob>;

export const alertMessage = z.object({
  version: z.literal(1),
  /** Names the transition: a message that comes twice is one alert. */
  alertKey: z.string(),
  kind: alertKind,
  isUrgent: z.boolean(),
  stage: z.string(),
  region: z.string(),
  raisedAt: z.string(),
  campaign: alertCampaign.nullable(),
  job: alertJob.nullable().default(null),
});
export type AlertMessage = z.infer<typeof alertMessage>;

/** Somebody is to look at once: money waits or is asked for with a key that is refused, or a job gave up. */
export function isUrgentAlert(kind: AlertKind): boolean {
  return URGENT.has(kind);
}

const URGENT: ReadonlySet<AlertKind> = new Set([
  'BREAKER_OPENED',
  'CAMPAIGN_FAILED',
  'MONEY_KEY_REFUSED',
  'JOB_FAILED',
]);
