import type { CampaignOverview } from '../../lambdas/campaign-grant/domain/campaign-state.ts';
import { grouped } from '../output/grouped.ts';
import { table } from '../output/table.ts';
import { keepsCeiling } from './read-rate.ts';
import type { Rate } from './read-rate.ts';

/** What is going on while the rate is shown. */
export interface Paying {
  readonly campaign: CampaignOverview | undefined;
  readonly breakerIsOpen: boolean;
}

export function rateAsText(rate: Rate, paying: Paying): string {
  const { ceiling, environments, callsOfOneEnvironment, slotSeconds, headroomSeconds } = rate;
  const rows = [
    ['ceiling', `${grouped(ceiling)} calls a second, over everything that is sent to the Money API`],
    ['environments', environmentsText(rate)],
    ['each', `${grouped(callsOfOneEnvironment)} calls a second, one every ${milliseconds(slotSeconds)}`],
    [
      'headroom',
      `${milliseconds(headroomSeconds)} of each second: at most ${grouped(Math.floor(rate.callsPerSecond))} calls a second`,
    ],
    ['left over', leftOver(ceiling - environments * callsOfOneEnvironment)],
    ['now', nowText(paying)],
  ];
  return table(rows);
}

export function rateAsJson(rate: Rate, { campaign, breakerIsOpen }: Paying) {
  const paying =
    campaign === undefined
      ? null
      : { promotionId: campaign.promotionId, finalPerSecond: campaign.finalPerSecond };
  return { ...rate, keepsCeiling: keepsCeiling(rate), breakerIsOpen, paying };
}

function environmentsText({ environments, reservedConcurrency }: Rate): string {
  if (reservedConcurrency === null) return grouped(environments);
  if (reservedConcurrency === environments) return `${grouped(environments)}, its reserved concurrency`;
  const wrong = `${grouped(environments)}, and a reserved concurrency of ${grouped(reservedConcurrency)}`;
  return reservedConcurrency > environments
    ? `${wrong}: THE CEILING IS NOT KEPT, deploy again`
    : `${wrong}: it pays more slowly than it could`;
}

function leftOver(calls: number): string {
  return calls === 0
    ? 'nothing'
    : `${grouped(calls)} of the ceiling: each environment makes a whole number of calls a second`;
}

function nowText({ campaign, breakerIsOpen }: Paying): string {
  if (campaign === undefined) return 'no campaign is being paid';
  const who = `promotion ${campaign.promotionId}`;
  if (breakerIsOpen) return `${who} is paused: the breaker is open, one probe every 30 s`;
  return campaign.finalPerSecond === null
    ? `${who} is being paid, and was not measured yet`
    : `${who}: ${grouped(Math.round(campaign.finalPerSecond))} targets a second become final`;
}

function milliseconds(seconds: number): string {
  return `${Number((seconds * 1_000).toFixed(2))} ms`;
}
