/** The rows of the simulated database. What only people read (names, timestamps of rows) is left out. */
import type { RaisedAlert } from '../../../lambdas/campaign-grant/domain/alerts.ts';
import type { TargetRow } from '../../../lambdas/campaign-grant/domain/target.ts';
import type { GrantDefaults } from '../../../lambdas/campaign-grant/domain/target.ts';
import type { GrantId } from '../../../lambdas/campaign-grant/domain/idempotency.ts';
import type { Progress } from '../../../lambdas/campaign-grant/ports.ts';
import type {
  ProcessStatus,
  PromotionStatus,
  PromotionType,
  PublishStatus,
} from '../../../schema/promotion.ts';

export interface ResultRecord {
  processStatus: ProcessStatus;
  transactionKey: string | null;
  errorMessage: string | null;
  attemptCount: number;
}

export interface TargetRecord {
  readonly id: number;
  readonly row: TargetRow;
  publishStatus: PublishStatus;
  result: ResultRecord | undefined;
}

export interface RunRecord {
  readonly runNumber: number;
  readonly executionId: string;
  endedAt: number | null;
  outcome: string | null;
}

export interface SummaryRecord {
  readonly summaryId: string;
  progress: Progress;
  completedMs: number | null;
  stoppedMs: number | null;
  stoppedMemo: string | null;
}

/** Who waits for its turn. */
export interface TurnRecord {
  executionId: string;
  /** DATETIME: whole seconds, as milliseconds. */
  readonly askedMs: number;
  seenMs: number;
}

export interface PromotionRecord {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  status: PromotionStatus;
  readonly totalAmount: string | null;
  /** Those of the promotion's row: a person may edit them. */
  defaults: GrantDefaults;
  frozenDefaults: GrantDefaults | undefined;
  /** DATETIME, Asia/Seoul. */
  reservationAt: string | null;
  readonly priority: number;
  partitionCount: number | null;
  summary: SummaryRecord | undefined;
  readonly runs: RunRecord[];
  turn: TurnRecord | undefined;
  /** In order of id. */
  readonly targets: readonly TargetRecord[];
  readonly byId: ReadonlyMap<string, TargetRecord>;
}

export interface DeadLetterRecord {
  readonly key: string;
  readonly grant: GrantId | null;
  cause: string;
  errorMessage: string;
  transient: boolean;
  attemptCount: number;
}

export interface AlertRecord {
  readonly alert: RaisedAlert;
  isTold: boolean;
}

export interface RedriveRecord {
  readonly key: string;
  readonly isAutomatic: boolean;
}
