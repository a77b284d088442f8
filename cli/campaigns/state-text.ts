import { duration } from '../output/duration.ts';
import { grouped } from '../output/grouped.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import type { CampaignAndState } from '../../lambdas/campaign-grant/app/read-campaigns.ts';

const HEADINGS = ['promotion', 'type', 'state', 'final', 'of', '', 'failed', 'rate', 'left', ''];
const RIGHT = [0, 3, 4, 5, 6, 7, 8];

/** A row a campaign. */
export function statesAsText(states: readonly CampaignAndState[]): string {
  const cells = states.map(({ campaign, state }) => [
    campaign.promotionId,
    campaign.promotionType,
    state.phase,
    grouped(state.finalCount),
    grouped(campaign.totalCount),
    percent(state.finalCount, campaign.totalCount),
    grouped(campaign.failCount),
    rate(campaign.finalPerSecond),
    state.secondsLeft === null ? '' : duration(state.secondsLeft),
    state.why ?? '',
  ]);
  return table([HEADINGS, ...cells], RIGHT);
}

/** One line of a campaign, for a log. */
export function stateAsLine({ campaign, state }: CampaignAndState): string {
  const parts = [
    `promotion ${campaign.promotionId}`,
    state.phase,
    `${grouped(state.finalCount)} of ${grouped(campaign.totalCount)} (${percent(state.finalCount, campaign.totalCount)})`,
    campaign.failCount === 0 ? '' : `${grouped(campaign.failCount)} failed`,
    rate(campaign.finalPerSecond),
    state.secondsLeft === null ? '' : `${duration(state.secondsLeft)} left`,
    state.why ?? '',
  ];
  return printable(parts.filter((part) => part !== '').join(', '));
}

/** The same as plain data. */
export function stateAsJson({ campaign, state }: CampaignAndState) {
  return { ...campaign, ...state };
}

function percent(count: number, of: number): string {
  // Never 100 % while something is left.
  return of === 0 ? '' : `${Math.floor((100 * count) / of)} %`;
}

function rate(perSecond: number | null): string {
  return perSecond === null ? '' : `${grouped(Math.round(perSecond))}/s`;
}
