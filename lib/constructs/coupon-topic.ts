import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ROUTING_KEY } from '../../schema/coupon-push-message.ts';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledgeDeadLetterQueue } from './acknowledge.ts';
import type { Binding } from './binding.ts';
import { topicKey } from './topic-key.ts';

/** Receives before a message is a dead letter: its receiver is another team's. */
const MOST_RECEIVES = 10;

/**
 * The topic `coupon`, and the queue of whoever sends the push messages: bound by the routing key, as the exchange of the
 * client's design was.
 */
export class CouponTopic extends Construct {
  readonly topic: Topic;
  readonly queue: Queue;
  /** Names of the queues without a token. */
  readonly plainNames: { readonly queue: string; readonly deadLetterQueue: string };
  private readonly key: Key;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    this.key = topicKey(this, config, 'Push messages of coupons');
    this.topic = new Topic(this, 'Topic', {
      topicName: `grantline-${config.stage}-coupon`,
      masterKey: this.key,
      enforceSSL: true,
    });
    // Others subscribe to it too.
    this.topic.applyRemovalPolicy(removalPolicyOf(config));
    const name = `grantline-${config.stage}-coupon-usage-stats-fcm-send`;
    this.plainNames = { queue: name, deadLetterQueue: `${name}-dead-letter` };
    const shared = {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: removalPolicyOf(config),
    };
    const deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      ...shared,
      queueName: this.plainNames.deadLetterQueue,
    });
    acknowledgeDeadLetterQueue(deadLetterQueue);
    this.queue = new Queue(this, 'Queue', {
      ...shared,
      queueName: name,
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MOST_RECEIVES },
    });
    this.topic.addSubscription(
      new SqsSubscription(this.queue, {
        rawMessageDelivery: true,
        deadLetterQueue,
        filterPolicy: { routingKey: SubscriptionFilter.stringFilter({ allowlist: [ROUTING_KEY] }) },
      }),
    );
  }

  /** For who sends. */
  get publisher(): Binding<'COUPON_TOPIC_ARN'> {
    const { topicArn } = this.topic;
    const { keyArn } = this.key;
    return {
      environment: { COUPON_TOPIC_ARN: topicArn },
      grantTo: (grantee: IFunction) => {
        const grant = (actions: string[], arn: string) =>
          Grant.addToPrincipal({ grantee, actions, resourceArns: [arn] }).assertSuccess();
        grant(['sns:Publish'], topicArn);
        grant(['kms:Decrypt', 'kms:GenerateDataKey'], keyArn);
      },
    };
  }
}
