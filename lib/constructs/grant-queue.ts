import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  RedrivePermission,
} from 'aws-cdk-lib/aws-sqs';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledgeDeadLetterQueue } from './acknowledge.ts';
import type { Binding } from './binding.ts';

export interface GrantQueueProps {
  readonly config: Config;
  /** In which a batch of the queue is dealt with. */
  readonly batchTime: Duration;
  /** The same of the dead-letter queue. */
  readonly deadLetterBatchTime: Duration;
}

export type GrantQueueBinding = Binding<'GRANT_QUEUE_URL'>;

/** The queue of grants with its dead-letter queue. Senders make the customer the message group. */
export class GrantQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** As text, for who only looks at them. */
  readonly plainNames: { readonly queue: string; readonly deadLetterQueue: string };

  constructor(scope: Construct, id: string, props: GrantQueueProps) {
    super(scope, id);
    const { config } = props;
    const queueName = `grantline-${config.stage}-grants.fifo`;
    const deadLetterQueueName = `grantline-${config.stage}-grants-dead-letter.fifo`;
    this.plainNames = { queue: queueName, deadLetterQueue: deadLetterQueueName };
    const shared = {
      fifo: true,
      // The high-throughput mode: limits and deduplication are each group's own.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: removalPolicyOf(config),
    };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      ...shared,
      queueName: deadLetterQueueName,
      visibilityTimeout: visibilityTimeoutFor(props.deadLetterBatchTime),
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        // By name: each of the two queues names the other, and CloudFormation resolves no circle.
        sourceQueues: [
          Queue.fromQueueArn(
            this,
            'Source',
            Stack.of(this).formatArn({ service: 'sqs', resource: queueName }),
          ),
        ],
      },
    });
    acknowledgeDeadLetterQueue(this.deadLetterQueue);
    this.queue = new Queue(this, 'Queue', {
      ...shared,
      queueName,
      visibilityTimeout: visibilityTimeoutFor(props.batchTime),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: config.grants.maxReceiveCount },
    });
  }

  /** For who sends: and who sends looks at how much is waiting. */
  get producer(): GrantQueueBinding {
    return this.binding('sqs:SendMessage', 'sqs:GetQueueAttributes');
  }

  /** For who looks at how much is waiting. */
  get observer(): GrantQueueBinding {
    return this.binding('sqs:GetQueueAttributes');
  }

  /** For who consumes: it goes on where its event source leaves off. */
  get consumer(): GrantQueueBinding {
    return this.binding(
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueAttributes',
    );
  }

  private binding(...actions: string[]): GrantQueueBinding {
    const { queueUrl, queueArn } = this.queue;
    return {
      environment: { GRANT_QUEUE_URL: queueUrl },
      grantTo: (grantee: IFunction) =>
        Grant.addToPrincipal({ grantee, actions, resourceArns: [queueArn] }).assertSuccess(),
    };
  }
}

/** AWS's rule for a queue that feeds a function: a batch may be throttled and tried again within it. */
function visibilityTimeoutFor(batchTime: Duration): Duration {
  return Duration.seconds(6 * batchTime.toSeconds());
}
