import { exhausted, unknownTarget } from '../domain/grant-result.ts';
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

/**
 * Messages that the queue gave up on (their consumer died again and again) become dead letters with a FAILED
 * result, so that the campaign ends and a person sees them. One of a campaign that is not being paid goes back to
 * PENDING instead: a resume sends it anew.
 */
export async function collectDeadLetters(
  services: Services,
  batch: readonly ReceivedMessage[],
): Promise<void> {
  const { store, clock } = services;
  const { works, unreadable } = readGrantMessages(batch);
  await store.recordDeadLetters(unreadable, clock.now());
  for (const [promotionType, group] of Map.groupBy(works, (work) => work.grant.promotionType)) {
    await collectOf(services, promotionType, group);
  }
}

async function collectOf(
  { store, counters, clock }: Services,
  promotionType: PromotionType,
  works: readonly Work[],
): Promise<void> {
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

  await store.recordDeadLetters(
    [
      ...unknown.map((work) => unknownTarget(work.grant, work.received.body)),
      ...lost.map(({ deadLetter }) => deadLetter),
    ],
    nowMs,
  );
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
}

function isOpen(state: GrantState | undefined): boolean {
  return state !== undefined && state.processStatus !== 'SUCCESS' && state.processStatus !== 'FAILED';
}
