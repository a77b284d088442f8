/** What the database says of a campaign besides its targets. Times are DATETIMEs, Asia/Seoul. */
import type { PromotionStatus, PromotionType } from '../../../schema/promotion.ts';

export interface CampaignFacts {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly status: PromotionStatus;
  /** null: no limit was set. */
  readonly totalAmount: string | null;
  /** What a target without an amount is granted: frozen by the first run, the promotion's own before it. */
  readonly defaultAmount: string | null;
  /** null: no run ever began. */
  readonly summary: SummaryFacts | null;
  readonly runs: RunFacts;
  readonly lastRedriveAt: string | null;
  /** Promotions that are IN_PROGRESS, this one included: a few of them. */
  readonly inProgress: readonly string[];
}

export interface SummaryFacts {
  readonly publishedCount: number;
  readonly successCount: number;
  readonly failCount: number;
  readonly retrySuccessCount: number;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly stoppedAt: string | null;
  readonly stoppedMemo: string | null;
}

export interface RunFacts {
  readonly count: number;
  /** 0 when there is none. */
  readonly lowestNumber: number;
  readonly highestNumber: number;
  readonly openCount: number;
  /** Whether the one with the highest number has not ended. */
  readonly isLastOpen: boolean;
  readonly lastEndedAt: string | null;
}

/** Rows by status, counted by the database itself. */
export interface RowCounts {
  readonly targets: ReadonlyMap<string, number>;
  readonly results: ReadonlyMap<string, number>;
}
