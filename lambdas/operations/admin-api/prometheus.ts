import { Gauge, Registry } from 'prom-client';
import { MOST_DEAD_LETTERS } from './figures.ts';
import type { CampaignFigures, Figures, JobFigures } from './figures.ts';

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

const LAST_RUN_GAUGES: readonly (readonly [
  name: string,
  help: string,
  value: (last: NonNullable<JobFigures['last']>) => number,
])[] = [
  ['ended_timestamp_seconds', 'when it ended', ({ endedAtSeconds }) => endedAtSeconds],
  ['duration_seconds', 'from its begin to its end', ({ durationSeconds }) => durationSeconds],
  ['reads', 'what it read', ({ reads }) => reads],
  ['writes', 'what it wrote', ({ writes }) => writes],
  ['problems', 'what it left out or found wrong', ({ problems }) => problems],
  ['skipped_chunks', 'chunks that earlier attempts had finished', ({ skippedChunks }) => skippedChunks],
];

/**
 * The text format of Prometheus. A registry of its own each time: what an execution environment showed of a campaign
 * that is final by now must not be shown for ever.
 */
export function prometheusText({
  breakerIsOpen,
  unpublishedAlerts,
  campaigns,
  jobs,
}: Figures): Promise<string> {
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
  const runs = gauge('job_runs', 'Runs of the job since there are any, by how they ended', ['job', 'status']);
  for (const job of jobs) {
    for (const [status, count] of Object.entries(job.runs)) runs.set({ job: job.jobName, status }, count);
  }
  for (const [name, help, valueOf] of LAST_RUN_GAUGES) {
    const each = gauge(`job_last_run_${name}`, `Of the last run that completed: ${help}`, ['job']);
    for (const { jobName, last } of jobs) {
      if (last !== undefined) each.set({ job: jobName }, valueOf(last));
    }
  }
  return registry.metrics();
}
