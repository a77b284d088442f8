import type { CampaignAndState } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
import { drawnLine } from '../output/live-line.ts';
import type { LiveLine, Screen } from '../output/live-line.ts';
import { stateAsLine } from './state-text.ts';

const BAR_WIDTH = 30;

export function campaignBar(screen: Screen): LiveLine<CampaignAndState> {
  return drawnLine(screen, (current) => {
    const { campaign, state } = current;
    const share = campaign.totalCount === 0 ? 0 : state.finalCount / campaign.totalCount;
    const filled = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH));
    return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${stateAsLine(current)}`;
  });
}
