/**
 * The environment of each function: the CDK side must provide every name (its type asks for it), the handler
 * parses it on cold start. A variable is declared here and nowhere else.
 */
import * as z from 'zod';

const seconds = z.coerce.number().positive();
const count = z.coerce.number().int().positive();

/** The database, through the RDS Data API. */
export const databaseEnvironment = z.object({
  DATABASE_RESOURCE_ARN: z.string().min(1),
  DATABASE_SECRET_ARN: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
});

const grantQueue = { GRANT_QUEUE_URL: z.url() };
const redis = {
  REDIS_URL: z.url(),
  /** A Secrets Manager secret whose string is the password; empty: it asks for none. */
  REDIS_AUTH_TOKEN_SECRET_ARN: z.string(),
};
export const redisEnvironment = z.object(redis);
/** Of metrics and alerts. */
const stage = { STAGE: z.string().min(1) };
const alerts = { ...stage, ALERT_TOPIC_ARN: z.string().startsWith('arn:') };

export const migrateEnvironment = databaseEnvironment;

export const waitForTurnEnvironment = databaseEnvironment;

export const beginCampaignEnvironment = databaseEnvironment.extend(redis);

export const publishPartitionEnvironment = databaseEnvironment.extend({
  ...grantQueue,
  ...redis,
  ...stage,
  /** Publishing waits while more messages than this are in the queue. */
  BACKLOG_LIMIT: count,
  MONEY_TPS: count,
});

export const grantRewardsEnvironment = databaseEnvironment.extend({
  ...grantQueue,
  ...redis,
  ...stage,
  MONEY_API_URL: z.url(),
  /** A Secrets Manager secret whose string is the API key. */
  MONEY_API_KEY_SECRET_ARN: z.string().min(1),
  /** The Money API's ceiling, calls a second over all environments. */
  MONEY_TPS: count,
  /** How many environments share it: the function's reserved concurrency. */
  GRANT_CONCURRENCY: count,
  /** Seconds of each second kept free for jitter on the way to the Money API. */
  PACING_HEADROOM_SECONDS: z.coerce.number().min(0).max(0.5),
});

export const collectDeadLettersEnvironment = databaseEnvironment.extend({ ...redis, ...stage });

export const trackProgressEnvironment = databaseEnvironment.extend({
  ...grantQueue,
  ...redis,
  ...alerts,
  MONEY_TPS: count,
  PROGRESS_INTERVAL_SECONDS: seconds,
});

export const finishCampaignEnvironment = databaseEnvironment.extend({ ...redis, ...alerts });

const campaignRun = { CAMPAIGN_RUN_ARN: z.string().min(1) };

export const redriveDeadLettersEnvironment = databaseEnvironment.extend(campaignRun);

export const reconcileCampaignsEnvironment = databaseEnvironment.extend({
  ...campaignRun,
  ...alerts,
  /** Where the one-time schedules of the reservations are. */
  RESERVATION_SCHEDULE_GROUP: z.string().min(1),
  /** Which Scheduler takes to start executions of CampaignRun. */
  RESERVATION_SCHEDULE_ROLE_ARN: z.string().min(1),
});

export const notifySlackEnvironment = databaseEnvironment.extend({
  /** A Secrets Manager secret whose string is the incoming webhook's URL. */
  SLACK_WEBHOOK_URL_SECRET_ARN: z.string().min(1),
  ALERT_LANGUAGE: z.enum(['ko', 'en']),
});

export const adminApiCampaignsEnvironment = databaseEnvironment.extend({
  ...campaignRun,
  /** The state machine that redrives. */
  REDRIVE_ARN: z.string().min(1),
  /** A Secrets Manager secret whose string signs the tokens of the HTTP API. */
  JWT_SECRET_ARN: z.string().min(1),
});

export const adminApiJobsEnvironment = databaseEnvironment.extend({
  /** The state machines of the jobs. */
  POINT_SYNC_ARN: z.string().min(1),
  COUPON_USAGE_STATS_ARN: z.string().min(1),
  COUPON_USAGE_STATS_FCM_SEND_ARN: z.string().min(1),
  JWT_SECRET_ARN: z.string().min(1),
});

export const adminApiSystemEnvironment = databaseEnvironment;

export const beginJobRunEnvironment = databaseEnvironment.extend(alerts);
export const endJobRunEnvironment = databaseEnvironment.extend(alerts);
export const reconcileJobRunsEnvironment = databaseEnvironment.extend(alerts);

export const planRangesEnvironment = databaseEnvironment;
export const syncBalancesEnvironment = databaseEnvironment.extend(redis);
export const sweepGoneUsersEnvironment = databaseEnvironment.extend(redis);
export const buildDailyReportEnvironment = databaseEnvironment;

const storeService = {
  STORE_SERVICE_URL: z.url(),
  /** A Secrets Manager secret whose string is the system token of the store and the notification service. */
  SYSTEM_TOKEN_SECRET_ARN: z.string().min(1),
};

export const planUsageEnvironment = databaseEnvironment;
export const collectStoresEnvironment = databaseEnvironment;
export const learnDistrictsEnvironment = databaseEnvironment.extend(storeService);
export const aggregateUsageEnvironment = databaseEnvironment;
export const planPushesEnvironment = databaseEnvironment;
export const collectMembersEnvironment = databaseEnvironment;
export const sendPushesEnvironment = databaseEnvironment.extend({
  ...storeService,
  NOTIFICATION_SERVICE_URL: z.url(),
  /** The topic `coupon`. */
  COUPON_TOPIC_ARN: z.string().startsWith('arn:'),
});
