import type { CampaignStore, Clock, PromotionKey } from '../ports.ts';

/** Calls that were under way at the stop have ended by then (3 s at most), and their results are written. */
const CALLS_END_WITHIN_SECONDS = 5;

/**
 * After a run that did not complete: everything that was not paid is PENDING again, and the summary says what was.
 * Nothing is taken back from a campaign that another run is paying by now.
 */
export async function windUp(
  { store, clock }: { readonly store: CampaignStore; readonly clock: Clock },
  promotion: PromotionKey,
): Promise<void> {
  await clock.sleep(CALLS_END_WITHIN_SECONDS);
  await store.windUp(promotion, clock.now());
  await store.recount(promotion);
  // Last: until then the reconciler winds it up again.
  await store.endStoppedRun(promotion.promotionId, clock.now());
}
