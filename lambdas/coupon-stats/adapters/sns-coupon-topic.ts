import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { ROUTING_KEY } from '../../../schema/coupon-push-message.ts';
import type { CouponPushMessage } from '../../../schema/coupon-push-message.ts';
import { patience } from '../../shared/patience.ts';
import type { CouponTopic, Published } from '../ports.ts';

/** Of PublishBatch: entries, and bytes of all of them, the attribute of each included. */
const MOST_ENTRIES = 10;
const MOST_BYTES = 256 * 1024;
const ATTRIBUTE_BYTES = 100;
const REQUEST_TIMEOUT_MS = 5_000;

const answer = z.object({
  Successful: z.array(z.object({ Id: z.string() })).default([]),
  Failed: z.array(z.object({ Id: z.string() })).default([]),
});

interface Entry {
  /** Its place among all. */
  readonly index: number;
  readonly body: string;
}

/** One try: a request whose answer is lost may have been taken, and is not sent a second time. */
export function snsCouponTopic(topicArn: string, client: SNSClient = defaultClient()): CouponTopic {
  const publishBatch = async (entries: readonly Entry[], became: Published[]) => {
    const command = new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: entries.map(({ index, body }) => ({
        Id: String(index),
        Message: body,
        MessageAttributes: { routingKey: { DataType: 'String', StringValue: ROUTING_KEY } },
      })),
    });
    try {
      const { Successful, Failed } = answer.parse(await client.send(command));
      for (const { Id } of Failed) became[Number(Id)] = 'refused';
      for (const { Id } of Successful) became[Number(Id)] = 'sent';
    } catch (error) {
      if (!isRefusal(error)) return;
      for (const { index } of entries) became[index] = 'refused';
    }
  };

  return {
    async publish(messages) {
      const became = messages.map((): Published => 'unknown');
      const { batches, tooLong } = batchesOf(messages);
      for (const { index } of tooLong) became[index] = 'refused';
      await Promise.all(batches.map((batch) => publishBatch(batch, became)));
      return became;
    },
  };
}

function batchesOf(messages: readonly CouponPushMessage[]): { batches: Entry[][]; tooLong: Entry[] } {
  const batches: Entry[][] = [];
  const tooLong: Entry[] = [];
  let bytesOfLast = 0;
  for (const [index, message] of messages.entries()) {
    const entry = { index, body: JSON.stringify(message) };
    const bytes = Buffer.byteLength(entry.body) + ATTRIBUTE_BYTES;
    if (bytes > MOST_BYTES) {
      tooLong.push(entry);
      continue;
    }
    const last = batches.at(-1);
    if (last !== undefined && last.length < MOST_ENTRIES && bytesOfLast + bytes <= MOST_BYTES) {
      last.push(entry);
      bytesOfLast += bytes;
    } else {
      batches.push([entry]);
      bytesOfLast = bytes;
    }
  }
  return { batches, tooLong };
}

/** The service has said no to the request as a whole: a 4xx. */
function isRefusal(error: unknown): boolean {
  const failed = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) }).safeParse(error);
  return (
    failed.success &&
    failed.data.$metadata.httpStatusCode >= 400 &&
    failed.data.$metadata.httpStatusCode < 500
  );
}

function defaultClient(): SNSClient {
  return new SNSClient({ maxAttempts: 1, requestHandler: patience(REQUEST_TIMEOUT_MS) });
}
