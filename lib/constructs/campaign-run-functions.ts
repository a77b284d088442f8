import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  beginCampaignEnvironment,
  finishCampaignEnvironment,
  publishPartitionEnvironment,
  trackProgressEnvironment,
  waitForTurnEnvironment,
} from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import type { AlertTopic } from './alert-topic.ts';
import type { DatabaseAccess } from './database-access.ts';
import { gaugesAccess } from './gauges-access.ts';
import type { GrantQueue } from './grant-queue.ts';
import { PipelineFunction } from './pipeline-function.ts';
import type { FunctionNetwork } from './pipeline-function.ts';
import type { RedisAccess } from './redis-access.ts';

export interface CampaignRunFunctionsProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly redis: RedisAccess;
  readonly grantQueue: GrantQueue;
  readonly alertTopic: AlertTopic;
  readonly network: FunctionNetwork;
}

/** The longest that Lambda gives: a step that runs out of time says so and is invoked again. */
const LONGEST = Duration.minutes(15);

/** The functions that the states of CampaignRun invoke. */
export class CampaignRunFunctions extends Construct {
  readonly waitForTurn: PipelineFunction;
  readonly beginCampaign: PipelineFunction;
  readonly publishPartition: PipelineFunction;
  readonly trackProgress: PipelineFunction;
  readonly finishCampaign: PipelineFunction;

  constructor(scope: Construct, id: string, props: CampaignRunFunctionsProps) {
    super(scope, id);
    const { config, database, redis, network, grantQueue, alertTopic } = props;

    this.waitForTurn = new PipelineFunction(this, 'WaitForTurn', {
      config,
      entry: 'lambdas/campaign-grant/wait-for-turn.lambda.ts',
      description: 'Waits until no other campaign is being paid or comes first',
      environmentSchema: waitForTurnEnvironment,
      bindings: [database],
      environment: {},
      timeout: LONGEST,
    });

    this.beginCampaign = new PipelineFunction(this, 'BeginCampaign', {
      config,
      entry: 'lambdas/campaign-grant/begin-campaign.lambda.ts',
      description: 'Begins a run of a promotion and cuts what it has to publish into partitions',
      environmentSchema: beginCampaignEnvironment,
      bindings: [database.transactions, redis],
      environment: {},
      timeout: LONGEST,
      network,
    });

    this.publishPartition = new PipelineFunction(this, 'PublishPartition', {
      config,
      entry: 'lambdas/campaign-grant/publish-partition.lambda.ts',
      description: 'Sends the grants of one partition to the queue, page by page, behind a bounded backlog',
      environmentSchema: publishPartitionEnvironment,
      bindings: [database, redis, grantQueue.producer],
      environment: {
        BACKLOG_LIMIT: String(config.money.tps * config.publishing.backlogSeconds),
        MONEY_TPS: String(config.money.tps),
        STAGE: config.stage,
      },
      timeout: LONGEST,
      memorySize: 1024,
      network,
    });

    this.trackProgress = new PipelineFunction(this, 'TrackProgress', {
      config,
      entry: 'lambdas/campaign-grant/track-progress.lambda.ts',
      description: 'Copies the counters of a run to its summary until every target is settled',
      environmentSchema: trackProgressEnvironment,
      bindings: [database, redis, grantQueue.observer, alertTopic.publisher, gaugesAccess(config)],
      environment: {
        PROGRESS_INTERVAL_SECONDS: String(config.progress.intervalSeconds),
        MONEY_TPS: String(config.money.tps),
      },
      timeout: LONGEST,
      network,
    });

    this.finishCampaign = new PipelineFunction(this, 'FinishCampaign', {
      config,
      entry: 'lambdas/campaign-grant/finish-campaign.lambda.ts',
      description: 'Counts the rows, which are the truth, and closes the run',
      environmentSchema: finishCampaignEnvironment,
      bindings: [database.transactions, redis, alertTopic.publisher],
      environment: { STAGE: config.stage },
      timeout: LONGEST,
      network,
    });
  }
}
