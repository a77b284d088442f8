/** What a request of SQS or SNS is, as IAM names it. */
import { z } from 'zod';
import type { Call } from '../../iam/decide.ts';

const ofQueue = z.object({ QueueUrl: z.string() });
const ofName = z.object({ QueueName: z.string() });
const ofTopic = z.object({ TopicArn: z.string() });

/** @param action as SQS names it: a batch is allowed as its single form is */
export function sqsCall(
  action: string,
  body: unknown,
  { region, accountId }: { readonly region: string; readonly accountId: string },
): Call {
  const url = ofQueue.safeParse(body).data?.QueueUrl;
  const name = url?.split('/').at(-1) ?? ofName.safeParse(body).data?.QueueName;
  return {
    action: `sqs:${action.replace(/Batch$/, '')}`,
    resource: name === undefined ? '*' : `arn:aws:sqs:${region}:${accountId}:${name}`,
  };
}

/** @param keyOfTopic keys of one's own, by topic: who publishes makes and opens data keys of it */
export function snsCalls(
  action: string,
  body: unknown,
  keyOfTopic: ReadonlyMap<string, string | undefined>,
): Call[] {
  const topic = ofTopic.safeParse(body).data?.TopicArn;
  const name = action.replace(/Batch$/, '');
  const key = topic === undefined ? undefined : keyOfTopic.get(topic);
  return [
    { action: `sns:${name}`, resource: topic ?? '*' },
    ...(name === 'Publish' && key !== undefined
      ? ['kms:GenerateDataKey', 'kms:Decrypt'].map((use) => ({ action: use, resource: key }))
      : []),
  ];
}
