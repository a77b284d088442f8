import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { campaignOperations } from '../../schema/admin-api/campaigns.ts';
import { jobOperations } from '../../schema/admin-api/jobs.ts';
import { systemOperations } from '../../schema/admin-api/system.ts';
import type { Config } from '../config.ts';
import { AdminApi } from '../constructs/admin-api.ts';
import { AdminApiFunctions } from '../constructs/admin-api-functions.ts';
import { AdminApiSecret } from '../constructs/admin-api-secret.ts';
import type { CampaignGrantStack } from './campaign-grant-stack.ts';
import type { CouponStatsStack } from './coupon-stats-stack.ts';
import type { DataStack } from './data-stack.ts';
import type { PointSyncStack } from './point-sync-stack.ts';

export interface AdminApiStackProps extends StackProps {
  readonly config: Config;
  readonly data: DataStack;
  readonly campaignGrant: CampaignGrantStack;
  readonly pointSync: PointSyncStack;
  readonly couponStats: CouponStatsStack;
}

/** The operators' HTTP API, to all pipelines. */
export class AdminApiStack extends Stack {
  readonly functions: AdminApiFunctions;

  constructor(
    scope: Construct,
    id: string,
    { config, data, campaignGrant, pointSync, couponStats, ...props }: AdminApiStackProps,
  ) {
    super(scope, id, { description: 'Grantline: the HTTP API of its operators', ...props });
    this.addStackDependency(data);

    const secret = new AdminApiSecret(this, 'Secret', { config });
    this.functions = new AdminApiFunctions(this, 'Functions', {
      config,
      database: data.database,
      secret,
      campaignRun: campaignGrant.campaignRun,
      redrive: campaignGrant.redrive,
      pointSync: pointSync.machine,
      usageStats: couponStats.usageStats,
      fcmSend: couponStats.fcmSend,
    });
    const { campaigns, jobs, system } = this.functions;
    const api = new AdminApi(this, 'AdminApi', { config });
    api.serve('Campaigns', Object.values(campaignOperations), campaigns);
    api.serve('Jobs', Object.values(jobOperations), jobs);
    api.serve('System', Object.values(systemOperations), system);
    api.serveTheRest(system);

    new CfnOutput(this, 'AdminApiUrl', { value: api.url });
    new CfnOutput(this, 'JwtSecretArn', { value: secret.environment.JWT_SECRET_ARN });
  }
}
