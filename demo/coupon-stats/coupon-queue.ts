/** The queue of whoever sends the push messages, as its receiver sees it; and the topic, as somebody else uses it. */
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { World } from '../world.ts';

export interface ReceivedMessage {
  readonly body: string;
  readonly routingKey: string | undefined;
}

export interface CouponQueue {
  /** Receives and deletes until there is nothing left, not even in flight. */
  drain(): Promise<ReceivedMessage[]>;
  /** How many wait in it. */
  depth(): Promise<number>;
  /** A message of others, under a routing key to which the queue is not bound. */
  publishOther(routingKey: string): Promise<void>;
  close(): void;
}

/** Receivers at once. */
const RECEIVERS = 4;

export function couponQueue({ runtime, output }: Pick<World, 'runtime' | 'output'>): CouponQueue {
  const settings = {
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const sqs = new SQSClient({ ...settings, endpoint: runtime.endpoints.sqs });
  const sns = new SNSClient({ ...settings, endpoint: runtime.endpoints.sns });
  const QueueUrl = output('CouponPushQueueUrl');

  const receive = async (): Promise<ReceivedMessage[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return [];
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
    return Messages.map(({ Body = '', MessageAttributes }) => ({
      body: Body,
      routingKey: MessageAttributes?.['routingKey']?.StringValue,
    }));
  };
  const depth = async (...names: ('NotVisible' | 'Delayed')[]) => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    const wanted = ['', ...names].map(
      (name) => `ApproximateNumberOfMessages${name}` as keyof typeof Attributes,
    );
    return wanted.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  };

  return {
    depth,
    async drain() {
      const drained: ReceivedMessage[] = [];
      const receiver = async () => {
        for (;;) {
          const page = await receive();
          if (page.length === 0) return;
          drained.push(...page);
        }
      };
      do await Promise.all(Array.from({ length: RECEIVERS }, receiver));
      while ((await depth('NotVisible', 'Delayed')) > 0);
      return drained;
    },
    async publishOther(routingKey) {
      await sns.send(
        new PublishCommand({
          TopicArn: output('CouponTopicArn'),
          Message: '{"of":"somebody else"}',
          MessageAttributes: { routingKey: { DataType: 'String', StringValue: routingKey } },
        }),
      );
    },
    close() {
      sqs.destroy();
      sns.destroy();
    },
  };
}
