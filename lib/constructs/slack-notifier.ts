import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { notifySlackEnvironment } from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledgeDeadLetterQueue } from './acknowledge.ts';
import type { AlertTopic } from './alert-topic.ts';
import { consume } from './consume.ts';
import type { DatabaseAccess } from './database-access.ts';
import { OTHERS_ISSUE_IT, OperatorSecret } from './operator-secret.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface SlackNotifierProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly topic: AlertTopic;
}

const TIMEOUT = Duration.seconds(20);
/** An alert that Slack does not take comes again after this: AWS's rule of six times the function's timeout. */
const AGAIN_AFTER = Duration.seconds(6 * TIMEOUT.toSeconds());
/** The most that a queue allows: a day and more of tries. */
const MOST_TRIES = 1_000;
/** The least that an event source may be told. */
const CONCURRENCY = 2;

/** Brings the topic's alerts to Slack, each once, through a queue that keeps them while Slack is away. */
export class SlackNotifier extends Construct {
  /** Names of the queues without a token. */
  readonly plainNames: { readonly queue: string; readonly deadLetterQueue: string };
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly notifySlack: PipelineFunction;

  constructor(scope: Construct, id: string, { config, database, topic }: SlackNotifierProps) {
    super(scope, id);
    const name = `grantline-${config.stage}-alerts`;
    this.plainNames = { queue: name, deadLetterQueue: `${name}-dead-letter` };
    const shared = {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: removalPolicyOf(config),
    };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      ...shared,
      queueName: this.plainNames.deadLetterQueue,
    });
    acknowledgeDeadLetterQueue(this.deadLetterQueue);
    this.queue = new Queue(this, 'Queue', {
      ...shared,
      queueName: this.plainNames.queue,
      visibilityTimeout: AGAIN_AFTER,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MOST_TRIES },
    });
    topic.topic.addSubscription(
      new SqsSubscription(this.queue, { rawMessageDelivery: true, deadLetterQueue: this.deadLetterQueue }),
    );

    const webhook = new OperatorSecret(this, 'Webhook', {
      config,
      name: 'SLACK_WEBHOOK_URL',
      description: 'The incoming webhook of the Slack channel: replace the generated value',
      variable: 'SLACK_WEBHOOK_URL_SECRET_ARN',
      existing: config.alerts.slackWebhookSecret,
      whyNotRotated: OTHERS_ISSUE_IT,
    });

    this.notifySlack = new PipelineFunction(this, 'NotifySlack', {
      config,
      entry: 'lambdas/operations/notify-slack.lambda.ts',
      description: 'Brings an alert to Slack, once',
      environmentSchema: notifySlackEnvironment,
      bindings: [database, webhook],
      environment: { ALERT_LANGUAGE: config.alerts.language },
      timeout: TIMEOUT,
      reservedConcurrency: CONCURRENCY,
    });
    // One at a time: Slack takes about one message a second of a webhook.
    consume(this.queue, this.notifySlack, { reservedConcurrency: CONCURRENCY, batchSize: 1 });
  }
}
