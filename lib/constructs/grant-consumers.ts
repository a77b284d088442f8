import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { collectDeadLettersEnvironment, grantRewardsEnvironment } from '../../schema/environment.ts';
import { GRANT_BATCH_SECONDS } from '../../schema/grant-batch.ts';
import type { Config } from '../config.ts';
import { consume } from './consume.ts';
import type { DatabaseAccess } from './database-access.ts';
import { GrantQueue } from './grant-queue.ts';
import { OTHERS_ISSUE_IT, OperatorSecret } from './operator-secret.ts';
import { PipelineFunction } from './pipeline-function.ts';
import type { FunctionNetwork } from './pipeline-function.ts';
import type { RedisAccess } from './redis-access.ts';

export interface GrantConsumersProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly redis: RedisAccess;
  readonly network: FunctionNetwork;
  /** Reaches the Money API too. */
  readonly moneyNetwork: FunctionNetwork;
}

/**
 * An invocation of GrantRewards pays batch after batch, and its slots stand empty while the last of them waits for slow
 * answers: the longer it lasts the less often. The queue must hide a batch for no less; AWS's rule of six times the timeout
 * is for one batch an invocation, and is kept with the batch's own minute.
 */
const GRANT_TIMEOUT = Duration.minutes(5);
const COLLECT_TIMEOUT = Duration.minutes(1);
/** More than its memory it needs the CPU that comes with it: 250 calls a second, each within milliseconds of its slot. */
const GRANT_MEMORY_MB = 1_024;
const COLLECTOR_CONCURRENCY = 2;
/** The most that a FIFO queue gives at once. */
const BATCH_SIZE = 10;

/** The grant queue and the two functions behind it: one pays, one records what was given up. */
export class GrantConsumers extends Construct {
  readonly grantQueue: GrantQueue;
  readonly grantRewards: PipelineFunction;
  readonly collectDeadLetters: PipelineFunction;

  constructor(scope: Construct, id: string, props: GrantConsumersProps) {
    super(scope, id);
    const { config, database, redis, network, moneyNetwork } = props;
    const { concurrency } = config.grants;

    this.grantQueue = new GrantQueue(this, 'GrantQueue', {
      config,
      batchTime: Duration.seconds(GRANT_BATCH_SECONDS),
      deadLetterBatchTime: COLLECT_TIMEOUT,
    });

    const moneyApiKey = new OperatorSecret(this, 'MoneyApiKey', {
      config,
      name: 'MONEY_API_KEY',
      description: 'The API key of the Money API: replace the generated value',
      variable: 'MONEY_API_KEY_SECRET_ARN',
      existing: config.money.apiKeySecret,
      whyNotRotated: OTHERS_ISSUE_IT,
    });

    this.grantRewards = new PipelineFunction(this, 'GrantRewards', {
      config,
      entry: 'lambdas/campaign-grant/grant-rewards.lambda.ts',
      description: 'Pays a batch of grants through the Money API: all Money calls are made here',
      environmentSchema: grantRewardsEnvironment,
      bindings: [database.transactions, redis, this.grantQueue.consumer, moneyApiKey],
      environment: {
        MONEY_API_URL: config.money.apiUrl,
        MONEY_TPS: String(config.money.tps),
        GRANT_CONCURRENCY: String(concurrency),
        PACING_HEADROOM_SECONDS: String(config.pacingHeadroomSeconds),
        STAGE: config.stage,
      },
      timeout: GRANT_TIMEOUT,
      memorySize: GRANT_MEMORY_MB,
      reservedConcurrency: concurrency,
      network: moneyNetwork,
    });
    consume(this.grantQueue.queue, this.grantRewards, {
      reservedConcurrency: concurrency,
      batchSize: BATCH_SIZE,
    });

    this.collectDeadLetters = new PipelineFunction(this, 'CollectDeadLetters', {
      config,
      entry: 'lambdas/campaign-grant/collect-dead-letters.lambda.ts',
      description: 'Records what the queue gave up, so that it can be seen and redriven',
      environmentSchema: collectDeadLettersEnvironment,
      bindings: [database, redis],
      environment: { STAGE: config.stage },
      timeout: COLLECT_TIMEOUT,
      reservedConcurrency: COLLECTOR_CONCURRENCY,
      network,
    });
    consume(this.grantQueue.deadLetterQueue, this.collectDeadLetters, {
      reservedConcurrency: COLLECTOR_CONCURRENCY,
      batchSize: BATCH_SIZE,
    });
  }
}
