/** The ports of the campaign pipeline in memory, on a clock of their own, and makers of what passes through them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowDataPacket, Pool } from 'mysql2/promise';
import type { AlertLog } from '../../lambdas/campaign-grant/app/tell-alerts.ts';
import type { AlertTopic, ReceivedMessage } from '../../lambdas/campaign-grant/ports.ts';
import type { BreakerTransition } from '../../lambdas/campaign-grant/domain/breaker.ts';
import type { GrantRequest } from '../../lambdas/campaign-grant/domain/grant-request.ts';
import { idempotencyKey } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import type { GrantId } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import type { MoneyAnswer } from '../../lambdas/campaign-grant/domain/outcome.ts';
import { resolveTarget } from '../../lambdas/campaign-grant/domain/target.ts';
import type {
  BatchFigures,
  CampaignGauges,
  CampaignRuns,
  CampaignStore,
  Clock,
  GrantLog,
  GrantQueue,
  MoneyApi,
  OutgoingGrant,
  PageFigures,
  Progress,
  ProgressCounters,
  PromotionKey,
  PublishLog,
  ExecutionState,
  ReservationSchedule,
  RedriveRuns,
  ReservationSchedules,
  SendFailure,
  TimeBudget,
} from '../../lambdas/campaign-grant/ports.ts';
import type { AlertMessage } from '../../schema/alert.ts';
import type { CampaignRunInput, Partition } from '../../schema/campaign-run.ts';
import type { GrantMessage } from '../../schema/grant-message.ts';

/** 2026-11-21 12:00:00 in Seoul. */
export const START_MS = Date.UTC(2026, 10, 21, 3, 0, 0);

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * Time that passes only when somebody sleeps: to the earliest sleeper's end, one sleeper at a time. Everything
 * that a woken one does without real I/O is done before the next wakes.
 */
export class VirtualClock implements Clock {
  /** Seconds, the unit of `monotonic`: another unit would round a sleep that ends exactly at a slot. */
  #seconds = 0;
  readonly #sleepers: Sleeper[] = [];
  #isRunning = false;
  /** Real I/O that is under way. */
  #working = 0;
  #whenIdle: (() => void) | undefined;

  now(): number {
    return START_MS + Math.round(this.#seconds * 1000);
  }

  monotonic(): number {
    return this.#seconds;
  }

  sleep(seconds: number): Promise<void> {
    if (seconds <= 0) return Promise.resolve();
    const slept = new Promise<void>((wake) => {
      const at = this.#seconds + seconds;
      const later = this.#sleepers.findIndex((sleeper) => sleeper.at > at);
      this.#sleepers.splice(later < 0 ? this.#sleepers.length : later, 0, { at, wake });
    });
    if (!this.#isRunning) void this.#run();
    return slept;
  }

  /** Real I/O takes no virtual time: the clock stands still until it is done. It must not wait for a sleeper. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      if (this.#working === 0) this.#whenIdle?.();
    }
  }

  /** Time passes while nobody sleeps: between two deliveries of a message. */
  advance(seconds: number): void {
    this.#seconds += seconds;
  }

  /** An invocation that has so many seconds from now. */
  budget(seconds: number): TimeBudget {
    const end = this.#seconds + seconds;
    return { remainingSeconds: () => end - this.#seconds };
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (;;) {
      await nextTurn();
      if (this.#working > 0) {
        await new Promise<void>((resolve) => (this.#whenIdle = resolve));
        continue;
      }
      const next = this.#sleepers.shift();
      if (next === undefined) break;
      this.#seconds = Math.max(this.#seconds, next.at);
      next.wake();
    }
    this.#isRunning = false;
  }
}

export class FakeGrantQueue implements GrantQueue {
  /** Everything that was asked to be sent, a call each. */
  readonly sends: OutgoingGrant[][] = [];
  /** What the queue took, in order. */
  readonly accepted: OutgoingGrant[] = [];
  readonly postponed: { receiptHandles: readonly string[]; seconds: number }[] = [];
  readonly deleted: string[] = [];
  /** Seconds, of each `receive`. */
  readonly hiddenFor: number[] = [];
  /** What `receive` hands over, a batch each time; an error is thrown. */
  readonly waiting: (readonly ReceivedMessage[] | Error)[] = [];
  onDelete: () => Promise<void> = () => Promise.resolve();
  /** Called at the start of each send: what happens elsewhere meanwhile. */
  onSend: (sendNumber: number) => Promise<void> = () => Promise.resolve();
  onPostpone: () => Promise<void> = () => Promise.resolve();
  #backlogs = [0];
  readonly #refusals = new Map<string, { failure: SendFailure; times: number }>();

  /** Answers of `backlog`, one after the other; the last one for ever. */
  scriptBacklog(...sizes: readonly number[]): void {
    this.#backlogs = [...sizes];
  }

  /** A Failed[] entry for the target, the first `times` times that it is sent. */
  refuse(targetId: string, refusal: { permanent: boolean; times?: number; code?: string }): void {
    const code = refusal.code ?? (refusal.permanent ? 'InvalidMessageContents' : 'ThrottlingException');
    const failure = { targetId, code, permanent: refusal.permanent };
    this.#refusals.set(targetId, { failure, times: refusal.times ?? 1 });
  }

  async send(grants: readonly OutgoingGrant[]): Promise<SendFailure[]> {
    this.sends.push([...grants]);
    await this.onSend(this.sends.length);
    const failures: SendFailure[] = [];
    for (const grant of grants) {
      const refusal = this.#refusals.get(grant.targetId);
      if (refusal === undefined || refusal.times === 0) {
        this.accepted.push(grant);
        continue;
      }
      refusal.times -= 1;
      failures.push(refusal.failure);
    }
    return failures;
  }

  receive(_limit: number, hiddenSeconds: number): Promise<ReceivedMessage[]> {
    this.hiddenFor.push(hiddenSeconds);
    const next = this.waiting.shift() ?? [];
    return next instanceof Error ? Promise.reject(next) : Promise.resolve([...next]);
  }

  async delete(receiptHandles: readonly string[]): Promise<void> {
    await this.onDelete();
    this.deleted.push(...receiptHandles);
  }

  backlog(): Promise<number> {
    const [size = 0] = this.#backlogs;
    if (this.#backlogs.length > 1) this.#backlogs.shift();
    return Promise.resolve(size);
  }

  async postpone(receiptHandles: readonly string[], seconds: number): Promise<void> {
    await this.onPostpone();
    this.postponed.push({ receiptHandles, seconds });
  }
}

export interface MoneyRequest extends GrantRequest {
  /** Virtual seconds. */
  readonly startedAt: number;
  endedAt: number;
}

export interface ScriptedAnswer {
  readonly answer: MoneyAnswer;
  /** Until the answer comes. */
  readonly seconds?: number;
}

/**
 * Grants what it is asked, at once, unless another answer is scripted for the key. As the contract says, a key that
 * was granted is answered with its first transaction key, and one that carries another body with 409.
 */
export class FakeMoneyApi implements MoneyApi {
  /** What every call is answered with, of whatever key, while it is set: the API is down. */
  outage: ScriptedAnswer | undefined;
  readonly requests: MoneyRequest[] = [];
  /** Keys that came with another body than the first time. */
  readonly conflicts: string[] = [];
  readonly #clock: VirtualClock;
  readonly #scripts = new Map<string, ScriptedAnswer[]>();
  readonly #bodies = new Map<string, string>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Answers for the grant, one a call; then it is granted. */
  script(grant: GrantId, ...answers: readonly ScriptedAnswer[]): void {
    this.#scripts.set(idempotencyKey(grant), [...answers]);
  }

  requestsFor(grant: GrantId): MoneyRequest[] {
    return this.requests.filter((request) => request.idempotencyKey === idempotencyKey(grant));
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  async grant(request: GrantRequest): Promise<MoneyAnswer> {
    const startedAt = this.#clock.monotonic();
    const recorded: MoneyRequest = { ...request, startedAt, endedAt: Number.POSITIVE_INFINITY };
    this.requests.push(recorded);
    const { answer, seconds = 0 } = this.#answerFor(request);
    await this.#clock.sleep(seconds);
    recorded.endedAt = this.#clock.monotonic();
    return answer;
  }

  #answerFor({ idempotencyKey: key, body, promotionType }: GrantRequest): ScriptedAnswer {
    const text = JSON.stringify([promotionType, body]);
    const first = this.#bodies.get(key);
    this.#bodies.set(key, first ?? text);
    if (first !== undefined && first !== text) {
      this.conflicts.push(key);
      return answers.rejected('IDEMPOTENCY_CONFLICT', 409);
    }
    return this.outage ?? this.#scripts.get(key)?.shift() ?? answers.granted(transactionKeyOf(key));
  }
}

export function transactionKeyOf(key: string): string {
  return `T-${key}`;
}

/** What the Money API may say. */
export const answers = {
  granted: (transactionKey: string, seconds = 0): ScriptedAnswer => ({
    answer: { kind: 'answered', status: 200, body: JSON.stringify({ transactionKey }) },
    seconds,
  }),
  rejected: (code: string, status = 422, seconds = 0): ScriptedAnswer => ({
    answer: { kind: 'answered', status, body: JSON.stringify({ code, message: 'never' }) },
    seconds,
  }),
  unavailable: (seconds = 0): ScriptedAnswer => ({
    answer: { kind: 'answered', status: 503, body: '' },
    seconds,
  }),
  /** Transient, and no sign that the API is down. */
  tooMany: (): ScriptedAnswer => ({ answer: { kind: 'answered', status: 429, body: '' } }),
  timedOut: (): ScriptedAnswer => ({
    answer: { kind: 'unanswered', cause: 'TIMEOUT', detail: 'no answer within 3000 ms' },
    seconds: 3,
  }),
  unauthorized: (): ScriptedAnswer => ({ answer: { kind: 'answered', status: 401, body: '' } }),
};

export const NO_PROGRESS: Progress = {
  publishedCount: 0,
  successCount: 0,
  failCount: 0,
  retrySuccessCount: 0,
};

export class FakeProgressCounters implements ProgressCounters {
  readonly #hashes = new Map<string, Progress>();
  /** Redis is away: everything does nothing. */
  isAway = false;
  readonly totals = new Map<string, number>();

  set(summaryId: string, progress: Partial<Progress>): void {
    this.#hashes.set(summaryId, { ...NO_PROGRESS, ...progress });
  }

  /** Redis was emptied. */
  clear(): void {
    this.#hashes.clear();
  }

  reset(summaryId: string, totalCount: number, progress: Progress): Promise<void> {
    if (!this.isAway) {
      this.#hashes.set(summaryId, { ...progress });
      this.totals.set(summaryId, totalCount);
    }
    return Promise.resolve();
  }

  add(summaryId: string, increments: Partial<Progress>): Promise<void> {
    if (!this.isAway) {
      const old = this.#hashes.get(summaryId) ?? NO_PROGRESS;
      this.#hashes.set(summaryId, {
        publishedCount: old.publishedCount + (increments.publishedCount ?? 0),
        successCount: old.successCount + (increments.successCount ?? 0),
        failCount: old.failCount + (increments.failCount ?? 0),
        retrySuccessCount: old.retrySuccessCount + (increments.retrySuccessCount ?? 0),
      });
    }
    return Promise.resolve();
  }

  read(summaryId: string): Promise<Progress | undefined> {
    return Promise.resolve(this.isAway ? undefined : this.#hashes.get(summaryId));
  }
}

/** What was published, in order; an error in `failures` is thrown instead, one a call. */
export class FakeAlertTopic implements AlertTopic {
  readonly published: AlertMessage[] = [];
  readonly failures: Error[] = [];

  publish(alert: AlertMessage): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    this.published.push(alert);
    return Promise.resolve();
  }
}

export class FakeAlertLog implements AlertLog {
  readonly published: string[] = [];
  readonly failures: unknown[] = [];

  alertPublished(key: string): void {
    this.published.push(key);
  }

  alertsNotPublished(error: unknown): void {
    this.failures.push(error);
  }
}

/** What every use case tells of its work. */
export class FakeGrantLog implements GrantLog, PublishLog {
  readonly paid: BatchFigures[] = [];
  readonly pages: PageFigures[] = [];
  readonly breakerChanges: {
    transition: BreakerTransition;
    consecutiveFailures: number;
    outageSeconds: number;
  }[] = [];
  readonly undecided: { error: unknown; messageCount: number }[] = [];
  readonly queueFailures: { action: string; error: unknown }[] = [];
  readonly refusedKeys: { promotionId: string; code: string }[] = [];

  batchPaid(figures: BatchFigures): void {
    this.paid.push(figures);
  }

  batchUndecided(error: unknown, messageCount: number): void {
    this.undecided.push({ error, messageCount });
  }

  queueFailed(action: string, error: unknown): void {
    this.queueFailures.push({ action, error });
  }

  apiKeyRefused(promotionId: string, code: string): void {
    this.refusedKeys.push({ promotionId, code });
  }

  breakerChanged(transition: BreakerTransition, consecutiveFailures: number, outageSeconds: number): void {
    this.breakerChanges.push({ transition, consecutiveFailures, outageSeconds });
  }

  pagePublished(page: PageFigures): void {
    this.pages.push(page);
  }
}

export class FakeCampaignGauges implements CampaignGauges {
  readonly reports: Parameters<CampaignGauges['report']>[0][] = [];

  report(gauges: Parameters<CampaignGauges['report']>[0]): Promise<void> {
    this.reports.push(gauges);
    return Promise.resolve();
  }
}

/** Names stay used for ever, as Step Functions keeps them for 90 days. */
export class FakeCampaignRuns implements CampaignRuns {
  readonly started: { input: CampaignRunInput; executionName: string }[] = [];
  readonly #states = new Map<string, ExecutionState>();

  /** Executions run until something else is said of them. */
  set(executionId: string, state: ExecutionState): void {
    this.#states.set(executionId, state);
  }

  start(input: CampaignRunInput, executionName: string): ReturnType<CampaignRuns['start']> {
    if (this.started.some((run) => run.executionName === executionName)) {
      const { status } = this.#states.get(executionName) ?? { status: 'RUNNING' };
      return Promise.resolve(status === 'RUNNING' ? 'already-running' : 'already-ended');
    }
    this.started.push({ input, executionName });
    return Promise.resolve('started');
  }

  describe(executionId: string): Promise<ExecutionState> {
    return Promise.resolve(this.#states.get(executionId) ?? { status: 'RUNNING' });
  }
}

/** One of the same selection and run is the same until it is ended. */
export class FakeRedriveRuns implements RedriveRuns {
  readonly started: Parameters<RedriveRuns['start']>[0][] = [];
  readonly #running = new Set<string>();

  /** All that run have ended. */
  end(): void {
    this.#running.clear();
  }

  start(...[redrive, runNumber]: Parameters<RedriveRuns['start']>): ReturnType<RedriveRuns['start']> {
    const executionName = JSON.stringify([redrive, runNumber]);
    if (this.#running.has(executionName)) {
      return Promise.resolve({ outcome: 'already-running', executionName });
    }
    this.#running.add(executionName);
    this.started.push(redrive);
    return Promise.resolve({ outcome: 'started', executionName });
  }
}

export class FakeReservationSchedules implements ReservationSchedules {
  readonly schedules = new Map<string, ReservationSchedule>();

  list(): Promise<string[]> {
    return Promise.resolve([...this.schedules.keys()]);
  }

  create(schedule: ReservationSchedule): Promise<void> {
    if (!this.schedules.has(schedule.name)) this.schedules.set(schedule.name, schedule);
    return Promise.resolve();
  }

  delete(name: string): Promise<void> {
    this.schedules.delete(name);
    return Promise.resolve();
  }
}

export class DatabaseAway extends Error {
  override readonly name = 'DatabaseUnavailableException';
}

/** A store of which the first `times` calls of one method fail and do nothing. */
export function failingAt(store: CampaignStore, method: keyof CampaignStore, times = 1): CampaignStore {
  let left = times;
  return replacing(store, method, (real) => async () => {
    if (left === 0) return real();
    left -= 1;
    throw new DatabaseAway('the database does not answer');
  });
}

/** A store of which the first call of one method happens, but its answer is lost. */
export function losingAnswerOf(store: CampaignStore, method: keyof CampaignStore): CampaignStore {
  let isFirst = true;
  return replacing(store, method, (real) => async () => {
    const result = await real();
    if (!isFirst) return result;
    isFirst = false;
    throw new DatabaseAway('the answer was lost');
  });
}

function replacing(
  store: CampaignStore,
  method: keyof CampaignStore,
  wrap: (real: () => Promise<unknown>) => () => Promise<unknown>,
): CampaignStore {
  const real: (...args: never[]) => Promise<unknown> = store[method].bind(store);
  return { ...store, [method]: (...args: never[]) => wrap(() => real(...args))() };
}

export function makePartition(targetIds: readonly string[], overrides: Partial<Partition> = {}): Partition {
  return {
    partitionNumber: 0,
    fromTargetId: targetIds[0] ?? '1',
    toTargetId: targetIds.at(-1) ?? '1',
    targetCount: targetIds.length,
    ...overrides,
  };
}

/** The message that PublishPartition would send for the target. */
export async function messageOf(store: CampaignStore, grant: GrantId): Promise<GrantMessage> {
  const promotion = await store.findPromotion(grant.promotionId);
  const afterTargetId = String(BigInt(grant.targetId) - 1n);
  const page = { afterTargetId, toTargetId: grant.targetId, limit: 1 };
  const [row] = await store.pendingTargets(grant, page);
  if (promotion === undefined || row === undefined)
    throw new Error(`${idempotencyKey(grant)} is not PENDING`);
  const resolved = resolveTarget(row, { ...promotion, partitionNumber: 0, nowMs: START_MS });
  if (!resolved.ok) throw new Error(resolved.reason);
  return resolved.message;
}

/** A message as the queue hands it over. */
export function makeReceived(
  message: GrantMessage,
  overrides: Partial<ReceivedMessage> = {},
): ReceivedMessage {
  const { payload } = message;
  const targetId =
    'voucherEventTargetId' in payload ? payload.voucherEventTargetId : payload.pointEventTargetId;
  return {
    messageId: `message-of-${targetId}`,
    receiptHandle: `receipt-of-${targetId}`,
    groupId: payload.customerUid,
    receiveCount: 1,
    body: JSON.stringify(message),
    ...overrides,
  };
}

export interface TargetLook {
  readonly targetId: string;
  readonly publishStatus: string;
  /** null: the target has no result. */
  readonly processStatus: string | null;
  readonly transactionKey: string | null;
  readonly errorMessage: string | null;
  readonly attemptCount: number | null;
}

/** Every target of the promotion with its result, in order of id. */
export async function targetsOf(sql: Pool, key: PromotionKey): Promise<TargetLook[]> {
  const kind = key.promotionType === 'VOUCHER' ? 'voucher' : 'point';
  const [rows] = await sql.query<(TargetLook & RowDataPacket)[]>(
    `SELECT CAST(t.${kind}_target_id AS CHAR) AS targetId, t.publish_status AS publishStatus,
            r.process_status AS processStatus, r.transaction_key AS transactionKey,
            r.error_message AS errorMessage, r.attempt_count AS attemptCount
     FROM campaign_promotion_${kind}_targets t
     LEFT JOIN campaign_promotion_${kind}_results r ON r.${kind}_target_id = t.${kind}_target_id
     WHERE t.promotion_id = ? ORDER BY t.${kind}_target_id`,
    [key.promotionId],
  );
  return rows;
}

export interface DeadLetterLook {
  readonly deadLetterKey: string;
  readonly cause: string;
  readonly transient: number;
  readonly attemptCount: number;
  readonly payload: string;
}

export async function deadLettersLike(sql: Pool, keyPattern: string): Promise<DeadLetterLook[]> {
  const [rows] = await sql.query<(DeadLetterLook & RowDataPacket)[]>(
    `SELECT dead_letter_key AS deadLetterKey, cause, is_transient AS transient, attempt_count AS attemptCount,
            payload
     FROM campaign_dead_letters WHERE dead_letter_key LIKE ? ORDER BY dead_letter_id`,
    [keyPattern],
  );
  return rows;
}

export function deadLettersOf(sql: Pool, key: PromotionKey): Promise<DeadLetterLook[]> {
  return deadLettersLike(sql, `${key.promotionType}-${key.promotionId}-%`);
}

export interface SummaryLook extends Progress {
  readonly completedAt: string | null;
  readonly stoppedAt: string | null;
  readonly stoppedMemo: string | null;
}

export async function summaryOf(sql: Pool, { promotionId }: PromotionKey): Promise<SummaryLook | undefined> {
  const [rows] = await sql.query<(SummaryLook & RowDataPacket)[]>(
    `SELECT published_count AS publishedCount, success_count AS successCount, fail_count AS failCount,
            retry_success_count AS retrySuccessCount, CAST(completed_at AS CHAR) AS completedAt,
            CAST(stopped_at AS CHAR) AS stoppedAt, stopped_memo AS stoppedMemo
     FROM campaign_promotion_summary WHERE promotion_id = ?`,
    [promotionId],
  );
  return rows[0];
}

/** As a person with SQL does it: the stop, the resume, and states that no use case leaves behind. */
export async function setStatus(sql: Pool, { promotionId }: PromotionKey, status: string): Promise<void> {
  await sql.query('UPDATE campaign_promotions SET promotion_status = ? WHERE promotion_id = ?', [
    status,
    promotionId,
  ]);
}
