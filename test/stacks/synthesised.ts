/** Templates of the app for a configuration, without bundling: the code of the functions is not looked at. */
import { Template } from 'aws-cdk-lib/assertions';
import { App } from 'aws-cdk-lib/core';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { STAGES } from '../../config/stages.ts';
import { checkConfig } from '../../lib/config.ts';
import type { Config, StageConfig } from '../../lib/config.ts';
import { AlertStack } from '../../lib/stacks/alert-stack.ts';
import { AdminApiStack } from '../../lib/stacks/admin-api-stack.ts';
import { CampaignGrantStack } from '../../lib/stacks/campaign-grant-stack.ts';
import { CouponStatsStack } from '../../lib/stacks/coupon-stats-stack.ts';
import { DataStack } from '../../lib/stacks/data-stack.ts';
import { JobsStack } from '../../lib/stacks/jobs-stack.ts';
import { MonitoringStack } from '../../lib/stacks/monitoring-stack.ts';
import { NetworkStack } from '../../lib/stacks/network-stack.ts';
import { PointSyncStack } from '../../lib/stacks/point-sync-stack.ts';

export function makeConfig(overrides: Partial<StageConfig> = {}): Config {
  const outcome = checkConfig({ ...STAGES[overrides.stage ?? 'dev'], ...overrides });
  if (!outcome.ok) throw new Error(outcome.problems.join('\n'));
  return outcome.config;
}

export interface Templates {
  readonly network: Template;
  readonly data: Template;
  readonly alerts: Template;
  readonly campaignGrant: Template;
  readonly jobs: Template;
  readonly pointSync: Template;
  readonly couponStats: Template;
  readonly adminApi: Template;
  readonly monitoring: Template;
}

export function synthesise(config: Config): Templates {
  const app = new App({
    context: { ...cdkJson.context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
  });
  const network = new NetworkStack(app, 'Network', { config });
  const data = new DataStack(app, 'Data', { config, network });
  const alerts = new AlertStack(app, 'Alerts', { config, data });
  const campaignGrant = new CampaignGrantStack(app, 'CampaignGrant', { config, network, data, alerts });
  const jobs = new JobsStack(app, 'Jobs', { config, data, alerts });
  const pointSync = new PointSyncStack(app, 'PointSync', { config, network, data, jobs });
  const couponStats = new CouponStatsStack(app, 'CouponStats', { config, network, data, jobs });
  const adminApi = new AdminApiStack(app, 'AdminApi', {
    config,
    data,
    campaignGrant,
    pointSync,
    couponStats,
  });
  const monitoring = new MonitoringStack(app, 'Monitoring', {
    config,
    campaignGrant,
    data,
    alerts,
    jobs,
    pointSync,
    couponStats,
    adminApi,
  });
  return {
    network: Template.fromStack(network),
    data: Template.fromStack(data),
    alerts: Template.fromStack(alerts),
    campaignGrant: Template.fromStack(campaignGrant),
    jobs: Template.fromStack(jobs),
    pointSync: Template.fromStack(pointSync),
    couponStats: Template.fromStack(couponStats),
    adminApi: Template.fromStack(adminApi),
    monitoring: Template.fromStack(monitoring),
  };
}
