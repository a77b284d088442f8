/** SNS requests on their way to fauxqs: those that are answered here, and those that nobody answers. */
import { z } from 'zod';
import { SnsError, snsErrorResponse } from '../sqs/fauxqs.ts';
import type { Form } from './form.ts';
import { publish, publishBatch } from './publish.ts';
import type { Stores } from './publish.ts';

export interface XmlAnswer {
  readonly status: number;
  readonly xml: string;
}

const parsedForm = z.record(z.string(), z.string());

/** What fauxqs answers well. The templates alone make topics and subscriptions, so nothing else is let through. */
const READING = new Set([
  'ListTopics',
  'GetTopicAttributes',
  'ListSubscriptions',
  'ListSubscriptionsByTopic',
  'GetSubscriptionAttributes',
]);

/**
 * @param body the request's form, as fauxqs parses it
 * @returns undefined when fauxqs is to answer
 */
export function answerSns(body: unknown, stores: Stores): XmlAnswer | undefined {
  const form: Form = new Map(Object.entries(parsedForm.safeParse(body).data ?? {}));
  const action = form.get('Action') ?? '';
  try {
    if (action === 'Publish') return { status: 200, xml: publish(form, stores) };
    if (action === 'PublishBatch') return { status: 200, xml: publishBatch(form, stores) };
    if (READING.has(action)) return undefined;
    throw new SnsError(
      'InvalidAction',
      `the local SNS does not know ${action || 'a request without Action'}`,
    );
  } catch (error) {
    if (!(error instanceof SnsError)) throw error;
    return { status: error.statusCode, xml: snsErrorResponse(error.code, error.message) };
  }
}
