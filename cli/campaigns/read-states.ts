import { stateOf } from '../../lambdas/campaign-grant/domain/campaign-state.ts';
import type { CampaignOverview, CampaignState } from '../../lambdas/campaign-grant/domain/campaign-state.ts';
import { toDateTime } from '../../lambdas/campaign-grant/domain/seoul-time.ts';
import type { Campaigns } from './open-campaigns.ts';

export interface CampaignAndState {
  readonly campaign: CampaignOverview;
  readonly state: CampaignState;
}

/** Two small queries, whatever the size of the campaigns. */
export async function readStates(
  { operator, clock }: Pick<Campaigns, 'operator' | 'clock'>,
  of: { readonly promotionId: string } | { readonly limit: number },
): Promise<CampaignAndState[]> {
  const [around, campaigns] = await Promise.all([
    operator.surroundings(),
    'limit' in of ? operator.campaigns(of.limit) : operator.campaign(of.promotionId),
  ]);
  const now = toDateTime(clock.now());
  return [campaigns ?? []]
    .flat()
    .map((campaign) => ({ campaign, state: stateOf(campaign, { ...around, now }) }));
}
