import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  adminApiCampaignsEnvironment,
  adminApiJobsEnvironment,
  adminApiSystemEnvironment,
} from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import type { AdminApiSecret } from './admin-api-secret.ts';
import type { CampaignRunMachine } from './campaign-run-machine.ts';
import type { DatabaseAccess } from './database-access.ts';
import type { JobMachine } from './job-machine.ts';
import { PipelineFunction } from './pipeline-function.ts';
import type { RedriveMachine } from './redrive-machine.ts';

export interface AdminApiFunctionsProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly secret: AdminApiSecret;
  readonly campaignRun: CampaignRunMachine;
  readonly redrive: RedriveMachine;
  readonly pointSync: JobMachine;
  readonly usageStats: JobMachine;
  readonly fcmSend: JobMachine;
}

/** API Gateway waits no longer. The functions answer sooner, whatever the database does. */
const TIMEOUT = Duration.seconds(29);

/** What the internet may ask of it takes no concurrency from the pipeline. cli/plan counts them. */
const CAMPAIGNS_CONCURRENCY = 10;
const JOBS_CONCURRENCY = 2;
const SYSTEM_CONCURRENCY = 5;

/** The functions behind the HTTP API: each pipeline has its own. */
export class AdminApiFunctions extends Construct {
  readonly campaigns: PipelineFunction;
  readonly jobs: PipelineFunction;
  readonly system: PipelineFunction;

  constructor(scope: Construct, id: string, props: AdminApiFunctionsProps) {
    super(scope, id);
    const { config, database, secret, campaignRun, redrive, pointSync, usageStats, fcmSend } = props;

    this.campaigns = new PipelineFunction(this, 'Campaigns', {
      config,
      entry: 'lambdas/campaign-grant/admin-api-campaigns.lambda.ts',
      description: 'The HTTP API to campaigns',
      environmentSchema: adminApiCampaignsEnvironment,
      bindings: [database.transactions, secret, campaignRun.starter, redrive.starter],
      environment: {},
      timeout: TIMEOUT,
      reservedConcurrency: CAMPAIGNS_CONCURRENCY,
    });

    this.jobs = new PipelineFunction(this, 'Jobs', {
      config,
      entry: 'lambdas/jobs/admin-api-jobs.lambda.ts',
      description: 'The HTTP API to jobs',
      environmentSchema: adminApiJobsEnvironment,
      bindings: [
        database,
        secret,
        pointSync.operator('POINT_SYNC_ARN'),
        usageStats.operator('COUPON_USAGE_STATS_ARN'),
        fcmSend.operator('COUPON_USAGE_STATS_FCM_SEND_ARN'),
      ],
      environment: {},
      timeout: TIMEOUT,
      reservedConcurrency: JOBS_CONCURRENCY,
    });

    this.system = new PipelineFunction(this, 'System', {
      config,
      entry: 'lambdas/operations/admin-api-system.lambda.ts',
      description: 'What is open in the HTTP API: health, metrics, its document',
      environmentSchema: adminApiSystemEnvironment,
      bindings: [database],
      environment: {},
      timeout: TIMEOUT,
      reservedConcurrency: SYSTEM_CONCURRENCY,
    });
  }
}
