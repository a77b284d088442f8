import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';
import { sqsGrantQueue } from '../../lambdas/campaign-grant/adapters/sqs-grant-queue.ts';
import type { GrantQueue } from '../../lambdas/campaign-grant/ports.ts';
import { startSqs } from '../../local/services/sqs/server.ts';
import { targetNamedIn } from '../simulation/services/message-body.ts';
import type { QueueFixture, Received } from './queue-fixture.ts';

const REGION = 'ap-northeast-2';
const VISIBILITY_SECONDS = 1;
const MAX_RECEIVE_COUNT = 3;
const FIFO = {
  FifoQueue: 'true',
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
  VisibilityTimeout: String(VISIBILITY_SECONDS),
};

/** The adapter over the AWS SDK and the local SQS service. */
export async function sqsQueue(): Promise<QueueFixture> {
  const service = await startSqs({ region: REGION, accountId: '123456789012', queues: [] });
  const client = new SQSClient({
    endpoint: service.url,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  let made = 0;
  const create = async (name: string, attributes: Record<string, string> = {}) => {
    const command = new CreateQueueCommand({ QueueName: name, Attributes: { ...FIFO, ...attributes } });
    return (await client.send(command)).QueueUrl ?? '';
  };
  const makeQueues = async (): Promise<{ url: string; deadLetterUrl: string; port: GrantQueue }> => {
    made += 1;
    const deadLetterUrl = await create(`dead-letters-${made}.fifo`);
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] }),
    );
    const deadLetterTargetArn = Attributes?.['QueueArn'];
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVE_COUNT });
    const url = await create(`grants-${made}.fifo`, { RedrivePolicy });
    return { url, deadLetterUrl, port: sqsGrantQueue(url, client) };
  };
  let queues = await makeQueues();

  const receive = async (url: string): Promise<Received[]> => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    return Messages.map(received);
  };

  return {
    queue: {
      send: (grants) => queues.port.send(grants),
      backlog: () => queues.port.backlog(),
      receive: (limit, hiddenSeconds) => queues.port.receive(limit, hiddenSeconds),
      delete: (handles) => queues.port.delete(handles),
      postpone: (handles, seconds) => queues.port.postpone(handles, seconds),
    },
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount: MAX_RECEIVE_COUNT,
    receive: () => receive(queues.url),
    receiveDeadLetters: () => receive(queues.deadLetterUrl),
    async remove(receiptHandle) {
      // A handle whose time is up is refused by some queues and ignored by others: the message stays either way.
      await client
        .send(new DeleteMessageCommand({ QueueUrl: queues.url, ReceiptHandle: receiptHandle }))
        .catch(() => undefined);
    },
    wait: (seconds) => sleep(seconds * 1000),
    async renew() {
      queues = await makeQueues();
    },
    async close() {
      client.destroy();
      await service.close();
    },
  };
}

function received({ Body = '', ReceiptHandle = '', Attributes }: Message): Received {
  return {
    targetId: targetNamedIn(Body).split('-')[2] ?? '',
    groupId: Attributes?.MessageGroupId ?? '',
    receiptHandle: ReceiptHandle,
    receiveCount: Number(Attributes?.ApproximateReceiveCount),
  };
}
