import type { App } from 'aws-cdk-lib/core';
import type { Config } from './config.ts';
import { acknowledge, resourceWildcard } from './constructs/acknowledge.ts';
import { AdminApiStack } from './stacks/admin-api-stack.ts';
import { AlertStack } from './stacks/alert-stack.ts';
import { CampaignGrantStack } from './stacks/campaign-grant-stack.ts';
import { CouponStatsStack } from './stacks/coupon-stats-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { JobsStack } from './stacks/jobs-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { PointSyncStack } from './stacks/point-sync-stack.ts';
import { addTags } from './tags.ts';

/** All that a stage deploys, in the order in which it does. */
export function grantlineStacks(app: App, config: Config) {
  const id = (name: string) => `Grantline-${config.stage}-${name}`;
  // Without it a stack goes to wherever the CDK CLI is signed in.
  const env = config.environment === undefined ? {} : { env: config.environment };
  addTags(app, config);
  acknowledge(
    app,
    resourceWildcard('*'),
    'X-Ray, PutMetricData, ListSchedules, log delivery (vended logs) and the network interfaces of VPC functions have no resource-level permissions; test/stacks holds every policy to these.',
  );
  acknowledge(
    app,
    'Serverless-LambdaDLQ',
    'Machines, queues and the HTTP API ask again, or tell, what failed. What is invoked asynchronously is invoked anew: by a schedule within minutes, by CloudFormation with the next deployment.',
  );
  const network = new NetworkStack(app, id('Network'), { ...env, config });
  const data = new DataStack(app, id('Data'), { ...env, config, network });
  const alerts = new AlertStack(app, id('Alerts'), { ...env, config, data });
  const campaignGrant = new CampaignGrantStack(app, id('CampaignGrant'), {
    ...env,
    config,
    network,
    data,
    alerts,
  });
  const jobs = new JobsStack(app, id('Jobs'), { ...env, config, data, alerts });
  const pointSync = new PointSyncStack(app, id('PointSync'), { ...env, config, network, data, jobs });
  const couponStats = new CouponStatsStack(app, id('CouponStats'), { ...env, config, network, data, jobs });
  const adminApi = new AdminApiStack(app, id('AdminApi'), {
    ...env,
    config,
    data,
    campaignGrant,
    pointSync,
    couponStats,
  });
  const monitoring = new MonitoringStack(app, id('Monitoring'), {
    ...env,
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
