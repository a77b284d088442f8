/**
 * What the use cases need of the world. Each port has two implementations: the real adapter, and the simulated
 * one of the tests, held to the same contract tests.
 */
import type { Partition } from '../../schema/campaign-run.ts';
import type { GrantMessage } from '../../schema/grant-message.ts';
import type { ProcessStatus, PromotionStatus, PromotionType } from '../../schema/promotion.ts';
import type { GrantRequest } from './domain/grant-request.ts';
import type { DeadLetter, GrantResult } from './domain/grant-result.ts';
import type { GrantId } from './domain/idempotency.ts';
import type { MoneyAnswer } from './domain/outcome.ts';
import type { GrantDefaults, TargetRow } from './domain/target.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Seconds of a clock that never goes back; only differences mean anything. */
  monotonic(): number;
  sleep(seconds: number): Promise<void>;
}

/** How long the present invocation may still run. */
export interface TimeBudget {
  remainingSeconds(): number;
}

export interface Promotion {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly status: PromotionStatus;
  /** The most that may be granted, an exact decimal; null: no limit was set. */
  readonly totalAmount: string | null;
  readonly defaults: GrantDefaults;
}

export interface ResultCounts {
  readonly successCount: number;
  readonly failCount: number;
  readonly retrySuccessCount: number;
}

export interface Progress extends ResultCounts {
  readonly publishedCount: number;
}

/** What the database knows of a grant when its message arrives. */
export interface GrantState {
  readonly targetId: string;
  readonly promotionId: string;
  readonly promotionStatus: PromotionStatus;
  /** null while the promotion never began. */
  readonly summaryId: string | null;
  readonly processStatus: ProcessStatus | null;
  readonly attemptCount: number;
}

/** Promotions, their runs and their summary. Every write may be repeated. */
export interface PromotionStore {
  findPromotion(promotionId: string): Promise<Promotion | undefined>;
  promotionStatus(promotionId: string): Promise<PromotionStatus | undefined>;
  latestRun(promotionId: string): Promise<LatestRun | undefined>;
  /**
   * READY → IN_PROGRESS by compare-and-set, with the run's row and the summary's, in one transaction.
   * @returns whether it was READY. A lost answer of a commit that happened looks like false: see latestRun.
   */
  beginRun(begin: { promotionId: string; executionId: string; nowMs: number }): Promise<boolean>;
  recordPartitionCount(promotionId: string, partitionCount: number): Promise<void>;
  saveProgress(promotionId: string, progress: Progress): Promise<void>;
  /** IN_PROGRESS → STOPPED with the memo, by compare-and-set. */
  stopCampaign(promotionId: string, memo: string, nowMs: number): Promise<void>;
  /** IN_PROGRESS → `outcome` by compare-and-set, and the end of the run. @returns the status afterwards. */
  finishRun(finish: FinishedRun): Promise<PromotionStatus>;
  /** READY promotions whose reservation has come, in the order of their turn. */
  duePromotions(nowMs: number, limit: number): Promise<{ promotionId: string; reservationAt: string }[]>;
  anyInProgress(): Promise<boolean>;
}

export interface LatestRun {
  readonly runNumber: number;
  readonly executionId: string;
  readonly summaryId: string;
}

export interface FinishedRun {
  readonly promotionId: string;
  readonly runNumber: number;
  readonly outcome: 'COMPLETED' | 'FAILED';
  readonly memo: string | null;
  readonly nowMs: number;
}

/** Either target table. Every write may be repeated. */
export interface TargetStore {
  countTargets(of: PromotionKey): Promise<number>;
  countPending(of: PromotionKey): Promise<number>;
  countPublished(of: PromotionKey): Promise<number>;
  /** Exact sum of what the targets would be granted: defaults applied, amounts that are not positive left out. */
  plannedAmount(of: PromotionKey): Promise<string>;
  /** The range of the next `size` PENDING targets past `afterTargetId`. */
  pendingRange(of: PromotionKey, afterTargetId: string, size: number): Promise<TargetRange | undefined>;
  /** PENDING targets past `afterTargetId` and up to `toTargetId`, in order of id. */
  pendingTargets(of: PromotionKey, page: PendingPage): Promise<TargetRow[]>;
  /** PENDING → PUBLISHED. @returns how many changed. */
  markPublished(of: PromotionKey, targetIds: readonly string[], nowMs: number): Promise<number>;
  /** A FAILED result with the reason, and publish_status FAILED. @returns how many changed. */
  recordInvalid(of: PromotionKey, invalid: readonly InvalidTarget[], nowMs: number): Promise<number>;
  /**
   * PUBLISHED targets without a final result → PENDING, their RETRYING results too. A grant that is paid meanwhile
   * keeps its SUCCESS: published once more, it is acknowledged without a call.
   */
  returnUnpaid(of: PromotionKey, nowMs: number): Promise<void>;
}

export interface PendingPage {
  readonly afterTargetId: string;
  readonly toTargetId: string;
  readonly limit: number;
}

export type TargetRange = Pick<Partition, 'fromTargetId' | 'toTargetId' | 'targetCount'>;

export interface InvalidTarget {
  readonly targetId: string;
  readonly reason: string;
}

/** Results and dead letters. Every write may be repeated. */
export interface GrantStore {
  /** A grant whose promotion or target does not exist is left out. */
  grantStates(promotionType: PromotionType, grants: readonly GrantId[]): Promise<GrantState[]>;
  /** SUCCESS is never overwritten, FAILED only by SUCCESS. */
  recordResults(promotionType: PromotionType, results: readonly GrantResult[], nowMs: number): Promise<void>;
  recordDeadLetters(deadLetters: readonly DeadLetter[], nowMs: number): Promise<void>;
  /** As returnUnpaid, for these grants, unless their campaign is IN_PROGRESS (again). */
  returnToPending(promotionType: PromotionType, grants: readonly GrantId[], nowMs: number): Promise<void>;
  /** From the rows: the truth that counters are reconciled with. */
  countResults(of: PromotionKey): Promise<ResultCounts>;
  /** Exact sum of the amounts of the SUCCESS results. */
  grantedAmount(of: PromotionKey): Promise<string>;
}

export interface CampaignStore extends PromotionStore, TargetStore, GrantStore {}

export interface PromotionKey {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
}

export interface OutgoingGrant {
  readonly targetId: string;
  readonly groupId: string;
  readonly deduplicationId: string;
  readonly message: GrantMessage;
}

export interface SendFailure {
  readonly targetId: string;
  readonly code: string;
  /** The queue will never take this message, however often it is sent. */
  readonly permanent: boolean;
}

export interface GrantQueue {
  /** Sends all of them; what was refused comes back, everything else is in the queue. */
  send(grants: readonly OutgoingGrant[]): Promise<SendFailure[]>;
  /** Messages waiting or at work, approximately. */
  backlog(): Promise<number>;
  /** The messages are delivered again after so many seconds. */
  postpone(receiptHandles: readonly string[], seconds: number): Promise<void>;
}

export interface MoneyApi {
  /** One call. Never throws: a broken connection or a timeout is an answer. */
  grant(request: GrantRequest): Promise<MoneyAnswer>;
}

/**
 * The client's Redis hash campaign_promotion_summary:{id}. It is for watching: nothing depends on it, and every
 * method does nothing when Redis is away.
 */
export interface ProgressCounters {
  reset(summaryId: string, totalCount: number, progress: Progress): Promise<void>;
  add(summaryId: string, increments: Partial<Progress>): Promise<void>;
  /** undefined when Redis is away or has lost the hash. */
  read(summaryId: string): Promise<Progress | undefined>;
}

export interface CampaignRuns {
  /** Starts an execution of CampaignRun. A name that was used before starts nothing. */
  start(promotionId: string, executionName: string): Promise<'started' | 'already-started'>;
}
