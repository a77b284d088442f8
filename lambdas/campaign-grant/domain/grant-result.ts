/** What a Money call's outcome leaves behind: the target's result, and a dead letter when it was the last. */
import { idempotencyKey } from './idempotency.ts';
import type { GrantId } from './idempotency.ts';
import type { GrantOutcome } from './outcome.ts';
import { mayTryAgain } from './retry.ts';

export interface GrantResult {
  readonly targetId: string;
  readonly promotionId: string;
  readonly processStatus: 'SUCCESS' | 'RETRYING' | 'FAILED';
  readonly transactionKey: string | null;
  readonly errorMessage: string | null;
  /** Money calls made for the target in this run. */
  readonly attemptCount: number;
  /** By the Money API, which granted or rejected: true of the target whichever run asked. */
  readonly decided: boolean;
}

export interface DeadLetter {
  /** The idempotency key, or `message-<id>` for what could not be read. */
  readonly key: string;
  readonly grant: GrantId | null;
  readonly cause: string;
  readonly errorMessage: string;
  /** Whether asking again may help. */
  readonly transient: boolean;
  readonly attemptCount: number;
  readonly payload: string;
}

/** The column campaign_dead_letters.payload is TEXT; a poison message may be a megabyte. */
const MAX_PAYLOAD_CHARACTERS = 8_192;

export interface GrantCall {
  readonly grant: GrantId;
  readonly outcome: GrantOutcome;
  /** This call included. */
  readonly attemptCount: number;
}

/** undefined: the call says nothing about its target (our key was refused). */
export function resultOf({ grant, outcome, attemptCount }: GrantCall): GrantResult | undefined {
  const { targetId, promotionId } = grant;
  switch (outcome.kind) {
    case 'granted': {
      const { transactionKey } = outcome;
      return {
        targetId,
        promotionId,
        processStatus: 'SUCCESS',
        transactionKey,
        errorMessage: null,
        attemptCount,
        decided: true,
      };
    }
    case 'rejected':
    case 'transient': {
      const final = outcome.kind === 'rejected' || !mayTryAgain(attemptCount);
      const processStatus = final ? 'FAILED' : 'RETRYING';
      const errorMessage = outcome.message === '' ? outcome.code : `${outcome.code}: ${outcome.message}`;
      const decided = outcome.kind === 'rejected';
      return {
        targetId,
        promotionId,
        processStatus,
        transactionKey: null,
        errorMessage,
        attemptCount,
        decided,
      };
    }
    case 'unauthorized':
      return undefined;
  }
}

/** undefined unless the call was the target's last and failed. */
export function deadLetterOf(call: GrantCall, messageBody: string): DeadLetter | undefined {
  const { outcome, grant, attemptCount } = call;
  if (resultOf(call)?.processStatus !== 'FAILED' || outcome.kind === 'granted') return undefined;
  return {
    key: idempotencyKey(grant),
    grant,
    cause: outcome.code,
    errorMessage: outcome.message,
    transient: outcome.kind === 'transient',
    attemptCount,
    payload: messageBody.slice(0, MAX_PAYLOAD_CHARACTERS),
  };
}

/** A message for a target that the database does not know. */
export function unknownTarget(grant: GrantId, messageBody: string): DeadLetter {
  return {
    key: idempotencyKey(grant),
    grant,
    cause: 'UNKNOWN_TARGET',
    errorMessage: 'no such promotion, or no such target in it',
    transient: false,
    attemptCount: 0,
    payload: messageBody.slice(0, MAX_PAYLOAD_CHARACTERS),
  };
}

/** A message that is not a grant message. */
export function malformed(messageId: string, why: string, messageBody: string): DeadLetter {
  return {
    key: `message-${messageId}`,
    grant: null,
    cause: 'MALFORMED',
    errorMessage: why,
    transient: false,
    attemptCount: 0,
    payload: messageBody.slice(0, MAX_PAYLOAD_CHARACTERS),
  };
}

/** A message that the queue gave up on: its consumer died with it again and again. Asking again may help. */
export function exhausted(
  grant: GrantId,
  attemptCount: number,
  messageBody: string,
): { deadLetter: DeadLetter; result: GrantResult } {
  const cause = 'RECEIVES_EXHAUSTED';
  const errorMessage = 'the queue handed it out too often without an end';
  return {
    deadLetter: {
      key: idempotencyKey(grant),
      grant,
      cause,
      errorMessage,
      transient: true,
      attemptCount,
      payload: messageBody.slice(0, MAX_PAYLOAD_CHARACTERS),
    },
    result: {
      targetId: grant.targetId,
      promotionId: grant.promotionId,
      processStatus: 'FAILED',
      transactionKey: null,
      errorMessage: `${cause}: ${errorMessage}`,
      attemptCount,
      decided: false,
    },
  };
}
