import type { PromotionStatus } from '../../../schema/promotion.ts';
import { memoOf } from '../../../schema/memo.ts';
import type { CampaignStore, Clock, OperatorStore } from '../ports.ts';

interface Services {
  readonly store: Pick<CampaignStore, 'promotionStatus' | 'stopCampaign'>;
  readonly operator: Pick<OperatorStore, 'withdraw'>;
  readonly clock: Clock;
}

export type StopOutcome =
  /** `withdrawn`: it was READY, and nothing was paid. */
  | { readonly kind: 'stopped' | 'withdrawn' | 'already' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly status: PromotionStatus };

/**
 * IN_PROGRESS or READY → STOPPED, with the reason as its memo. No call is sent later than two seconds after this
 * returns; the campaign's execution takes back what was not paid.
 */
export async function stopCampaign(
  { store, operator, clock }: Services,
  { promotionId, reason }: { readonly promotionId: string; readonly reason: string },
): Promise<StopOutcome> {
  const memo = memoOf(reason);
  // A campaign that begins between the two is IN_PROGRESS at the second look.
  for (let look = 0; look < 2; look += 1) {
    if (await store.stopCampaign(promotionId, memo, clock.now())) return { kind: 'stopped' };
    if (await operator.withdraw(promotionId, memo, clock.now())) return { kind: 'withdrawn' };
  }
  const status = await store.promotionStatus(promotionId);
  if (status === undefined) return { kind: 'unknown' };
  // Somebody else was faster, or the answer of our own commit was lost.
  return status === 'STOPPED' ? { kind: 'already' } : { kind: 'refused', status };
}
