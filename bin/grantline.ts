import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { z } from 'zod';
import { STAGES } from '../config/stages.ts';
import { readConfig } from '../lib/config.ts';
import { AlertStack } from '../lib/stacks/alert-stack.ts';
import { AdminApiStack } from '../lib/stacks/admin-api-stack.ts';
import { CampaignGrantStack } from '../lib/stacks/campaign-grant-stack.ts';
import { CouponStatsStack } from '../lib/stacks/coupon-stats-stack.ts';
import { DataStack } from '../lib/stacks/data-stack.ts';
import { JobsStack } from '../lib/stacks/jobs-stack.ts';
import { MonitoringStack } from '../lib/stacks/monitoring-stack.ts';
import { NetworkStack } from '../lib/stacks/network-stack.ts';
import { PointSyncStack } from '../lib/stacks/point-sync-stack.ts';

const app = new App();
const outcome = readConfig(STAGES, z.record(z.string(), z.unknown()).parse(app.node.getAllContext()));
if (!outcome.ok) {
  for (const problem of outcome.problems) console.error(problem);
  process.exit(1);
}
const { config } = outcome;

// A finding makes synth fail; what is accepted is acknowledged, with its reason, next to its construct.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const network = new NetworkStack(app, `Grantline-${config.stage}-Network`, { config });
const data = new DataStack(app, `Grantline-${config.stage}-Data`, { config, network });
const alerts = new AlertStack(app, `Grantline-${config.stage}-Alerts`, { config, data });
const campaignGrant = new CampaignGrantStack(app, `Grantline-${config.stage}-CampaignGrant`, {
  config,
  network,
  data,
  alerts,
});
const jobs = new JobsStack(app, `Grantline-${config.stage}-Jobs`, { config, data, alerts });
const pointSync = new PointSyncStack(app, `Grantline-${config.stage}-PointSync`, {
  config,
  network,
  data,
  jobs,
});
const couponStats = new CouponStatsStack(app, `Grantline-${config.stage}-CouponStats`, {
  config,
  network,
  data,
  jobs,
});
const adminApi = new AdminApiStack(app, `Grantline-${config.stage}-AdminApi`, {
  config,
  data,
  campaignGrant,
  pointSync,
  couponStats,
});
new MonitoringStack(app, `Grantline-${config.stage}-Monitoring`, {
  config,
  campaignGrant,
  data,
  alerts,
  jobs,
  pointSync,
  couponStats,
  adminApi,
});
