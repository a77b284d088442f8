/**
 * What the use cases need of the world. Each port has two implementations: the real adapter, and the simulated
 * one of the tests, held to the same contract tests.
 */
import type { AlertCampaign, AlertMessage } from '../../schema/alert.ts';
import type { CampaignRunInput, Partition } from '../../schema/campaign-run.ts';
import type { GrantMessage } from '../../schema/grant-message.ts';
import type { GaugeName } from '../../schema/metrics.ts';
import type { ExecutionState } from '../shared/executions.ts';
import type { ProcessStatus, PromotionStatus, PromotionType } from '../../schema/promotion.ts';
import type { RaisedAlert, StoppedBy } from './domain/alerts.ts';
import type { Breaker, BreakerReading, BreakerTransition } from './domain/breaker.ts';
import type { GrantRequest } from './domain/grant-request.ts';
import type { DeadLetter, GrantCall, GrantResult } from './domain/grant-result.ts';
import type { GrantId } from './domain/idempotency.ts';
import type { MoneyAnswer } from './domain/outcome.ts';
import type { CampaignOverview } from './domain/campaign-state.ts';
import type { AwaitedPromotion } from './domain/reservation.ts';
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
  /** Those of the promotion's row until its first run begins, and frozen from then on. */
  readonly defaults: GrantDefaults;
  /** DATETIME, Asia/Seoul. */
  readonly reservationAt: string | null;
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
  /** Whether the campaign is IN_PROGRESS and this run is its latest: an execution that was overtaken ends. */
  isPaying(run: { readonly promotionId: string; readonly runNumber: number }): Promise<boolean>;
  /**
   * A new run, in one transaction: the promotion's status → IN_PROGRESS, the run's row, the summary's, and the
   * defaults frozen. By compare-and-set with `from`, and only while no other promotion is IN_PROGRESS. Where the run
   * before was stopped by hand, and nobody has told of it, its alert is raised.
   * @returns 'refused' when `from` no longer holds. A commit whose answer was lost looks like that: see latestRun.
   */
  beginRun(begin: {
    readonly promotionId: string;
    readonly executionId: string;
    readonly from: BeginFrom;
    readonly nowMs: number;
  }): Promise<'begun' | 'refused' | 'another-pays'>;
  recordPartitionCount(promotionId: string, partitionCount: number): Promise<void>;
  /** What the counters say, while the campaign is IN_PROGRESS by this run. */
  saveProgress(
    run: { readonly promotionId: string; readonly runNumber: number; readonly totalCount: number },
    progress: Progress,
  ): Promise<void>;
  /** What the rows say, in one statement. */
  recount(of: PromotionKey): Promise<void>;
  /**
   * IN_PROGRESS → STOPPED with the memo, by compare-and-set. Its alert is raised with it, as with each end of a run.
   * @returns whether it was IN_PROGRESS
   */
  stopCampaign(promotionId: string, memo: string, nowMs: number, by?: StoppedBy): Promise<boolean>;
  /**
   * IN_PROGRESS → `outcome` by compare-and-set, while the run is the promotion's latest. A COMPLETED run has ended
   * with that, its summary counted from the rows; a FAILED one is to be wound up. A campaign with a target that is
   * not final stays IN_PROGRESS instead of becoming COMPLETED: all of this is one transaction, which a redrive waits for.
   * One that was stopped by hand has its alert raised, and its summary says so.
   * @returns the promotion's status afterwards.
   */
  finishRun(finish: FinishedRun): Promise<PromotionStatus>;
  /**
   * IN_PROGRESS → `outcome` with the memo, if the promotion's latest run is this execution's. It is to be wound up.
   * @returns the promotion; undefined when there was nothing to close.
   */
  closeRun(close: ClosedRun): Promise<PromotionKey | undefined>;
  /**
   * Latest runs of campaigns that are IN_PROGRESS, and of those that are STOPPED or FAILED and were not wound up
   * before `woundUpSinceMs`: what was under way may have been recorded later.
   */
  openRuns(woundUpSinceMs: number): Promise<OpenRun[]>;
  /**
   * The end of the latest run of a campaign that is STOPPED or FAILED, after it was wound up. Where nobody said why
   * it was stopped (its status was set by hand), the summary says that, and its alert is raised.
   */
  endStoppedRun(promotionId: string, nowMs: number): Promise<void>;
  /** READY promotions that have a reservation, or had a run before (somebody made them READY again). */
  awaitedPromotions(): Promise<AwaitedPromotion[]>;
}

/** What must be true of the promotion for a run to begin. */
export type BeginFrom =
  | { readonly statuses: readonly PromotionStatus[] }
  | { readonly latestExecutionId: string; readonly runNumber: number };

export interface ClosedRun {
  readonly executionId: string;
  readonly outcome: 'STOPPED' | 'FAILED';
  readonly memo: string;
  readonly nowMs: number;
}

export interface OpenRun extends PromotionKey {
  readonly status: 'IN_PROGRESS' | 'STOPPED' | 'FAILED';
  readonly isWoundUp: boolean;
  readonly executionId: string;
  readonly runNumber: number;
}

/** Whose turn it is: one campaign pays at a time. */
export interface TurnStore {
  /**
   * Says that the execution waits (a sign of life, to be repeated within a minute), and asks whether it is its turn:
   * nobody else is IN_PROGRESS, and nobody who waits comes before it by reservation_at, reservation_priority,
   * promotion_id. A promotion without a reservation is taken as reserved for when it first asked.
   */
  askForTurn(waiting: {
    readonly promotionId: string;
    readonly executionId: string;
    readonly nowMs: number;
  }): Promise<boolean>;
}

/** The breaker's row, shared by all environments. */
export interface BreakerStore {
  readBreaker(): Promise<BreakerReading>;
  /**
   * Compare-and-set on the version; the alert of the change, if it has one, is raised with it. True for a write whose
   * first answer was lost, too.
   */
  saveBreaker(expectedVersion: number, next: Breaker, alert?: RaisedAlert): Promise<boolean>;
  /** afterSuccess of whatever the row says by now. Needs no version, so that those who tell it do not get in each other's way. */
  endStreak(successMs: number): Promise<void>;
}

export interface LatestRun {
  readonly runNumber: number;
  readonly executionId: string;
  readonly summaryId: string;
}

export interface FinishedRun {
  readonly promotionId: string;
  readonly runNumber: number;
  readonly promotionType: PromotionType;
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
  pendingTargets(of: PromotionKey, page: PendingPage): Promise<PendingTarget[]>;
  /** PENDING → PUBLISHED, unless the campaign has ended meanwhile. @returns how many changed. */
  markPublished(of: PromotionKey, targetIds: readonly string[], nowMs: number): Promise<number>;
  /** A FAILED result with the reason, and publish_status FAILED. @returns how many changed. */
  recordInvalid(of: PromotionKey, invalid: readonly InvalidTarget[], nowMs: number): Promise<number>;
  /**
   * PUBLISHED targets without a final result → PENDING, their RETRYING results too. A grant that is paid meanwhile
   * keeps its SUCCESS: published once more, it is acknowledged without a call.
   */
  returnUnpaid(of: PromotionKey, nowMs: number): Promise<void>;
  /** The same after a run has ended; it stops where the campaign is IN_PROGRESS again, by a resume. */
  windUp(of: PromotionKey, nowMs: number): Promise<void>;
  /** PENDING targets with a final result → PUBLISHED, or FAILED where no call was made: they are invalid. */
  adoptSettled(of: PromotionKey, nowMs: number): Promise<void>;
}

export interface PendingPage {
  readonly afterTargetId: string;
  readonly toTargetId: string;
  readonly limit: number;
}

export interface PendingTarget extends TargetRow {
  /** A final one was recorded after its run had been wound up: the target is not sent again. */
  readonly processStatus: ProcessStatus | null;
}

export type TargetRange = Pick<Partition, 'fromTargetId' | 'toTargetId' | 'targetCount'>;

export interface InvalidTarget {
  readonly targetId: string;
  readonly reason: string;
}

/** Results and dead letters. Every write may be repeated. */
export interface GrantStore {
  /** The one read of a batch. A grant whose promotion or target does not exist is left out of `states`. */
  readBatch(promotionType: PromotionType, grants: readonly GrantId[]): Promise<BatchReading>;
  /** What may have changed while a batch is at work. */
  readGate(promotionIds: readonly string[]): Promise<GateReading>;
  /**
   * SUCCESS is never overwritten, FAILED only by SUCCESS. A result that the API did not decide and that is more than
   * an attempt ahead of the recorded one is that of an earlier run, ended late: it is left out, and so is its dead
   * letter.
   */
  recordResults(promotionType: PromotionType, results: readonly GrantResult[], nowMs: number): Promise<void>;
  recordDeadLetters(deadLetters: readonly DeadLetter[], nowMs: number): Promise<void>;
  /** As returnUnpaid, for these grants, unless their campaign is IN_PROGRESS (again). */
  returnToPending(promotionType: PromotionType, grants: readonly GrantId[], nowMs: number): Promise<void>;
  /** From the rows: the truth that counters are reconciled with. */
  countResults(of: PromotionKey): Promise<ResultCounts>;
  /** Exact sum of the amounts of the SUCCESS results. */
  grantedAmount(of: PromotionKey): Promise<string>;
}

export interface BatchReading {
  readonly states: GrantState[];
  readonly breaker: BreakerReading;
}

export interface GateReading {
  /** Of the promotions asked for, those that are IN_PROGRESS. */
  readonly inProgress: ReadonlySet<string>;
  readonly breaker: BreakerReading;
}

/** Which dead letters: all of `causes` (of any, when absent) and of `targetIds` (of any, when absent). */
export interface RedriveSelection {
  readonly causes?: readonly string[] | undefined;
  readonly targetIds?: readonly string[] | undefined;
}

export interface RedriveStore {
  /**
   * Up to `limit` of the promotion's dead letters whose target is FAILED → PENDING, with a fresh count of attempts,
   * and a record of the redrive. In one transaction, which makes a COMPLETED promotion READY. @returns how many.
   */
  redrive(of: PromotionKey, selection: RedriveSelection, limit: number, nowMs: number): Promise<number>;
  /** The same for the transient ones that were never redriven automatically. */
  redriveTransient(of: PromotionKey, limit: number, nowMs: number): Promise<number>;
}

export interface CampaignStore
  extends PromotionStore, TurnStore, TargetStore, GrantStore, BreakerStore, RedriveStore, AlertStore {}

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

/** A message as the queue hands it over. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** The customer: messages of one group are at work one at a time. */
  readonly groupId: string;
  /** How often it was received so far, this time included. */
  readonly receiveCount: number;
  readonly body: string;
}

export interface GrantQueue {
  /** Sends all of them; what was refused comes back, everything else is in the queue. */
  send(grants: readonly OutgoingGrant[]): Promise<SendFailure[]>;
  /** Messages waiting or at work, approximately. */
  backlog(): Promise<number>;
  /**
   * Up to so many messages, waiting a moment for the first; none is no proof that there are none. Nobody else gets
   * them for `hiddenSeconds`.
   */
  receive(limit: number, hiddenSeconds: number): Promise<ReceivedMessage[]>;
  /** The messages are done with. One that the queue does not let go comes again. */
  delete(receiptHandles: readonly string[]): Promise<void>;
  /** The messages are delivered again after so many seconds. */
  postpone(receiptHandles: readonly string[], seconds: number): Promise<void>;
}

export interface MoneyApi {
  /** Resolves when a connection stands ready for the next call, or cannot be had now. Never rejects. */
  ready(): Promise<void>;
  /** One call, sent at once where a connection stands ready. Never throws: a broken connection or a timeout is an answer. */
  grant(request: GrantRequest): Promise<MoneyAnswer>;
}

/**
 * The client's Redis hash campaign_promotion_summary:{id}. It is for watching: nothing depends on it, and every
 * method does nothing when Redis is away.
 */
export interface ProgressCounters {
  reset(summaryId: string, totalCount: number, progress: Progress): Promise<void>;
  add(summaryId: string, increments: Partial<Progress>): Promise<void>;
  /** undefined when Redis is away, or has lost what was there at the last reset. */
  read(summaryId: string): Promise<Progress | undefined>;
}

/** What GrantRewards tells of its batches: ids and figures, no personal data. */
export interface GrantLog {
  batchPaid(figures: BatchFigures): void;
  batchUndecided(error: unknown, messageCount: number): void;
  /** Messages were not received, or come again later than they should. */
  queueFailed(action: 'receive' | 'postpone' | 'delete', error: unknown): void;
  apiKeyRefused(promotionId: string, code: string): void;
  /** `outageSeconds` is since the first of the failures. */
  breakerChanged(transition: BreakerTransition, consecutiveFailures: number, outageSeconds: number): void;
}

export interface BatchFigures {
  readonly promotionIds: readonly string[];
  readonly granted: number;
  readonly rejected: number;
  readonly retrying: number;
  readonly failed: number;
  /** Their result was final before: acknowledged without a call. */
  readonly repeated: number;
  /** Back to PENDING: their campaign is not being paid. */
  readonly returned: number;
  readonly deadLetters: number;
  /** Of them: no grant message, and for a target that does not exist. */
  readonly malformed: number;
  readonly unknownTargets: number;
  /** Epoch milliseconds of each Money call of the batch. */
  readonly callsAt: readonly number[];
  /** The same calls, in the order of their answers. */
  readonly calls: readonly AnsweredCall[];
  /** So long the batch's calls waited for an open breaker to let one through. */
  readonly breakerWaitSeconds: number;
}

export interface AnsweredCall extends GrantCall {
  /** From sending it to its answer, or to its timeout. */
  readonly latencyMs: number;
}

/** What PublishPartition tells of each page. */
export interface PublishLog {
  pagePublished(page: PageFigures): void;
}

export interface PageFigures extends PromotionKey {
  readonly runNumber: number;
  readonly sentCount: number;
  readonly invalid: readonly InvalidTarget[];
  /** Sends that the queue did not take, to be sent again. */
  readonly sendFailureCount: number;
}

/** How things stand now, for the dashboards. */
export interface CampaignGauges {
  /** Never rejects, and takes no longer than a second: what cannot be told is left out. */
  report(gauges: Readonly<Partial<Record<GaugeName, number>>>): Promise<void>;
}

/** Executions of the state machine CampaignRun. */
export interface CampaignRuns {
  /** A name that was used before starts nothing. */
  start(
    input: CampaignRunInput,
    executionName: string,
  ): Promise<'started' | 'already-running' | 'already-ended'>;
  describe(executionId: string): Promise<ExecutionState>;
}

/** One-time schedules, each of which starts one execution of CampaignRun. */
export interface ReservationSchedules {
  /** Names of all that there are. */
  list(): Promise<string[]>;
  /** One that exists already is left as it is. */
  create(schedule: ReservationSchedule): Promise<void>;
  /** One that does not exist is no error. */
  delete(name: string): Promise<void>;
}

export interface ReservationSchedule {
  readonly name: string;
  /** DATETIME, Asia/Seoul. */
  readonly at: string;
  readonly executionName: string;
  readonly input: CampaignRunInput;
}

/** What people look at and do: small rows alone, whatever the size of a campaign. */
export interface OperatorStore {
  /** The newest first, those that are not final before the others. */
  campaigns(limit: number): Promise<CampaignOverview[]>;
  campaign(promotionId: string): Promise<CampaignOverview | undefined>;
  /** The campaign that is being paid, and whether the breaker is open. */
  surroundings(): Promise<{ readonly paying: string | null; readonly breakerIsOpen: boolean }>;
  /**
   * READY → STOPPED, for a campaign that nobody is to start: an execution that waits for its turn begins nothing any
   * more. @returns whether it was READY
   */
  withdraw(promotionId: string, memo: string, nowMs: number): Promise<boolean>;
  /** STOPPED or FAILED → READY: it goes on in its turn, and can be withdrawn until then. @returns whether it was */
  makeReady(promotionId: string, nowMs: number): Promise<boolean>;
  /** FAILED results past `afterTargetId`, in order of id, with what is known of each. */
  failures(of: PromotionKey, page: FailurePage): Promise<Failure[]>;
  /** How many of a promotion's dead letters a redrive with this selection would make PENDING, by cause. */
  redrivable(
    of: PromotionKey,
    selection: RedriveSelection,
  ): Promise<{ readonly cause: string; readonly count: number }[]>;
}

export interface FailurePage {
  readonly afterTargetId: string;
  readonly limit: number;
  /** Of any cause, when absent. */
  readonly causes?: readonly string[] | undefined;
}

export interface Failure {
  readonly targetId: string;
  readonly customerUid: string;
  /** null: the target was invalid, and no call was made. */
  readonly cause: string | null;
  readonly reason: string | null;
  readonly attemptCount: number;
  /** DATETIME, Asia/Seoul. */
  readonly failedAt: string;
}

/** What people are told: rows that are written with the transitions, and published from there. */
export interface AlertStore {
  /** One that is there already is left as it is. */
  raiseAlert(alert: RaisedAlert): Promise<void>;
  /** The oldest first. */
  unpublishedAlerts(limit: number): Promise<RaisedAlert[]>;
  markTold(key: string, nowMs: number): Promise<void>;
  /** What an alert says of a run, from small rows alone. undefined: the promotion is gone. */
  alertCampaign(run: {
    readonly promotionId: string;
    readonly runNumber: number;
  }): Promise<Omit<AlertCampaign, 'grantedAmount'> | undefined>;
}

export interface AlertTopic {
  /** May be given the same alert twice: its key says so to whoever reads it. */
  publish(alert: AlertMessage): Promise<void>;
}

/** Executions of the state machine that redrives. */
export interface RedriveRuns {
  /**
   * Redrives a selection of a promotion's dead letters; while one of the same selection runs, that one is it.
   * @param runNumber of the promotion's latest run
   */
  start(
    redrive: { readonly promotionId: string } & RedriveSelection,
    runNumber: number,
  ): Promise<{ readonly outcome: 'started' | 'already-running'; readonly executionName: string }>;
}
