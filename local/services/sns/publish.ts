/**
 * Publish and PublishBatch. fauxqs fans out and filters; the requests are read here, because it drops a batch's
 * entries that have no text, and attributes without a value, in silence, and has no limit for a batch as a whole.
 */
import { randomUUID } from 'node:crypto';
import { SnsError, escapeXml, fanOutToSubscriptions, snsSuccessResponse } from '../sqs/fauxqs.ts';
import type { LocalQueueStore } from '../sqs/local-queue-store.ts';
import { members } from './form.ts';
import type { Form } from './form.ts';
import { SIZE_LIMIT, invalid, readMessage, sizeOf } from './message.ts';
import type { PublishedMessage } from './message.ts';
import type { LocalTopicStore } from './topic-store.ts';

export interface Stores {
  readonly topics: LocalTopicStore;
  readonly queues: LocalQueueStore;
}

type Topic = NonNullable<ReturnType<LocalTopicStore['getTopic']>>;

/** @returns the answer's XML. @throws SnsError */
export function publish(form: Form, stores: Stores): string {
  const messageId = deliver(topicOf(form, stores), readMessage(form), stores);
  return snsSuccessResponse('Publish', `<MessageId>${messageId}</MessageId>`);
}

/** An entry that is refused does not hold up the others. @returns the answer's XML. @throws SnsError */
export function publishBatch(form: Form, stores: Stores): string {
  const topic = topicOf(form, stores);
  const entries = members(form, 'PublishBatchRequestEntries.member.');
  const ids = entries.map((entry) => entry.get('Id') ?? '');
  requireBatch(ids, entries);

  const messages: (readonly [id: string, message: PublishedMessage])[] = [];
  const failed: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const id = ids[index] ?? '';
    try {
      messages.push([id, readMessage(entry)]);
    } catch (error) {
      if (!(error instanceof SnsError)) throw error;
      const why = `<Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>`;
      failed.push(`<member><Id>${id}</Id>${why}<SenderFault>true</SenderFault></member>`);
    }
  }
  const successful = messages.map(
    ([id, message]) =>
      `<member><Id>${id}</Id><MessageId>${deliver(topic, message, stores)}</MessageId></member>`,
  );
  return snsSuccessResponse(
    'PublishBatch',
    `<Successful>${successful.join('')}</Successful><Failed>${failed.join('')}</Failed>`,
  );
}

function topicOf(form: Form, { topics }: Stores): Topic {
  const arn = form.get('TopicArn') ?? form.get('TargetArn');
  if (arn === undefined) {
    throw invalid('TopicArn or TargetArn Reason: no value for required parameter');
  }
  const parts = arn.split(':');
  if (parts.length < 6) {
    throw invalid(`TopicArn Reason: An ARN must have at least 6 elements, not ${parts.length}`);
  }
  const topic = topics.getTopic(arn);
  if (topic === undefined) throw new SnsError('NotFound', 'Topic does not exist', 404);
  return topic;
}

function requireBatch(ids: readonly string[], entries: readonly Form[]): void {
  if (ids.length === 0) {
    throw new SnsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  }
  if (ids.length > 10) {
    throw new SnsError(
      'TooManyEntriesInBatchRequest',
      'The batch request contains more entries than permissible.',
    );
  }
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw new SnsError(
      'InvalidBatchEntryId',
      'The Id of a batch entry in a batch request does not abide by the specification.',
    );
  }
  if (new Set(ids).size < ids.length) {
    throw new SnsError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > SIZE_LIMIT) {
    throw new SnsError(
      'BatchRequestTooLong',
      'The length of all the batch messages put together is more than the limit.',
    );
  }
}

function deliver(topic: Topic, { message, subject, attributes }: PublishedMessage, stores: Stores): string {
  const messageId = randomUUID();
  fanOutToSubscriptions({
    topicArn: topic.arn,
    topic,
    messageId,
    message,
    messageAttributes: attributes,
    ...(subject === undefined ? {} : { subject }),
    snsStore: stores.topics,
    sqsStore: stores.queues,
  });
  return messageId;
}
