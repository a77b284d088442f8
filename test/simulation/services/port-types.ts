import type { AlertServices } from '../../../lambdas/campaign-grant/app/tell-alerts.ts';
import type { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import type { Pacer } from '../../../lambdas/campaign-grant/domain/pacer.ts';
import type {
  CampaignGauges,
  CampaignRuns,
  CampaignStore,
  Clock,
  GrantLog,
  GrantQueue,
  MoneyApi,
  ProgressCounters,
  PublishLog,
  ReservationSchedules,
} from '../../../lambdas/campaign-grant/ports.ts';

/** The ports of one environment. */
export interface Ports extends Pick<AlertServices, 'topic' | 'deployment' | 'alertLog'> {
  readonly store: CampaignStore;
  readonly queue: GrantQueue;
  readonly money: MoneyApi;
  readonly counters: ProgressCounters;
  readonly runs: CampaignRuns;
  readonly schedules: ReservationSchedules;
  readonly clock: Clock;
  readonly gauges: CampaignGauges;
  readonly log: GrantLog & PublishLog;
}

/** What container.ts makes for an environment of GrantRewards. */
export interface ConsumerServices extends Ports {
  readonly pacer: Pacer;
  readonly breaker: MoneyBreaker;
}
