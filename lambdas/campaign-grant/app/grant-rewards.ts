import type { PromotionType } from '../../../schema/promotion.ts';
import { deadLetterOf, resultOf, unknownTarget } from '../domain/grant-result.ts';
import type { DeadLetter } from '../domain/grant-result.ts';
import type { GrantId } from '../domain/idempotency.ts';
import { idempotencyKey } from '../domain/idempotency.ts';
import type { Pacer } from '../domain/pacer.ts';
import { undecidedDelay } from '../domain/retry.ts';
import type {
  CampaignStore,
  Clock,
  GrantQueue,
  GrantState,
  MoneyApi,
  ProgressCounters,
  TimeBudget,
} from '../ports.ts';
import type { MoneyBreaker } from './money-breaker.ts';
import { payOnSlots } from './pay-on-slots.ts';
import type { DueWork, PaidCall, Postponed } from './pay-on-slots.ts';
import { PaymentGate } from './payment-gate.ts';
import { readGrantMessages } from './read-grant-messages.ts';
import type { ReceivedMessage, Work } from './read-grant-messages.ts';

interface Services {
  readonly store: CampaignStore;
  readonly queue: GrantQueue;
  readonly money: MoneyApi;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly breaker: MoneyBreaker;
  readonly log: GrantLog;
}

/** What the use case tells the log: ids and figures, no personal data. */
export interface GrantLog {
  batchPaid(figures: BatchFigures): void;
  batchUndecided(error: unknown, messageCount: number): void;
  notPostponed(error: unknown, messageCount: number): void;
  apiKeyRefused(promotionId: string, code: string): void;
}

export interface BatchFigures {
  readonly granted: number;
  readonly rejected: number;
  readonly retrying: number;
  readonly failed: number;
  /** Their result was final before: acknowledged without a call. */
  readonly repeated: number;
  /** Back to PENDING: their campaign is not being paid. */
  readonly returned: number;
  readonly deadLetters: number;
  /** Epoch milliseconds of each Money call of the batch. */
  readonly callsAt: readonly number[];
}

/**
 * Pays one batch (≤ 10 messages): one read, the Money calls on their slots, one write of all results.
 * @returns ids of the messages that must come again; every other one is done with and may be deleted.
 */
export async function grantRewards(
  services: Services,
  batch: readonly ReceivedMessage[],
  budget: TimeBudget,
): Promise<string[]> {
  const { clock, pacer, log } = services;
  pacer.startInvocation(clock.monotonic());
  let again: readonly Postponed[];
  try {
    again = await payBatch(services, batch, budget);
  } catch (error) {
    // The database did not say what is due, or did not take the results. The whole batch comes again: a repeated
    // Money call carries the same key and pays nothing twice.
    log.batchUndecided(error, batch.length);
    const delaySeconds = undecidedDelay(mostReceives(batch));
    again = batch.map((received) => ({ received, delaySeconds }));
  }
  await postpone(services, again);
  await clock.sleep(Math.max(0, pacer.mayEndAt - clock.monotonic()));
  return again.map(({ received }) => received.messageId);
}

async function payBatch(
  services: Services,
  batch: readonly ReceivedMessage[],
  budget: TimeBudget,
): Promise<Postponed[]> {
  const { store, clock, log } = services;
  const { works, unreadable } = readGrantMessages(batch);
  const readAt = clock.monotonic();
  const { due, unpaid: notInProgress, unknown, repeated } = await sortByState(services, works);

  const gate = new PaymentGate(services, {
    promotionIds: [...new Set(due.map((work) => work.grant.promotionId))],
    readAt,
    budget,
    receiveCount: mostReceives(batch),
  });
  const { calls, again, unpaid, callsAt, telling } = await payOnSlots({ ...services, gate }, due);

  const refused = calls.filter((call) => call.outcome.kind === 'unauthorized');
  const deadLetters: DeadLetter[] = [
    ...unreadable,
    ...unknown.map((work) => unknownTarget(work.grant, work.received.body)),
    ...calls.flatMap((call) => deadLetterOf(call, call.work.received.body) ?? []),
  ];
  // Dead letters before results: a FAILED result acknowledges the message when it comes again, so its dead letter
  // must stand by then.
  if (deadLetters.length > 0) await store.recordDeadLetters(deadLetters, clock.now());
  await recordResults(services, calls);
  await stopRefused(services, refused);
  const returned = [...notInProgress, ...unpaid, ...refused.map((call) => call.work)];
  await returnToPending(store, returned, clock.now());
  await Promise.all(telling);

  const statuses = calls.map((call) => resultOf(call)?.processStatus);
  const rejected = calls.filter((call) => call.outcome.kind === 'rejected').length;
  log.batchPaid({
    granted: statuses.filter((status) => status === 'SUCCESS').length,
    rejected,
    retrying: statuses.filter((status) => status === 'RETRYING').length,
    failed: statuses.filter((status) => status === 'FAILED').length - rejected,
    repeated,
    returned: returned.length,
    deadLetters: deadLetters.length,
    callsAt,
  });
  return again;
}

/** The one read of the batch (two when a voucher and a point campaign meet in it). */
async function sortByState(
  { store, breaker }: Services,
  works: readonly Work[],
): Promise<{ due: DueWork[]; unpaid: Work[]; unknown: Work[]; repeated: number }> {
  const states = new Map<string, GrantState>();
  for (const [promotionType, grants] of byType(works.map((work) => work.grant))) {
    const reading = await store.readBatch(promotionType, grants);
    breaker.observe(reading.breaker);
    for (const state of reading.states) states.set(idempotencyKey({ promotionType, ...state }), state);
  }
  const due: DueWork[] = [];
  const unpaid: Work[] = [];
  const unknown: Work[] = [];
  let repeated = 0;
  const seen = new Set<string>();
  for (const work of works) {
    const key = idempotencyKey(work.grant);
    const state = states.get(key);
    // Two messages of one grant (of two runs, or sent twice) in one batch are one grant.
    if (seen.has(key)) repeated += 1;
    else if (state === undefined) unknown.push(work);
    else if (state.processStatus === 'SUCCESS' || state.processStatus === 'FAILED') repeated += 1;
    else if (state.promotionStatus === 'IN_PROGRESS') due.push({ ...work, state });
    else unpaid.push(work);
    seen.add(key);
  }
  return { due, unpaid, unknown, repeated };
}

async function recordResults(
  { store, counters, clock }: Services,
  calls: readonly PaidCall[],
): Promise<void> {
  for (const [promotionType, group] of Map.groupBy(calls, (call) => call.grant.promotionType)) {
    const results = group.flatMap((call) => resultOf(call) ?? []);
    if (results.length > 0) await store.recordResults(promotionType, results, clock.now());
  }
  for (const [summaryId, group] of Map.groupBy(calls, (call) => call.work.state.summaryId)) {
    if (summaryId === null) continue;
    const results = group.flatMap((call) => resultOf(call) ?? []);
    const succeeded = results.filter((result) => result.processStatus === 'SUCCESS');
    await counters.add(summaryId, {
      successCount: succeeded.length,
      retrySuccessCount: succeeded.filter((result) => result.attemptCount > 1).length,
      failCount: results.filter((result) => result.processStatus === 'FAILED').length,
    });
  }
}

/** Our key was refused, which is no target's fault: paying on would only collect refusals. */
async function stopRefused({ store, log, clock }: Services, refused: readonly PaidCall[]): Promise<void> {
  for (const [promotionId, [call]] of Map.groupBy(refused, (item) => item.grant.promotionId)) {
    const code = call?.outcome.kind === 'unauthorized' ? call.outcome.code : 'unknown';
    log.apiKeyRefused(promotionId, code);
    await store.stopCampaign(promotionId, `the Money API refused the API key (${code})`, clock.now());
  }
}

async function returnToPending(store: CampaignStore, works: readonly Work[], nowMs: number): Promise<void> {
  for (const [promotionType, grants] of byType(works.map((work) => work.grant))) {
    await store.returnToPending(promotionType, grants, nowMs);
  }
}

async function postpone({ queue, log }: Services, again: readonly Postponed[]): Promise<void> {
  for (const [delaySeconds, group] of Map.groupBy(again, (postponed) => postponed.delaySeconds)) {
    try {
      await queue.postpone(
        group.map(({ received }) => received.receiptHandle),
        delaySeconds,
      );
    } catch (error) {
      // They come again all the same, when their visibility timeout ends.
      log.notPostponed(error, group.length);
    }
  }
}

function mostReceives(batch: readonly ReceivedMessage[]): number {
  return Math.max(...batch.map((received) => received.receiveCount));
}

function byType(grants: readonly GrantId[]): Map<PromotionType, GrantId[]> {
  return Map.groupBy(grants, (grant) => grant.promotionType);
}
