import type { App } from 'aws-cdk-lib/core';
import type { Config } from './config.ts';
import { AdminApiStack } from './stacks/admin-api-stack.ts';
import { AlertStack } from './stacks/alert-stack.ts';
import { CampaignGrantStack } from './stacks/campaign-grant-stack.ts';
import { CouponStatsStack } from './stacks/coupon-stats-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { JobsStack } from './stacks/jobs-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { PointSyncStack } from './stacks/point-sync-stack.ts';

/** All that a stage deploys, in the order in which it does. */
export function grantlineStacks(app: App, config: Config) {
  const id = (name: string) => `Grantline-${config.stage}-${name}`;
  const network = new NetworkStack(app, id('Network'), { config });
  const data = new DataStack(app, id('Data'), { config, network });
  const alerts = new AlertStack(app, id('Alerts'), { config, data });
  const campaignGrant = new CampaignGrantStack(app, id('CampaignGrant'), { config, network, data, alerts });
  const jobs = new JobsStack(app, id('Jobs'), { config, data, alerts });
  const pointSync = new PointSyncStack(app, id('PointSync'), { config, network, data, jobs });
  const couponStats = new CouponStatsStack(app, id('CouponStats'), { config, network, data, jobs });
  const adminApi = new AdminApiStack(app, id('AdminApi'), {
    config,
    data,
    campaignGrant,
    pointSync,
    couponStats,
  });
  const monitoring = new MonitoringStack(app, id('Monitoring'), {
    config,
    campaignGrant,
    data,
    alerts,
    jobs,
    pointSync,
    couponStats,
    adminApi,
  });
  return { network, data, alerts, campaignGrant, jobs, pointSync, couponStats, adminApi, monitoring };
}
