/** What goes over the alert topic: one message a transition. Amounts are exact decimals, times ISO 8601. */
import * as z from 'zod';
import { id, promotionType } from './promotion.ts';

export const ALERT_KINDS = [
  'CAMPAIGN_COMPLETED',
  'CAMPAIGN_STOPPED',
  'CAMPAIGN_FAILED',
  'MONEY_KEY_REFUSED',
  'FAILURE_RATE',
  'BREAKER_OPENED',
  'BREAKER_CLOSED',
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
});
export type AlertMessage = z.infer<typeof alertMessage>;
