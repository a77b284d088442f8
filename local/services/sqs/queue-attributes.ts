import { z } from 'zod';
import { SqsError } from './fauxqs.ts';

const wholeNumber = (min: number, max: number) =>
  z.string().refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
    error: `must be a whole number from ${min} to ${max}`,
  });
const flag = z.enum(['true', 'false']);
const json = z.string().refine(isJson, { error: 'must be JSON' });

/** The attributes of AWS::SQS::Queue and SetQueueAttributes, with the ranges that SQS documents. */
const knownAttributes = z
  .strictObject({
    ContentBasedDeduplication: flag,
    DeduplicationScope: z.enum(['messageGroup', 'queue']),
    DelaySeconds: wholeNumber(0, 900),
    FifoQueue: flag,
    FifoThroughputLimit: z.enum(['perQueue', 'perMessageGroupId']),
    KmsDataKeyReusePeriodSeconds: wholeNumber(60, 86_400),
    KmsMasterKeyId: z.string(),
    MaximumMessageSize: wholeNumber(1_024, 1_048_576),
    MessageRetentionPeriod: wholeNumber(60, 1_209_600),
    Policy: z.string(),
    ReceiveMessageWaitTimeSeconds: wholeNumber(0, 20),
    RedriveAllowPolicy: json,
    // Empty takes the dead-letter queue away.
    RedrivePolicy: z.string().refine((text) => text === '' || parseRedrivePolicy(text) !== undefined, {
      error: 'must be JSON with deadLetterTargetArn and maxReceiveCount from 1 to 1000',
    }),
    SqsManagedSseEnabled: flag,
    VisibilityTimeout: wholeNumber(0, 43_200),
  })
  .partial();

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string().startsWith('arn:'),
  maxReceiveCount: z.coerce.number().int().min(1).max(1_000),
});

export type RedrivePolicy = z.infer<typeof redrivePolicy>;

export function parseRedrivePolicy(text: string | undefined): RedrivePolicy | undefined {
  if (text === undefined || !isJson(text)) return undefined;
  return redrivePolicy.safeParse(JSON.parse(text)).data;
}

/** @throws SqsError naming the first attribute that SQS does not know or whose value it would refuse. */
export function checkAttributes(attributes: Readonly<Record<string, string>>): void {
  const issue = knownAttributes.safeParse(attributes).error?.issues[0];
  if (issue === undefined) return;
  if (issue.code === 'unrecognized_keys') {
    throw new SqsError('InvalidAttributeName', `Unknown attribute: ${issue.keys.join(', ')}`);
  }
  throw new SqsError('InvalidAttributeValue', `Invalid value for ${issue.path.join('.')}: ${issue.message}`);
}

/** The attributes of a new queue with SQS's FIFO defaults. @throws SqsError for what cannot go together. */
export function newQueueAttributes(
  name: string,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  checkAttributes(given);
  const fifo = given.FifoQueue === 'true';
  if (fifo !== name.endsWith('.fifo')) {
    throw new SqsError('InvalidParameterValue', 'FifoQueue is true exactly when the name ends in .fifo');
  }
  if (!fifo) {
    const misplaced = fifoOnly.find((attribute) => attribute in given);
    if (misplaced === undefined) return { ...given };
    throw new SqsError('InvalidAttributeName', `Unknown attribute: ${misplaced} (the queue is not FIFO)`);
  }
  const attributes = { ...fifoDefaults, ...given };
  if (attributes.FifoThroughputLimit === 'perMessageGroupId' && attributes.DeduplicationScope === 'queue') {
    throw new SqsError(
      'InvalidAttributeValue',
      'FifoThroughputLimit perMessageGroupId needs DeduplicationScope messageGroup',
    );
  }
  return attributes;
}

const fifoDefaults = {
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  FifoThroughputLimit: 'perQueue',
};
const fifoOnly = Object.keys(fifoDefaults);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
