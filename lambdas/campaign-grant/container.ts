/** The only wiring: which adapter stands behind which port of each handler. Built once, on cold start. */
import type * as z from 'zod';
import type {
  adminApiCampaignsEnvironment,
  beginCampaignEnvironment,
  collectDeadLettersEnvironment,
  databaseEnvironment,
  finishCampaignEnvironment,
  grantRewardsEnvironment,
  publishPartitionEnvironment,
  reconcileCampaignsEnvironment,
  redisEnvironment,
  redriveDeadLettersEnvironment,
  trackProgressEnvironment,
  waitForTurnEnvironment,
} from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { alertPublishing } from '../shared/alert-publishing.ts';
import { asError } from '../shared/as-error.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { dataApi } from '../shared/data-api.ts';
import { logger } from '../shared/handler.ts';
import { adminHttp } from '../shared/http/admin-http.ts';
import { readRedisAuthToken } from '../shared/redis-auth-token.ts';
import { connectRedis } from '../shared/redis.ts';
import { readSecret } from '../shared/secret.ts';
import { cloudWatchGauges } from './adapters/cloudwatch-gauges.ts';
import { httpMoneyApi } from './adapters/http-money-api.ts';
import { powertoolsGrantLog, powertoolsPublishLog } from './adapters/powertools-logs.ts';
import { redisProgressCounters } from './adapters/redis-progress-counters.ts';
import { schedulerReservations } from './adapters/scheduler-reservations.ts';
import { sfnCampaignRuns } from './adapters/sfn-campaign-runs.ts';
import { sfnRedriveRuns } from './adapters/sfn-redrive-runs.ts';
import { sqlCampaignStore } from './adapters/sql-campaign-store.ts';
import { sqlOperatorStore } from './adapters/sql-operator-store.ts';
import { sqsGrantQueue } from './adapters/sqs-grant-queue.ts';
import type { OperatorLog } from './admin-api/campaign-routes.ts';
import { MoneyBreaker } from './app/money-breaker.ts';
import { Pacer, pacingFor } from './domain/pacer.ts';

type Env<Shape extends z.ZodType> = z.output<Shape>;

function campaignStore(env: Env<typeof databaseEnvironment>) {
  return sqlCampaignStore(dataApi(env));
}

/** Without Redis' password its counters are lost, as they are while Redis is away: rows are the truth. */
async function progressCounters(env: Env<typeof redisEnvironment>) {
  const authToken = await readRedisAuthToken(env).catch((error: unknown) => {
    logger.warn('could not read the password of Redis on cold start', { error: asError(error) });
    return undefined;
  });
  return redisProgressCounters(await connectRedis(env.REDIS_URL, authToken), () => clock.now());
}

function campaignGauges(stage: string) {
  return cloudWatchGauges({
    stage,
    monotonic: () => clock.monotonic(),
    onFailure: (error) =>
      logger.warn('CloudWatch did not take the gauges; it is asked again each minute', {
        event: LOG_EVENTS.gaugesNotTold,
        error: asError(error),
      }),
  });
}

export function waitForTurnServices(env: Env<typeof waitForTurnEnvironment>) {
  return { store: campaignStore(env), clock };
}

export async function beginCampaignServices(env: Env<typeof beginCampaignEnvironment>) {
  return { store: campaignStore(env), counters: await progressCounters(env), clock };
}

export async function publishPartitionServices(env: Env<typeof publishPartitionEnvironment>) {
  return {
    store: campaignStore(env),
    queue: sqsGrantQueue(env.GRANT_QUEUE_URL),
    counters: await progressCounters(env),
    clock,
    log: powertoolsPublishLog(env.STAGE),
    backlogLimit: env.BACKLOG_LIMIT,
    tps: env.MONEY_TPS,
  };
}

export async function grantRewardsServices(env: Env<typeof grantRewardsEnvironment>) {
  const pacing = pacingFor({
    tps: env.MONEY_TPS,
    concurrency: env.GRANT_CONCURRENCY,
    headroom: env.PACING_HEADROOM_SECONDS,
  });
  const store = campaignStore(env);
  const queue = sqsGrantQueue(env.GRANT_QUEUE_URL);
  const log = powertoolsGrantLog(env.STAGE);
  const [counters, apiKey] = await Promise.all([
    progressCounters(env),
    readSecret(env.MONEY_API_KEY_SECRET_ARN),
    warmUp('the database', async () => {
      await store.readBatch('VOUCHER', []);
      await store.recordResults('VOUCHER', [], clock.now());
    }),
    warmUp('the queue', () => queue.backlog()),
  ]);
  return {
    store,
    queue,
    money: httpMoneyApi(env.MONEY_API_URL, apiKey),
    counters,
    clock,
    pacer: new Pacer(pacing),
    breaker: new MoneyBreaker(store, clock, log),
    log,
  };
}

/**
 * A fresh environment opens its connections and runs what a batch runs once, on no grant. What is away now is the first
 * batch's matter.
 */
async function warmUp(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.warn(`could not reach ${what} on cold start`, { error: asError(error) });
  }
}

export async function collectDeadLettersServices(env: Env<typeof collectDeadLettersEnvironment>) {
  return { store: campaignStore(env), counters: await progressCounters(env), clock };
}

export async function trackProgressServices(env: Env<typeof trackProgressEnvironment>) {
  return {
    store: campaignStore(env),
    queue: sqsGrantQueue(env.GRANT_QUEUE_URL),
    counters: await progressCounters(env),
    clock,
    gauges: campaignGauges(env.STAGE),
    tps: env.MONEY_TPS,
    intervalSeconds: env.PROGRESS_INTERVAL_SECONDS,
    ...alertPublishing(env),
  };
}

export async function finishCampaignServices(env: Env<typeof finishCampaignEnvironment>) {
  const counters = await progressCounters(env);
  return { store: campaignStore(env), counters, clock, ...alertPublishing(env) };
}

export function redriveDeadLettersServices(env: Env<typeof redriveDeadLettersEnvironment>) {
  return { store: campaignStore(env), runs: sfnCampaignRuns(env.CAMPAIGN_RUN_ARN), clock };
}

export function reconcileCampaignsServices(env: Env<typeof reconcileCampaignsEnvironment>) {
  return {
    store: campaignStore(env),
    runs: sfnCampaignRuns(env.CAMPAIGN_RUN_ARN),
    schedules: schedulerReservations({
      groupName: env.RESERVATION_SCHEDULE_GROUP,
      stateMachineArn: env.CAMPAIGN_RUN_ARN,
      roleArn: env.RESERVATION_SCHEDULE_ROLE_ARN,
    }),
    gauges: campaignGauges(env.STAGE),
    clock,
    ...alertPublishing(env),
  };
}

export function adminApiCampaignsServices(env: Env<typeof adminApiCampaignsEnvironment>) {
  return {
    store: campaignStore(env),
    operator: sqlOperatorStore(dataApi(env)),
    runs: sfnCampaignRuns(env.CAMPAIGN_RUN_ARN),
    redrives: sfnRedriveRuns(env.REDRIVE_ARN),
    clock,
    log: operatorLog,
    http: adminHttp(env),
  };
}

const operatorLog: OperatorLog = {
  asked: (what) => logger.info('an operator asked', { event: LOG_EVENTS.operatorAsked, ...what }),
};
