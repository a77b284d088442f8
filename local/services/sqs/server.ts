import { z } from 'zod';
import { authorizerOptions, createAuthorizer, rolesWithGrants } from '../../iam/authorizer.ts';
import type { ToldService } from '../../process/child-service.ts';
import { requirePinnedFauxqs } from './pinned-version.ts';

export const sqsOptions = z.object({
  /** 0, or none, takes a free port. */
  port: z.number().int().min(0).max(65_535).optional(),
  region: z.string(),
  accountId: z.string(),
  /** Attributes as AWS::SQS::Queue names them, every value as text. */
  queues: z.array(z.object({ name: z.string(), attributes: z.record(z.string(), z.string()) })),
  topics: z
    .array(
      z.object({
        arn: z.string(),
        name: z.string(),
        displayName: z.string().optional(),
        keyArn: z.string().optional(),
      }),
    )
    .default([]),
  subscriptions: z
    .array(
      z.object({
        arn: z.string(),
        topicArn: z.string(),
        queueArn: z.string(),
        rawMessageDelivery: z.boolean(),
        /** JSON text. */
        filterPolicy: z.string().optional(),
      }),
    )
    .default([]),
  /** Without it everybody may do everything. */
  authorizer: authorizerOptions.optional(),
});

export type SqsOptions = z.input<typeof sqsOptions>;

/**
 * An SQS endpoint on 127.0.0.1 with the queues given, which is SNS's endpoint too. It is told the roles that a deployment
 * changes.
 * @throws Error in one line that names the queue and the attribute that cannot be had, or the subscription.
 */
export async function startSqs(options: SqsOptions): Promise<ToldService> {
  requirePinnedFauxqs();
  // Loaded after the check: with another version these modules may not even link.
  const { sqsApp } = await import('./sqs-app.ts');
  const { LocalQueueStore } = await import('./local-queue-store.ts');
  const { LocalTopicStore } = await import('../sns/topic-store.ts');

  const store = new LocalQueueStore(options);
  for (const { name, attributes } of options.queues) {
    try {
      store.createQueue(name, store.buildQueueUrl(name, '', 'localhost'), '', attributes);
    } catch (error) {
      throw new Error(`queue ${name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  store.requireDeadLetterQueues();

  const topics = new LocalTopicStore(options.accountId);
  for (const topic of options.topics ?? []) topics.add(topic);
  for (const subscription of options.subscriptions ?? []) topics.connect(subscription, store);

  const authorizer = createAuthorizer(options.authorizer);
  const app = sqsApp(store, topics, {
    authorizer,
    account: options,
    keyOfTopic: new Map(options.topics?.map(({ arn, keyArn }) => [arn, keyArn])),
  });
  const url = await app.listen({ port: options.port ?? 0, host: '127.0.0.1' });
  return { url, close: () => app.close(), tell: (roles) => authorizer.replace(rolesWithGrants.parse(roles)) };
}
