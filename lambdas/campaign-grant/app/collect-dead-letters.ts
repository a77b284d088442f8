import { malformed } from '../domain/grant-result.ts';
import type { DeadLetter } from '../domain/grant-result.ts';
import { idempotencyKey } from '../domain/idempotency.ts';
import type { CampaignStore, Clock, ProgressCounters } from '../ports.ts';
import { readGrantMessages } from './read-grant-messages.ts';
import type { ReceivedMessage } from './read-grant-messages.ts';

interface Services {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
}

/**
 * Messages that the queue gave up on (their consumer died again and again) become dead letters with a FAILED
 * result, so that the campaign ends and a person sees them. Asking again may help: they are transient.
 */
export async function collectDeadLetters(
  { store, counters, clock }: Services,
  batch: readonly ReceivedMessage[],
): Promise<void> {
  const { works, unreadable } = readGrantMessages(batch);
  for (const [promotionType, group] of Map.groupBy(works, (work) => work.grant.promotionType)) {
    const states = await store.grantStates(
      promotionType,
      group.map((work) => work.grant),
    );
    const open = states.filter(
      (state) => state.processStatus !== 'SUCCESS' && state.processStatus !== 'FAILED',
    );
    const attempts = new Map(open.map((state) => [idempotencyKey({ promotionType, ...state }), state]));
    const given = group.filter((work) => attempts.has(idempotencyKey(work.grant)));
    const deadLetters = given.map((work): DeadLetter => {
      const key = idempotencyKey(work.grant);
      return {
        ...malformed(work.received.messageId, ERROR_MESSAGE, work.received.body),
        key,
        grant: work.grant,
        cause: CAUSE,
        transient: true,
        attemptCount: attempts.get(key)?.attemptCount ?? 0,
      };
    });
    await store.recordDeadLetters(deadLetters, clock.now());
    await store.recordResults(
      promotionType,
      open.map((state) => ({
        targetId: state.targetId,
        promotionId: state.promotionId,
        processStatus: 'FAILED',
        transactionKey: null,
        errorMessage: `${CAUSE}: ${ERROR_MESSAGE}`,
        attemptCount: state.attemptCount,
      })),
      clock.now(),
    );
    for (const [summaryId, failed] of Map.groupBy(open, (state) => state.summaryId)) {
      if (summaryId !== null) await counters.add(summaryId, { failCount: failed.length });
    }
  }
  await store.recordDeadLetters(unreadable, clock.now());
}

const CAUSE = 'RECEIVES_EXHAUSTED';
const ERROR_MESSAGE = 'the queue handed it out too often without an end';
