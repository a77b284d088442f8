import { stateOf } from '../domain/campaign-state.ts';
import type { CampaignOverview, CampaignState } from '../domain/campaign-state.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { Clock, OperatorStore } from '../ports.ts';

export interface CampaignAndState {
  readonly campaign: CampaignOverview;
  readonly state: CampaignState;
}

interface Services {
  readonly operator: Pick<OperatorStore, 'surroundings' | 'campaign' | 'campaigns'>;
  readonly clock: Clock;
}

/** Two small queries, whatever the size of the campaigns. */
export async function readCampaigns(
  { operator, clock }: Services,
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
