/** As properties.ts, of SNS's types. */
import { z } from 'zod';
import { filterPolicy } from './filter-policy.ts';
import { flag } from './properties.ts';
import type { RunType } from './properties.ts';

/** FIFO topics are not built: FifoTopic is in neither list. */
export const topic = {
  schema: z.object({
    TopicName: z.string().optional(),
    DisplayName: z.string().optional(),
    // A key's id or alias names none that a role's statement names.
    KmsMasterKeyId: z.string().startsWith('arn:', 'a key that is not named by its ARN').optional(),
  }),
  passedOver: ['DeliveryStatusLogging', 'SignatureVersion', 'Tags', 'TracingConfig'],
} satisfies RunType;

export const subscription = {
  schema: z.object({
    TopicArn: z.string(),
    Protocol: z.literal('sqs', {
      error: ({ input }) => `the protocol ${String(input)}: topics deliver to queues only here`,
    }),
    Endpoint: z.string().regex(/^arn:[^:]+:sqs:/, 'is no queue’s ARN'),
    RawMessageDelivery: flag.default(false),
    FilterPolicy: filterPolicy.optional(),
    FilterPolicyScope: z.literal('MessageAttributes', 'only attributes are filtered on here').optional(),
  }),
  // RedrivePolicy names a queue for what could not be delivered; here delivery is a call within one process.
  passedOver: ['RedrivePolicy', 'Region', 'SubscriptionRoleArn'],
} satisfies RunType;
