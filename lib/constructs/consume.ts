import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { acknowledge } from './acknowledge.ts';

/** What Lambda polls with: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const POLLING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

/**
 * Feeds a function from a queue, with as many environments as are reserved for it. Reserved concurrency alone would
 * let the mapping pull batches that are then throttled, and each of those uses up a receive. CDK's SqsEventSource
 * grants two actions more, which nobody uses.
 */
export function consume(
  queue: Queue,
  consumer: LambdaFunction,
  { reservedConcurrency, batchSize }: { readonly reservedConcurrency: number; readonly batchSize: number },
): void {
  const granted = Grant.addToPrincipal({
    grantee: consumer,
    actions: POLLING,
    resourceArns: [queue.queueArn],
  });
  const mapping = new EventSourceMapping(consumer, 'Queue', {
    target: consumer,
    eventSourceArn: queue.queueArn,
    batchSize,
    maxConcurrency: reservedConcurrency,
    reportBatchItemFailures: true,
  });
  acknowledge(
    mapping,
    'Serverless-LambdaEventSourceMappingDestination',
    'Lambda takes no destination for SQS: what fails ends in the dead-letter queue of its queue.',
  );
  // Lambda looks at the role when the mapping is made.
  granted.applyBefore(mapping);
}
