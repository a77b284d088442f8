/**
 * fauxqs's HTTP layer over our stores, with what its action handlers get wrong set right in hooks. SNS shares it: its
 * topics deliver into these queues.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { AccessDenied } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import { answerSns } from '../sns/sns-requests.ts';
import type { LocalTopicStore } from '../sns/topic-store.ts';
import { buildApp, snsErrorResponse, unusedStore } from './fauxqs.ts';
import type { LocalQueueStore } from './local-queue-store.ts';
import { serveReceiver } from './receiver.ts';
import { snsCalls, sqsCall } from './required-calls.ts';

export type SqsApp = ReturnType<typeof buildApp>;

export interface Access {
  readonly authorizer: Authorizer;
  readonly account: { readonly region: string; readonly accountId: string };
  readonly keyOfTopic: ReadonlyMap<string, string | undefined>;
}

export function sqsApp(store: LocalQueueStore, topics: LocalTopicStore, access: Access): SqsApp {
  const stores = { sqsStore: store, snsStore: topics, s3Store: unusedStore() };
  const app = buildApp({ logger: false, stores });

  // fauxqs ends the long polls when it closes and then cuts all connections: the answers go out in between.
  const receiving = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    await Promise.all([...receiving].map((response) => once(response, 'close')));
  });

  // fauxqs serves S3 and pages of its own on the same port; here they would only hide a client's mistake.
  app.addHook('onRequest', (request, reply, done) => {
    if (actionOf(request.headers) !== undefined || isSns(request)) done();
    else {
      const message =
        'this is SQS, which speaks the AWS JSON protocol only, and SNS, which speaks the query protocol';
      void reply.code(404).send({ message });
    }
  });

  app.addHook('preHandler', (request, reply, done) => {
    try {
      requirePermission(request, access);
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      refuse(request, reply, error);
      return;
    }
    if (isSns(request)) {
      const answer = answerSns(request.body, { topics, queues: store });
      if (answer === undefined) done();
      else void reply.code(answer.status).header('content-type', 'text/xml').send(answer.xml);
      return;
    }
    switch (actionOf(request.headers)) {
      case 'ReceiveMessage':
        receiving.add(reply.raw);
        reply.raw.once('close', () => receiving.delete(reply.raw));
        serveReceiver(reply.raw, done);
        return;
      case 'DeleteMessageBatch': {
        const answer = deleteMessageBatch(store, request.body);
        if (answer === undefined) done();
        else void reply.header('content-type', 'application/x-amz-json-1.0').send(answer);
        return;
      }
      default:
        done();
    }
  });

  app.addHook('preSerialization', (request, reply, payload, done) => {
    const error = reply.getHeader('x-amzn-query-error');
    if (typeof error === 'string') void reply.header('x-amzn-query-error', asSqsNamesIt(error));
    // A queue is known under the host by which the caller reached it.
    const action = actionOf(request.headers);
    const givesUrls = action === 'GetQueueUrl' || action === 'CreateQueue' || action === 'ListQueues';
    done(null, givesUrls ? withHost(payload, request.host) : payload);
  });
  return app;
}

/** @throws AccessDenied */
function requirePermission(
  { headers, body }: FastifyRequest,
  { authorizer, account, keyOfTopic }: Access,
): void {
  const action = actionOf(headers);
  if (action !== undefined) {
    authorizer.request(headers, sqsCall(action, body, account));
  } else {
    const form = z.object({ Action: z.string() }).safeParse(body);
    if (form.success) authorizer.request(headers, ...snsCalls(form.data.Action, body, keyOfTopic));
  }
}

function refuse(request: FastifyRequest, reply: FastifyReply, error: AccessDenied): void {
  if (!isSns(request)) void sendAccessDenied(reply, error);
  else {
    const xml = snsErrorResponse('AuthorizationError', error.message);
    void reply.code(403).header('content-type', 'text/xml').send(xml);
  }
}

function isSns({ method, url, headers }: FastifyRequest): boolean {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return method === 'POST' && url === '/' && isForm && actionOf(headers) === undefined;
}

function actionOf(headers: NodeJS.Dict<string | string[]>): string | undefined {
  const target = headers['x-amz-target'];
  return typeof target === 'string' && target.startsWith('AmazonSQS.')
    ? target.slice('AmazonSQS.'.length)
    : undefined;
}

/**
 * SDKs name an error by the header x-amzn-query-error. fauxqs prefixes every code there; SQS prefixes those that the
 * query protocol prefixed (the awsQueryError entries of the service model).
 */
function asSqsNamesIt(queryError: string): string {
  return queryError
    .replace(
      /^AWS\.SimpleQueueService\.(?=InvalidAttribute|InvalidMessage|InvalidParameter|Missing|OverLimit)/,
      '',
    )
    .replace(/^AWS\.SimpleQueueService\.QueueNameExists/, 'QueueAlreadyExists');
}

const deleteBatch = z.object({
  QueueUrl: z.string(),
  Entries: z
    .array(z.object({ Id: z.string().regex(/^[\w-]{1,80}$/), ReceiptHandle: z.string() }))
    .min(1)
    .max(10)
    .refine((entries) => new Set(entries.map(({ Id }) => Id)).size === entries.length),
});

/**
 * fauxqs reports every entry as deleted; a FIFO queue says which handles had expired.
 * @returns undefined when the request is malformed or the queue unknown: fauxqs has the right error for it.
 */
function deleteMessageBatch(store: LocalQueueStore, body: unknown) {
  const request = deleteBatch.safeParse(body);
  const queue = request.success ? store.getQueue(request.data.QueueUrl) : undefined;
  if (!request.success || !queue?.isFifo()) return undefined;
  const expired = request.data.Entries.filter(({ ReceiptHandle }) => queue.hasExpired(ReceiptHandle));
  const deleted = request.data.Entries.filter((entry) => !expired.includes(entry));
  for (const { ReceiptHandle } of deleted) queue.deleteMessage(ReceiptHandle);
  return {
    Successful: deleted.map(({ Id }) => ({ Id })),
    Failed: expired.map(({ Id }) => ({
      Id,
      SenderFault: true,
      Code: 'ReceiptHandleIsInvalid',
      Message: 'The receipt handle has expired',
    })),
  };
}

const queueUrls = z.looseObject({
  QueueUrl: z.string().optional(),
  QueueUrls: z.array(z.string()).optional(),
});

/** @param payload an answer with QueueUrl or QueueUrls, or an error, which passes unchanged */
function withHost(payload: unknown, host: string): unknown {
  const answer = queueUrls.safeParse(payload).data;
  const move = (url: string) => url.replace(/^http:\/\/[^/]+/, `http://${host}`);
  if (answer?.QueueUrl !== undefined) return { ...answer, QueueUrl: move(answer.QueueUrl) };
  if (answer?.QueueUrls !== undefined) return { ...answer, QueueUrls: answer.QueueUrls.map(move) };
  return payload;
}
