/**
 * The stages as they are without a word from a team: what differs between them, and why. config/stages.ts says what is
 * other for yours, so that a new version changes nothing that you wrote. Tests and the figures of the README are of these.
 * The ranges of the networks do not overlap, so that stages can be joined to the same one.
 */
import type { StageConfig, StageName } from '../lib/config.ts';

const common = {
  pacingHeadroomSeconds: 0.025,
  publishing: { backlogSeconds: 60 },
  progress: { intervalSeconds: 5 },
  alerts: { language: 'ko' },
  // The client's rule for batch steps: three tries, five minutes apart.
  jobs: { retrySeconds: 300 },
} as const satisfies Partial<StageConfig>;

export const DEFAULT_STAGES: Record<StageName, StageConfig> = {
  dev: {
    ...common,
    stage: 'dev',
    network: { cidr: '10.64.0.0/20' },
    money: { apiUrl: 'https://money-api.dev.internal', tps: 1000 },
    coupons: {
      storeServiceUrl: 'https://store-service.dev.internal',
      notificationServiceUrl: 'https://notification-service.dev.internal',
    },
    grants: { maxReceiveCount: 1000 },
    database: {
      name: 'grantline',
      // Not 0, which would let the cluster pause: reservations are looked up every minute, so it never would.
      capacity: { min: 0.5, max: 8 },
      readers: 0,
      deletionProtection: false,
      backupDays: 1,
    },
    // Half a GiB, less a quarter that ElastiCache keeps free. A million users' balances take a quarter of a GiB.
    redis: { nodeType: 'cache.t4g.micro', replicas: 0 },
    logRetentionDays: 7,
    alarms: { enabled: false },
    removable: true,
  },
  staging: {
    ...common,
    stage: 'staging',
    network: { cidr: '10.64.16.0/20' },
    money: { apiUrl: 'https://money-api.staging.internal', tps: 1000 },
    coupons: {
      storeServiceUrl: 'https://store-service.staging.internal',
      notificationServiceUrl: 'https://notification-service.staging.internal',
    },
    grants: { maxReceiveCount: 1000 },
    database: {
      name: 'grantline',
      capacity: { min: 1, max: 16 },
      readers: 0,
      deletionProtection: true,
      backupDays: 7,
    },
    // 3 GiB on nodes that burst: a nightly sync is within their credits, a load test over hours is not.
    redis: { nodeType: 'cache.t4g.medium', replicas: 1 },
    logRetentionDays: 30,
    alarms: { enabled: false },
    removable: false,
  },
  prod: {
    ...common,
    stage: 'prod',
    network: { cidr: '10.64.32.0/20' },
    money: { apiUrl: 'https://money-api.internal', tps: 1000 },
    coupons: {
      storeServiceUrl: 'https://store-service.internal',
      notificationServiceUrl: 'https://notification-service.internal',
    },
    grants: { maxReceiveCount: 1000 },
    database: {
      name: 'grantline',
      // A campaign starts at full speed: a cold cluster would scale up under the first minutes of load.
      capacity: { min: 4, max: 32 },
      // One takes over within a minute, where a new writer would take ten. It doubles the least that Aurora costs.
      readers: 1,
      deletionProtection: true,
      backupDays: 35,
    },
    // 6.4 GiB: balances of ten million users take 2.4 of the 4.8 that are for data. Nodes that do not burst.
    redis: { nodeType: 'cache.m7g.large', replicas: 1 },
    logRetentionDays: 365,
    alarms: { enabled: true },
    removable: false,
  },
};
