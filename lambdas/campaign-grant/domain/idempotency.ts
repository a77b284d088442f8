import type { PromotionType } from '../../../schema/promotion.ts';

/** The one thing that a grant is: a target of a promotion. */
export interface GrantId {
  readonly promotionType: PromotionType;
  readonly promotionId: string;
  readonly targetId: string;
}

/**
 * The Money API's Idempotency-Key: the same for a target for ever, whatever the run, retry or redrive.
 * An ambiguous timeout is only safe because the next try asks with this very key.
 */
export function idempotencyKey(grant: GrantId): string {
  return `${grant.promotionType}-${grant.promotionId}-${grant.targetId}`;
}

/**
 * SQS drops a repeat of this id within five minutes: it saves work when a page is published twice, no more.
 * The run is part of it, so that a resume soon after a stop is not dropped.
 */
export function deduplicationId(grant: GrantId, runNumber: number): string {
  return `${idempotencyKey(grant)}-run-${runNumber}`;
}
