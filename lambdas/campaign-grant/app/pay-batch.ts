import type { PromotionType } from '../../../schema/promotion.ts';
import { deadLetterOf, resultOf, unknownTarget } from '../domain/grant-result.ts';
import type { DeadLetter } from '../domain/grant-result.ts';
import type { GrantId } from '../domain/idempotency.ts';
import { idempotencyKey } from '../domain/idempotency.ts';
import type { Pacer } from '../domain/pacer.ts';
import type {
  CampaignStore,
  Clock,
  GrantLog,
  GrantState,
  MoneyApi,
  ProgressCounters,
  ReceivedMessage,
  TimeBudget,
} from '../ports.ts';
import type { CallQueue } from './call-queue.ts';
import type { MoneyBreaker } from './money-breaker.ts';
import { payOnSlots } from './pay-on-slots.ts';
import type { DueWork, PaidCall, Postponed } from './pay-on-slots.ts';
import { PaymentGate } from './payment-gate.ts';
import { readGrantMessages } from './read-grant-messages.ts';
import type { Work } from './read-grant-messages.ts';

export interface PayServices {
  readonly store: CampaignStore;
  readonly money: MoneyApi;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly breaker: MoneyBreaker;
  readonly log: GrantLog;
}

/** Messages that are paid together, and what the one read of the database said of them. */
export interface ReadBatch {
  readonly unreadable: readonly DeadLetter[];
  readonly due: readonly DueWork[];
  /** Of campaigns that are not IN_PROGRESS. */
  readonly unpaid: readonly Work[];
  readonly unknown: readonly Work[];
  readonly repeated: number;
  /** When the read was begun: seconds of the clock that never goes back. */
  readonly readAt: number;
}

/** The one read of the batch (two when a voucher and a point campaign meet in it). */
export async function readBatch(
  { store, breaker, clock }: PayServices,
  batch: readonly ReceivedMessage[],
): Promise<ReadBatch> {
  const { works, unreadable } = readGrantMessages(batch);
  const readAt = clock.monotonic();
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
  return { unreadable, due, unpaid, unknown, repeated, readAt };
}

/**
 * Makes the Money calls of a batch on their slots, then writes all results at once. Its calls are in the queue when
 * this returns its promise.
 * @returns what must come again; every other message is done with.
 */
export async function payBatch(
  services: PayServices & { readonly calls: CallQueue; readonly key: { isRefused: boolean } },
  batch: ReadBatch,
  budget: TimeBudget,
): Promise<Postponed[]> {
  const { store, clock, log } = services;
  const { due, unreadable, unknown } = batch;

  const promotionIds = [...new Set(due.map((work) => work.grant.promotionId))];
  const gate = new PaymentGate(services, { promotionIds, readAt: batch.readAt, budget });
  const { calls, again, unpaid, callsAt, telling } = await payOnSlots({ ...services, gate }, due);

  const refused = calls.filter((call) => call.outcome.kind === 'unauthorized');
  const returned = [...batch.unpaid, ...unpaid, ...refused.map((call) => call.work)];
  const deadLetters: DeadLetter[] = [
    ...unreadable,
    ...unknown.map((work) => unknownTarget(work.grant, work.received.body)),
    ...calls.flatMap((call) => deadLetterOf(call, call.work.received.body) ?? []),
  ];
  try {
    // Dead letters before results: a FAILED result acknowledges the message when it comes again, so its dead letter
    // must stand by then.
    if (deadLetters.length > 0) await store.recordDeadLetters(deadLetters, clock.now());
    await recordResults(services, calls);
    await stopRefused(services, refused);
    await returnToPending(store, returned, clock.now());
  } finally {
    // An environment that is frozen in mid-telling would tell it minutes later.
    await Promise.all(telling);
  }

  const statuses = calls.map((call) => resultOf(call)?.processStatus);
  const rejected = calls.filter((call) => call.outcome.kind === 'rejected').length;
  log.batchPaid({
    promotionIds,
    granted: statuses.filter((status) => status === 'SUCCESS').length,
    rejected,
    retrying: statuses.filter((status) => status === 'RETRYING').length,
    failed: statuses.filter((status) => status === 'FAILED').length - rejected,
    repeated: batch.repeated,
    returned: returned.length,
    deadLetters: deadLetters.length,
    malformed: unreadable.length,
    unknownTargets: unknown.length,
    callsAt,
    calls,
    breakerWaitSeconds: gate.breakerWaitSeconds,
  });
  return again;
}

async function recordResults(
  { store, counters, clock }: PayServices,
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
async function stopRefused({ store, log, clock }: PayServices, refused: readonly PaidCall[]): Promise<void> {
  for (const [promotionId, [call]] of Map.groupBy(refused, (item) => item.grant.promotionId)) {
    const code = call?.outcome.kind === 'unauthorized' ? call.outcome.code : 'unknown';
    log.apiKeyRefused(promotionId, code);
    const memo = `the Money API refused the API key (${code})`;
    await store.stopCampaign(promotionId, memo, clock.now(), 'refused-key');
  }
}

async function returnToPending(store: CampaignStore, works: readonly Work[], nowMs: number): Promise<void> {
  for (const [promotionType, grants] of byType(works.map((work) => work.grant))) {
    await store.returnToPending(promotionType, grants, nowMs);
  }
}

function byType(grants: readonly GrantId[]): Map<PromotionType, GrantId[]> {
  return Map.groupBy(grants, (grant) => grant.promotionType);
}
