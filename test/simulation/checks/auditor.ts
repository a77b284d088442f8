/**
 * Watches a world while it runs: every call, every commit that matters. It checks what must hold at each moment
 * (invariants 5 to 10 and 12), and keeps what the checks at the end need. It knows nothing of how the pipeline works:
 * only what it sends and what it writes.
 */
import { GRANT_BATCH_SECONDS } from '../../../schema/grant-batch.ts';
import { OPEN_MS } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { Breaker } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { DeadLetter, GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { GrantRequest } from '../../../lambdas/campaign-grant/domain/grant-request.ts';
import type { MoneyAnswer } from '../../../lambdas/campaign-grant/domain/outcome.ts';
import type { GrantMessage } from '../../../schema/grant-message.ts';
import type { PromotionStatus, PromotionType } from '../../../schema/promotion.ts';
import type { Timeline } from '../engine/timeline.ts';
import type { Trace } from '../engine/trace.ts';
import type { DatabaseWitness } from '../services/database.ts';
import type { PromotionRecord, TargetRecord } from '../services/rows.ts';
import type { Violation } from './violation.ts';

/** Invariant 5: no call is sent later than this after a stop was committed. */
const STOP_SECONDS = 2;
/** Invariant 9: as long as a reading of the breaker may be used, and a slow machine's moment. */
const OPENING_SECONDS = 2;
const FAILURES_TO_OPEN = 10;
const MOST_CALLS = 1 + 5;
const CALL_SPACING_SECONDS = 3;
/** A claimed probe may wait this long for its slot and a fresh reading: claims are what is exactly 30 s apart. */
const PROBE_WAITS_SECONDS = 5;
/** Clocks and databases round to milliseconds. */
const ROUNDING_SECONDS = 0.002;

/** What is known of a target's calls since its run, or its redrive, began. */
interface CallRecord {
  /** Without probes. */
  calls: number;
  /** The same, over all runs since the target was redriven. */
  callsSinceRedrive: number;
  /** Of those, calls whose result could not be recorded, and deliveries that overlapped: they may come on top. */
  allowed: number;
  /** The queue delivered the target's message twice at a time: no consumer can keep calls apart then. */
  overlapped: boolean;
  lastCallAt: number;
  lastWasProbe: boolean;
}

/** The environment that calls. */
export interface Caller {
  /** It owns the probe that it is about to send. */
  hasProbe: boolean;
}

export interface CallSeen {
  readonly isProbe: boolean;
}

export interface AuditorOptions {
  readonly tps: number;
  readonly timeline: Timeline;
  readonly trace: Trace;
  /** The seed has faults that keep the breaker's row from being told in time. */
  readonly breakerIsTold: boolean;
  /** The queue gives up a message after so many receives that an open breaker cannot be the reason. */
  readonly receivesLast: boolean;
  hasReasonToStop(promotion: PromotionRecord): boolean;
}

export class Auditor implements DatabaseWitness {
  violation: Violation | undefined;
  callCount = 0;
  /** Committed changes of the breaker, of which people are told. */
  readonly breakerChanges = { BREAKER_OPENED: 0, BREAKER_CLOSED: 0 };
  /** Alerts that the topic has. */
  readonly toldKeys = new Set<string>();
  readonly #options: AuditorOptions;
  readonly #calls = new Map<string, CallRecord>();
  /** When each target's SUCCESS was recorded. */
  readonly #paidAt = new Map<string, number>();
  readonly #keys = new Map<string, string>();
  /** Calls of an environment whose results are not recorded yet. */
  readonly #unrecorded = new Map<Caller, string[]>();
  readonly #promotions = new Map<string, PromotionRecord>();
  readonly #leftInProgressAt = new Map<string, number>();
  /** How often each target was sent to the queue in its present run. */
  readonly #sent = new Map<string, number>();
  readonly #everSent = new Set<string>();
  #openedAt: number | undefined;
  #lastProbeSentAt = Number.NEGATIVE_INFINITY;
  #failuresSinceClosed = 0;
  /** One write may count the failures of several calls. */
  #failuresLastSaved = 0;
  #failureStreak = 0;
  #streakReachedAt = 0;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  fail(invariant: number, what: string): void {
    const { timeline, trace } = this.#options;
    if (this.violation !== undefined) return;
    this.violation = { invariant, what, at: timeline.now };
    trace.note('VIOLATION', `invariant ${invariant}: ${what}`);
  }

  watch(promotion: PromotionRecord): void {
    this.#promotions.set(promotion.promotionId, promotion);
  }

  /** How often the target was sent to the queue since its run began. */
  sentCount(promotion: PromotionRecord, target: TargetRecord): number {
    return this.#sent.get(nameOf(promotion, target)) ?? 0;
  }

  // --- Money calls -----------------------------------------------------------------------------------------------

  callSent(environment: Caller, request: GrantRequest): CallSeen {
    const { now } = this.#options.timeline;
    this.callCount += 1;
    const isProbe = environment.hasProbe && this.#openedAt !== undefined;
    environment.hasProbe = false;
    const [type = '', promotionId = '', targetId = ''] = request.idempotencyKey.split('-');
    const target = `${type}-${promotionId}-${targetId}`;
    const promotion = this.#promotions.get(promotionId);
    if (promotion?.promotionType !== type || !promotion.byId.has(targetId)) {
      this.fail(2, `a call for ${request.idempotencyKey}, of which the database has no target`);
    }

    // 7. The key of a target never changes; that it always carries the same body the Money API itself says (409).
    const key = this.#keys.get(target);
    if (key === undefined) this.#keys.set(target, request.idempotencyKey);
    else if (key !== request.idempotencyKey) {
      this.fail(7, `${target} was called with the key ${key} and now with ${request.idempotencyKey}`);
    }

    const paidAt = this.#paidAt.get(target);
    if (paidAt !== undefined && now - paidAt > GRANT_BATCH_SECONDS) {
      this.fail(14, `${target} was called though it had been SUCCESS for ${(now - paidAt).toFixed(0)} s`);
    }
    this.#checkStop(target, promotion, now);
    this.#checkBreaker(target, isProbe, now);
    this.#checkAttempts(target, isProbe, now);
    const unrecorded = this.#unrecorded.get(environment);
    if (isProbe) return { isProbe };
    if (unrecorded === undefined) this.#unrecorded.set(environment, [target]);
    else unrecorded.push(target);
    return { isProbe };
  }

  /**
   * 6. The window is the Money API's own: calls that arrived in the second that ends with this one. Retries, probes
   * and redrives of all environments are in it, those of killed ones too.
   */
  arrived(callsInWindow: number): void {
    if (callsInWindow > this.#options.tps) {
      this.fail(6, `${callsInWindow} calls arrived within one second, the ceiling is ${this.#options.tps}`);
    }
  }

  answered(answer: MoneyAnswer): void {
    const isFailure = answer.kind === 'unanswered' || answer.status >= 500;
    if (!isFailure) {
      this.#failureStreak = 0;
      return;
    }
    this.#failuresSinceClosed += 1;
    this.#failureStreak += 1;
    if (this.#failureStreak === 2 * FAILURES_TO_OPEN) this.#streakReachedAt = this.#options.timeline.now;
  }

  /**
   * 5. A call of a campaign that is not IN_PROGRESS is sent at most two seconds after the commit that took it out of
   * IN_PROGRESS, whatever did: a stop, a failure, the end. 14 is the same for a campaign that had ended before.
   */
  #checkStop(target: string, promotion: PromotionRecord | undefined, now: number): void {
    if (promotion === undefined || promotion.status === 'IN_PROGRESS') return;
    const leftAt = this.#leftInProgressAt.get(promotion.promotionId);
    if (leftAt !== undefined && now - leftAt <= STOP_SECONDS) return;
    const since = leftAt === undefined ? 'and never began' : `for ${(now - leftAt).toFixed(3)} s`;
    this.fail(
      promotion.status === 'COMPLETED' ? 14 : 5,
      `${target} was called though its campaign is ${promotion.status} ${since}`,
    );
  }

  /**
   * 9. While the breaker's row says open, a call that is sent more than OPENING_SECONDS after the opening's commit is
   * the probe of an environment that claimed it; calls sent before the opening may still end. Two probes are sent
   * 30 s apart, but for the slot and the reading that each waits for. And it does open: after twice the failures that it takes, over
   * all environments and without any other answer in between, the row says open within OPENING_SECONDS (checked only
   * where nothing keeps environments from telling it).
   */
  #checkBreaker(target: string, isProbe: boolean, now: number): void {
    if (this.#openedAt === undefined) {
      const overdue =
        this.#options.breakerIsTold &&
        this.#failureStreak >= 2 * FAILURES_TO_OPEN &&
        now > this.#streakReachedAt + OPENING_SECONDS;
      if (overdue) this.fail(9, `${this.#failureStreak} failures in a row, and the breaker is still closed`);
      return;
    }
    if (isProbe) {
      if (now - this.#lastProbeSentAt < OPEN_MS / 1000 - PROBE_WAITS_SECONDS) {
        this.fail(9, `two probes within ${(now - this.#lastProbeSentAt).toFixed(3)} s`);
      }
      this.#lastProbeSentAt = now;
    } else if (now > this.#openedAt + OPENING_SECONDS) {
      this.fail(
        9,
        `${target} was called ${(now - this.#openedAt).toFixed(3)} s after the breaker had opened`,
      );
    }
  }

  /**
   * 8. In a run, or after a redrive, a target is called at most 1 + 5 times and at least 3 s apart. On top of that:
   * probes, which use up no attempt; one call for each whose result nobody could record (its caller died, the database
   * did not take it, or its batch was read before the run); and one for each time that the queue delivered the message
   * twice at once.
   */
  #checkAttempts(target: string, isProbe: boolean, now: number): void {
    const record = this.#recordOf(target);
    const sinceLast = now - record.lastCallAt;
    if (sinceLast < CALL_SPACING_SECONDS - ROUNDING_SECONDS && !record.overlapped) {
      this.fail(8, `${target} was called again after ${sinceLast.toFixed(3)} s`);
    }
    record.lastCallAt = now;
    record.lastWasProbe = isProbe;
    if (isProbe) return;
    record.calls += 1;
    record.callsSinceRedrive += 1;
    if (record.calls > MOST_CALLS + record.allowed) {
      this.fail(
        8,
        `${target} was called ${record.calls} times, of which ${record.allowed} may be on top of 6`,
      );
    }
  }

  #recordOf(target: string): CallRecord {
    const known = this.#calls.get(target);
    if (known !== undefined) return known;
    const record = {
      calls: 0,
      callsSinceRedrive: 0,
      allowed: 0,
      overlapped: false,
      lastCallAt: Number.NEGATIVE_INFINITY,
      lastWasProbe: false,
    };
    this.#calls.set(target, record);
    return record;
  }

  /** The queue delivers this target's message while another delivery of it is at work. */
  overlaps(target: string): void {
    const record = this.#recordOf(target);
    record.overlapped = true;
    record.allowed += 1;
  }

  invocationEnded(environment: Caller): void {
    this.#allowUnrecorded(environment);
  }

  environmentDied(environment: Caller): void {
    this.#allowUnrecorded(environment);
  }

  /** A change of the breaker's row that its environment does not know to have happened, and may make again. */
  breakerAnswerLost(): void {
    this.#failuresSinceClosed += this.#failuresLastSaved;
    this.#failuresLastSaved = 0;
  }

  #allowUnrecorded(environment: Caller): void {
    const targets = this.#unrecorded.get(environment);
    if (targets === undefined) return;
    for (const target of targets) this.#recordOf(target).allowed += 1;
    this.#unrecorded.delete(environment);
  }

  resultsRecorded(environment: Caller, promotionType: PromotionType, results: readonly GrantResult[]): void {
    for (const { processStatus, promotionId, targetId } of results) {
      const target = `${promotionType}-${promotionId}-${targetId}`;
      if (processStatus === 'SUCCESS' && !this.#paidAt.has(target)) {
        this.#paidAt.set(target, this.#options.timeline.now);
      }
    }
    const unrecorded = this.#unrecorded.get(environment);
    if (unrecorded === undefined) return;
    for (const { promotionId, targetId } of results) {
      const index = unrecorded.indexOf(`${promotionType}-${promotionId}-${targetId}`);
      if (index >= 0) unrecorded.splice(index, 1);
    }
    if (unrecorded.length === 0) this.#unrecorded.delete(environment);
  }

  // --- Commits ---------------------------------------------------------------------------------------------------

  /**
   * 10. Two campaigns are never IN_PROGRESS at the same time; since no call is sent otherwise (5), campaign n + 1
   * sends nothing before campaign n is terminal. 12. At the very commit of COMPLETED every target is final.
   */
  statusChanged(promotion: PromotionRecord, from: PromotionStatus, to: PromotionStatus): void {
    const { timeline, trace } = this.#options;
    trace.note(`promotion ${promotion.promotionId}`, `${from} → ${to}`);
    if (from === 'IN_PROGRESS') this.#leftInProgressAt.set(promotion.promotionId, timeline.now);
    if (to === 'IN_PROGRESS') {
      for (const other of this.#promotions.values()) {
        if (other !== promotion && other.status === 'IN_PROGRESS') {
          this.fail(10, `promotion ${promotion.promotionId} begins while ${other.promotionId} is being paid`);
        }
      }
    }
    // 13. A campaign that nobody stopped is not stopped.
    if (to === 'STOPPED' && !this.#options.hasReasonToStop(promotion)) {
      this.fail(13, `promotion ${promotion.promotionId} is STOPPED, and nobody stopped it`);
    }
    if (to === 'COMPLETED') {
      for (const target of promotion.targets) {
        const status = target.result?.processStatus;
        if (status === 'SUCCESS' || status === 'FAILED') continue;
        this.fail(
          12,
          `COMPLETED with target ${target.row.targetId} ${target.publishStatus}, its result ${status ?? 'missing'}`,
        );
      }
    }
  }

  runBegun(promotion: PromotionRecord): void {
    for (const target of promotion.targets) this.#startOver(promotion, target);
  }

  redriven(promotion: PromotionRecord, targets: readonly TargetRecord[]): void {
    for (const target of targets) {
      this.#startOver(promotion, target);
      const name = nameOf(promotion, target);
      this.#recordOf(name).callsSinceRedrive = this.#callsUnderWay(name);
    }
  }

  /** Calls whose results are still to be recorded: what was reset meanwhile counts them. */
  #callsUnderWay(name: string): number {
    return [...this.#unrecorded.values()].flat().filter((called) => called === name).length;
  }

  /**
   * BeginCampaign takes back what the run before left under way: a call that a message of that run made until then is
   * still one of that run.
   */
  takenBack(promotion: PromotionRecord): void {
    for (const target of promotion.targets) this.#restartCalls(nameOf(promotion, target));
  }

  /** A run, or a redrive, counts a target's calls anew. */
  #startOver(promotion: PromotionRecord, target: TargetRecord): void {
    const name = nameOf(promotion, target);
    this.#restartCalls(name);
    this.#sent.delete(name);
  }

  /** A message that overlapped with another may do so in the next run as well. */
  #restartCalls(name: string): void {
    const record = this.#calls.get(name);
    if (record === undefined) return;
    record.calls = 0;
    record.lastCallAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * 11. What is marked as PUBLISHED was taken by the queue, in this run or, where its publisher was overtaken, in the
   * one before; or it was settled already, and is not sent again.
   */
  published(promotionType: PromotionType, promotionId: string, targetIds: readonly string[]): void {
    for (const targetId of targetIds) {
      const name = `${promotionType}-${promotionId}-${targetId}`;
      const status = this.#promotions.get(promotionId)?.byId.get(targetId)?.result?.processStatus;
      if (status === 'SUCCESS' || status === 'FAILED' || this.#everSent.has(name)) continue;
      this.fail(11, `${name} is marked as PUBLISHED, and the queue never took it`);
    }
  }

  sent(message: GrantMessage): void {
    const { payload } = message;
    const isVoucher = 'voucherEventTargetId' in payload;
    const targetId = isVoucher ? payload.voucherEventTargetId : payload.pointEventTargetId;
    const name = `${isVoucher ? 'VOUCHER' : 'POINT'}-${payload.eventId}-${targetId}`;
    this.#everSent.add(name);
    this.#sent.set(name, (this.#sent.get(name) ?? 0) + 1);
  }

  /**
   * 9. It opens on the tenth failure: never after fewer than ten failed calls (timeouts, broken connections, 5xx)
   * since it was last closed. (A change whose commit's answer was lost is made again, and may count a failure twice.)
   */
  breakerSaved(before: Breaker, after: Breaker): void {
    const { timeline, trace } = this.#options;
    this.#failuresLastSaved = Math.max(0, after.consecutiveFailures - before.consecutiveFailures);
    if (before.openedMs === null && after.openedMs !== null) {
      this.#openedAt = timeline.now;
      this.breakerChanges.BREAKER_OPENED += 1;
      trace.note('breaker', 'OPEN');
      if (this.#failuresSinceClosed < FAILURES_TO_OPEN) {
        this.fail(9, `the breaker opened after ${this.#failuresSinceClosed} failures`);
      }
    } else if (before.openedMs !== after.openedMs && after.openedMs !== null) {
      trace.note('breaker', 'OPEN again: the probe failed');
    } else if (before.openedMs !== null && after.openedMs === null) {
      this.#openedAt = undefined;
      this.breakerChanges.BREAKER_CLOSED += 1;
      this.#failuresSinceClosed = 0;
      this.#failureStreak = 0;
      trace.note('breaker', 'closed');
    }
  }

  /**
   * 9. A probe is claimed not before 30 s after the opening, or after the probe before it, by the row's own times:
   * those of the database's clock at the readings that led to them.
   */
  probeClaimed(before: Breaker, claimedMs: number): void {
    const since = claimedMs - Math.max(before.openedMs ?? 0, before.probeMs ?? 0);
    if (since < OPEN_MS) this.fail(9, `a probe was claimed ${since} ms after the opening, or the last probe`);
  }

  /**
   * 9. An open breaker dead-letters nothing: a transient dead letter that is written while it is open is of a call
   * that was sent before it opened. (What the queue gave up is its own limit's doing, which some seeds set low.)
   */
  gaveUp(deadLetters: readonly DeadLetter[]): void {
    for (const { transient, cause, key } of deadLetters) {
      // 8. Who is given up for a transient cause had all of its calls.
      if (!transient || cause === 'RECEIVES_EXHAUSTED') continue;
      const { callsSinceRedrive } = this.#recordOf(key);
      if (callsSinceRedrive < MOST_CALLS) {
        this.fail(8, `${key} was given up (${cause}) after ${callsSinceRedrive} calls`);
      }
    }
    if (this.#openedAt === undefined) return;
    for (const { transient, cause, key } of deadLetters) {
      if (!transient || (cause === 'RECEIVES_EXHAUSTED' && !this.#options.receivesLast)) continue;
      const { lastCallAt, lastWasProbe } = this.#recordOf(key);
      if (lastWasProbe || lastCallAt > this.#openedAt + OPENING_SECONDS || cause === 'RECEIVES_EXHAUSTED') {
        this.fail(9, `${key} was given up (${cause}) while the breaker is open`);
      }
    }
  }
}

function nameOf({ promotionType, promotionId }: PromotionRecord, { row }: TargetRecord): string {
  return `${promotionType}-${promotionId}-${row.targetId}`;
}
