import { Gauge, Registry } from 'prom-client';
import { MOST_DEAD_LETTERS } from './figures.ts';
import type { CampaignFigures, Figures } from './figures.ts';

const LABELS = ['promotion_id', 'promotion_type'] as const;

const CAMPAIGN_GAUGES: readonly (readonly [
  name: string,
  help: string,
  value: (campaign: CampaignFigures) => number | null,
])[] = [
  ['targets', 'Targets of the campaign', ({ targets }) => targets],
  ['published', 'Targets that were sent to the queue', ({ published }) => published],
  ['granted', 'Targets that were granted', ({ granted }) => granted],
  ['failed', 'Targets that failed', ({ failed }) => failed],
  ['retried', 'Targets that were granted after more than one call', ({ retried }) => retried],
  [
    'final_per_second',
    'Targets that became final in a second; absent while it is not measured',
    ({ finalPerSecond }) => finalPerSecond,
  ],
  [
    'dead_letters',
    `Dead letters that a redrive would pay again; ${MOST_DEAD_LETTERS} stands for so many or more`,
    ({ deadLetters }) => deadLetters,
  ],
];

/**
 * The text format of Prometheus. A registry of its own each time: what an execution environment showed of a campaign
 * that is final by now must not be shown for ever.
 */
export function prometheusText({ breakerIsOpen, unpublishedAlerts, campaigns }: Figures): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels({ application: 'grantline' });
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name: `grantline_${name}`, help, labelNames, registers: [registry] });

  gauge('money_breaker_open', '1 while the breaker before the Money API is open').set(Number(breakerIsOpen));
  gauge('alerts_unpublished', 'Alerts that are raised and not published yet').set(unpublishedAlerts);
  for (const [name, help, valueOf] of CAMPAIGN_GAUGES) {
    const each = gauge(`campaign_${name}`, help, LABELS);
    for (const campaign of campaigns) {
      const value = valueOf(campaign);
      if (value === null) continue;
      each.set({ promotion_id: campaign.promotionId, promotion_type: campaign.promotionType }, value);
    }
  }
  return registry.metrics();
}
