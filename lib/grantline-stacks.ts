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
  const shared = {
    config,
    // Without it a stack goes to wherever the CDK CLI is signed in.
    ...(config.environment && { env: config.environment }),
    terminationProtection: !config.removable,
  };
  addTags(app, config);
  acknowledge(
    app,
    resourceWildcard('*'),
    'X-Ray, PutMetricData, ListSchedules and log delivery (vended logs) have no resource-level permissions; for the network interfaces of VPC functions Lambda documents none narrower than the account. test/stacks holds every policy to these.',
  );
  acknowledge(
    app,
    'Serverless-LambdaDLQ',
    'Machines, queues and the HTTP API ask again, or tell, what failed. What is invoked asynchronously is invoked anew: by a schedule within minutes, by CloudFormation with the next deployment.',
  );
  const network = new NetworkStack(app, id('Network'), shared);
  const data = new DataStack(app, id('Data'), { ...shared, network });
  const alerts = new AlertStack(app, id('Alerts'), { ...shared, data });
  const campaignGrant = new CampaignGrantStack(app, id('CampaignGrant'), {
    ...shared,
    network,
    data,
    alerts,
  });
  const jobs = new JobsStack(app, id('Jobs'), { ...shared, data, alerts });
  const pointSync = new PointSyncStack(app, id('PointSync'), { ...shared, network, data, jobs });
  const couponStats = new CouponStatsStack(app, id('CouponStats'), { ...shared, network, data, jobs });
  const adminApi = new AdminApiStack(app, id('AdminApi'), {
    ...shared,
    data,
    campaignGrant,
    pointSync,
    couponStats,
  });
  const monitoring = new MonitoringStack(app, id('Monitoring'), {
    ...shared,
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
