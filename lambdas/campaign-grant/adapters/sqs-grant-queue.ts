import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { patience } from '../../shared/patience.ts';
import type { GrantQueue, OutgoingGrant, ReceivedMessage, SendFailure } from '../ports.ts';

/** SQS's own limit. */
const BATCH_SIZE = 10;
/** Batches on the way at once: enough to hide the round trip, few enough to be throttled gently. */
const PARALLEL_BATCHES = 4;
/** Publishing that has just begun, or a retry that is nearly due: an invocation does not end for so short a pause. */
const WAIT_SECONDS = 1;

const received = z
  .object({
    MessageId: z.string(),
    ReceiptHandle: z.string(),
    Body: z.string(),
    Attributes: z.object({
      MessageGroupId: z.string(),
      ApproximateReceiveCount: z.coerce.number().int().positive(),
    }),
  })
  .transform(({ MessageId, ReceiptHandle, Body, Attributes }): ReceivedMessage => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    groupId: Attributes.MessageGroupId,
    receiveCount: Attributes.ApproximateReceiveCount,
    body: Body,
  }));

export function sqsGrantQueue(queueUrl: string, client: SQSClient = defaultClient()): GrantQueue {
  const sendBatch = async (batch: readonly OutgoingGrant[]): Promise<SendFailure[]> => {
    const response = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map((grant, index) => ({
          Id: String(index),
          MessageGroupId: grant.groupId,
          MessageDeduplicationId: grant.deduplicationId,
          MessageBody: JSON.stringify(grant.message),
        })),
      }),
    );
    // A 200 may carry refusals: a grant that is not read from here is lost in silence.
    return (response.Failed ?? []).map((failed) => toFailure(failed, batch));
  };

  const receiveBatch = async (
    limit: number,
    hiddenSeconds: number,
    waitSeconds: number,
  ): Promise<ReceivedMessage[]> => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: limit,
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['MessageGroupId', 'ApproximateReceiveCount'],
        // The SDK asks again when an answer is lost: for the same messages, or they would be hidden from all.
        ReceiveRequestAttemptId: randomUUID(),
      }),
    );
    return z.array(received).parse(Messages);
  };

  return {
    async send(grants) {
      const batches = chunk(grants, BATCH_SIZE);
      const failures: SendFailure[] = [];
      const sendUntilEmpty = async () => {
        for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
          failures.push(...(await sendBatch(batch)));
        }
      };
      await Promise.all(Array.from({ length: PARALLEL_BATCHES }, sendUntilEmpty));
      return failures;
    },

    async backlog() {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return (
        Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0) +
        Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'] ?? 0)
      );
    },

    async receive(limit, hiddenSeconds) {
      const first = await receiveBatch(Math.min(limit, BATCH_SIZE), hiddenSeconds, WAIT_SECONDS);
      if (first.length < BATCH_SIZE) return first;
      const further = Array.from({ length: Math.ceil(limit / BATCH_SIZE) - 1 }, (_, index) =>
        receiveBatch(Math.min(limit - (index + 1) * BATCH_SIZE, BATCH_SIZE), hiddenSeconds, 0),
      );
      const ended = await Promise.allSettled(further);
      return [...first, ...ended.flatMap((receive) => (receive.status === 'fulfilled' ? receive.value : []))];
    },

    async delete(receiptHandles) {
      await Promise.all(
        chunk(receiptHandles, BATCH_SIZE).map((batch) =>
          client.send(
            new DeleteMessageBatchCommand({
              QueueUrl: queueUrl,
              Entries: batch.map((receiptHandle, index) => ({
                Id: String(index),
                ReceiptHandle: receiptHandle,
              })),
            }),
          ),
        ),
      );
    },

    async postpone(receiptHandles, seconds) {
      // A handle that SQS refuses here comes back when its visibility timeout ends: later, never lost.
      await Promise.all(
        chunk(receiptHandles, BATCH_SIZE).map((batch) =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl: queueUrl,
              Entries: batch.map((receiptHandle, index) => ({
                Id: String(index),
                ReceiptHandle: receiptHandle,
                VisibilityTimeout: seconds,
              })),
            }),
          ),
        ),
      );
    },
  };
}

/** A call that never ends would hold up an invocation, and all that it has received. */
function defaultClient(): SQSClient {
  return new SQSClient({ requestHandler: patience(5_000, 1_000) });
}

function toFailure(failed: BatchResultErrorEntry, batch: readonly OutgoingGrant[]): SendFailure {
  const grant = batch[Number(failed.Id)];
  if (grant === undefined) throw new Error(`SQS refused an entry ${failed.Id ?? ''} that was not sent`);
  const code = failed.Code ?? 'Unknown';
  // Throttling comes as a sender's fault too, and passes.
  return { targetId: grant.targetId, code, permanent: failed.SenderFault === true && !/throttl/i.test(code) };
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
