import { exhausted, unknownTarget } from '../domain/grant-result.ts';
import type { DeadLetter } from '../domain/grant-result.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import { idempotencyKey } from '../domain/idempotency.ts';
import type { CampaignStore, Clock, GrantState, ProgressCounters, ReceivedMessage } from '../ports.ts';
import { readGrantMessages } from './read-grant-messages.ts';
import type { Work } from './read-grant-messages.ts';

interface Services {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
}

export interface CollectedDeadLetters {
  readonly deadLetters: readonly DeadLetter[];
  /** Their result was final before. */
  readonly repeated: number;
  /** Back to PENDING: their campaign is not being paid. */
  readonly returned: number;
}

/**
 * Messages that the queue gave up on (their consumer died again and again) become dead letters with a FAILED
 * result, so that the campaign ends and a person sees them. One of a campaign that is not being paid goes back to
 * PENDING instead: a resume sends it anew.
 */
export async function collectDeadLetters(
  services: Services,
  batch: readonly ReceivedMessage[],
): Promise<CollectedDeadLetters> {
  const { store, clock } = services;
  const { works, unreadable } = readGrantMessages(batch);
  await store.recordDeadLetters(unreadable, clock.now());
  const deadLetters = [...unreadable];
  let returned = 0;
  for (const [promotionType, group] of Map.groupBy(works, (work) => work.grant.promotionType)) {
    const collected = await collectOf(services, promotionType, group);
    deadLetters.push(...collected.deadLetters);
    returned += collected.returned;
  }
  return { deadLetters, returned, repeated: batch.length - deadLetters.length - returned };
}

async function collectOf(
  { store, counters, clock }: Services,
  promotionType: PromotionType,
  works: readonly Work[],
): Promise<Pick<CollectedDeadLetters, 'deadLetters' | 'returned'>> {
  const nowMs = clock.now();
  const grants = works.map((work) => work.grant);
  const states = new Map<string, GrantState>();
  for (const state of (await store.readBatch(promotionType, grants)).states) {
    states.set(idempotencyKey({ promotionType, ...state }), state);
  }
  const stateOf = (work: Work) => states.get(idempotencyKey(work.grant));

  const unknown = works.filter((work) => stateOf(work) === undefined);
  const unpaid = works.filter(
    (work) => isOpen(stateOf(work)) && stateOf(work)?.promotionStatus !== 'IN_PROGRESS',
  );
  const lost = works.flatMap((work) => {
    const state = stateOf(work);
    if (state === undefined || !isOpen(state) || state.promotionStatus !== 'IN_PROGRESS') return [];
    return [{ state, ...exhausted(work.grant, state.attemptCount, work.received.body) }];
  });

  const deadLetters = [
    ...unknown.map((work) => unknownTarget(work.grant, work.received.body)),
    ...lost.map(({ deadLetter }) => deadLetter),
  ];
  await store.recordDeadLetters(deadLetters, nowMs);
  if (lost.length > 0) {
    await store.recordResults(
      promotionType,
      lost.map(({ result }) => result),
      nowMs,
    );
  }
  if (unpaid.length > 0) {
    await store.returnToPending(
      promotionType,
      unpaid.map((work) => work.grant),
      nowMs,
    );
  }
  for (const [summaryId, failed] of Map.groupBy(lost, ({ state }) => state.summaryId)) {
    if (summaryId !== null) await counters.add(summaryId, { failCount: failed.length });
  }
  return { deadLetters, returned: unpaid.length };
}

function isOpen(state: GrantState | undefined): boolean {
  return state !== undefined && state.processStatus !== 'SUCCESS' && state.processStatus !== 'FAILED';
}
