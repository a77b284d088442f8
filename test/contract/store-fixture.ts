/** What the contract of CampaignStore is told with, on either side. */
import type { CampaignStore, PromotionKey } from '../../lambdas/campaign-grant/ports.ts';
import type { PromotionStatus, PromotionType } from '../../schema/promotion.ts';
import type { TargetLook } from '../support/fakes.ts';

export interface NewCampaign {
  readonly type?: PromotionType;
  readonly targetCount?: number;
  /** Of every target; null falls back to the promotion's default, 500.00. */
  readonly amount?: string | null;
  readonly totalAmount?: string | null;
  readonly reservationAt?: string | null;
  readonly priority?: number;
}

export interface Campaign extends PromotionKey {
  readonly targetIds: readonly string[];
}

export interface StoreFixture {
  readonly store: CampaignStore;
  /** A campaign that is READY, its customers 1000, 1001, … */
  insert(campaign?: NewCampaign): Promise<Campaign>;
  /** As a person with SQL does it. */
  setStatus(of: PromotionKey, status: PromotionStatus): Promise<void>;
  setDefaultAmount(of: PromotionKey, amount: string): Promise<void>;
  targets(of: PromotionKey): Promise<TargetLook[]>;
  summary(of: PromotionKey): Promise<SummaryLook | undefined>;
  /** Nobody pays, nobody waits, the breaker is closed. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export interface SummaryLook {
  readonly publishedCount: number;
  readonly successCount: number;
  readonly failCount: number;
  readonly retrySuccessCount: number;
  readonly isCompleted: boolean;
  readonly isStopped: boolean;
  readonly stoppedMemo: string | null;
}
