import type { RedriveOutput } from '../../../schema/campaign-run.ts';
import { reservedExecutionName } from '../domain/reservation.ts';
import type { CampaignRuns, CampaignStore, Clock, RedriveSelection, TimeBudget } from '../ports.ts';
import { CampaignRefused } from './begin-campaign.ts';

const PAGE_SIZE = 1_000;
const TIME_FOR_ONE_PAGE_SECONDS = 60;

interface Services {
  readonly store: CampaignStore;
  readonly runs: CampaignRuns;
  readonly clock: Clock;
}

/**
 * Makes the selected dead letters of a promotion PENDING again, page by page. A COMPLETED campaign then becomes
 * READY and is run: through its turn, the same queue, ceiling and keys. One that is being paid takes them in its
 * next pass, one that is STOPPED or FAILED when it is resumed.
 * @throws CampaignRefused when the promotion does not exist
 */
export async function redriveDeadLetters(
  { store, runs, clock }: Services,
  { promotionId, causes, targetIds }: { readonly promotionId: string } & RedriveSelection,
  budget: TimeBudget,
): Promise<RedriveOutput> {
  const promotion = await store.findPromotion(promotionId);
  if (promotion === undefined) throw new CampaignRefused(`promotion ${promotionId} does not exist`);

  let redrivenCount = 0;
  for (;;) {
    if (budget.remainingSeconds() < TIME_FOR_ONE_PAGE_SECONDS) return { done: false, redrivenCount };
    const count = await store.redrive(promotion, { causes, targetIds }, PAGE_SIZE, clock.now());
    redrivenCount += count;
    if (count < PAGE_SIZE) break;
  }

  if (redrivenCount > 0) await store.recount(promotion);
  // The reconciler would start it within a minute, under the same name.
  const { status, reservationAt } = (await store.findPromotion(promotionId)) ?? promotion;
  const run = await store.latestRun(promotionId);
  if (status === 'READY' && run !== undefined) {
    await runs.start({ promotionId }, reservedExecutionName({ promotionId, reservationAt, ...run }));
  }
  return { done: true, redrivenCount };
}
