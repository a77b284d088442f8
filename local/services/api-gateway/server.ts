/** API Gateway's HTTP APIs on this machine: a server an API, its routes before the functions of the templates. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunningService } from '../../process/child-service.ts';
import type { HttpIntegrationModel, HttpRouteModel } from '../../template/model.ts';
import { LambdaServiceError } from '../lambda/outcome.ts';
import type { InvocationOutcome } from '../lambda/outcome.ts';
import { pathOf, proxyEvent } from './event.ts';
import type { ApiRequest } from './event.ts';
import { responseOf } from './response.ts';
import type { ApiResponse } from './response.ts';
import { routeTable } from './routes.ts';

export interface HttpApiOptions {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  /** HttpRouteModel and HttpIntegrationModel of local/template have the shapes. */
  readonly routes: readonly Pick<HttpRouteModel, 'routeKey' | 'integrationId'>[];
  readonly integrations: readonly Pick<HttpIntegrationModel, 'id' | 'functionArn' | 'timeoutMilliseconds'>[];
  /** As LambdaService.invokeForResult. */
  readonly invoke: (functionArn: string, payload: string) => Promise<InvocationOutcome>;
  /** 0, or none, takes a free port. */
  readonly port?: number;
  readonly log: (line: string) => void;
}

const PAYLOAD_LIMIT = 10 * 1024 * 1024;

/** What API Gateway says by itself. */
const REFUSALS = {
  badRequest: [400, 'Bad Request'],
  notFound: [404, 'Not Found'],
  tooLarge: [413, 'Request Entity Too Large'],
  internal: [500, 'Internal Server Error'],
  unavailable: [503, 'Service Unavailable'],
} as const;

/**
 * Starts on 127.0.0.1.
 * @throws Error in one line that names the API: a route has no integration
 */
export async function startHttpApi(options: HttpApiOptions): Promise<RunningService> {
  const routes = options.routes.map(({ routeKey, integrationId }) => {
    const integration = options.integrations.find(({ id }) => id === integrationId);
    if (integration === undefined)
      throw new Error(`HTTP API ${options.name}: ${routeKey} has no integration`);
    return { routeKey, ...integration };
  });
  const match = routeTable(routes);

  const app = Fastify({
    bodyLimit: PAYLOAD_LIMIT,
    forceCloseConnections: true,
    // A path that is not well encoded finds no route of fastify's either.
    frameworkErrors: (_error, _request, reply) => void send(reply, refusal('badRequest')),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const isTooLarge = error instanceof Error && 'statusCode' in error && error.statusCode === 413;
    return send(reply, refusal(isTooLarge ? 'tooLarge' : 'badRequest'));
  });
  app.setNotFoundHandler((_request, reply) => send(reply, refusal('notFound')));
  app.all('*', async (request, reply) => {
    const received = receive(request);
    reply.header('apigw-requestid', received.requestId);
    const found = match(received.method, pathOf(received.url));
    if (found === undefined) return send(reply, refusal('notFound'));
    const { route, pathParameters } = found;
    const { id: apiId, accountId } = options;
    const event = proxyEvent(received, { routeKey: route.routeKey, pathParameters, apiId, accountId });
    const log = (why: string) => options.log(`HTTP API ${options.name}: ${route.routeKey}: ${why}`);
    const invoke = async () => options.invoke(route.functionArn, JSON.stringify(event));
    return send(reply, await responseWithin(route.timeoutMilliseconds, invoke, log));
  });

  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return { url, close: () => app.close() };
}

function receive({ raw, body, ip, socket }: FastifyRequest): ApiRequest {
  return {
    method: raw.method ?? '',
    url: raw.url ?? '/',
    rawHeaders: raw.rawHeaders,
    httpVersion: raw.httpVersion,
    sourceIp: ip,
    port: socket.localPort ?? 0,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    receivedAt: new Date(),
    requestId: randomBytes(11).toString('base64'),
  };
}

/** The function goes on when its time here is up, as on AWS. */
async function responseWithin(
  milliseconds: number,
  invoke: () => Promise<InvocationOutcome>,
  log: (why: string) => void,
): Promise<ApiResponse> {
  const answered = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: answered.signal }).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  try {
    const outcome = await Promise.race([invoke(), late]);
    if (outcome === 'late') {
      log(`no answer within ${milliseconds} ms`);
      return refusal('unavailable');
    }
    if (!outcome.ok) return refusal('internal');
    const response = responseOf(outcome.payload);
    if (typeof response !== 'string') return response;
    log(`API Gateway does not take the function's answer: ${response}`);
    return refusal('internal');
  } catch (error) {
    const status = error instanceof LambdaServiceError ? error.statusCode : 500;
    log(error instanceof Error ? error.message : String(error));
    return refusal(status === 429 ? 'unavailable' : status === 413 ? 'tooLarge' : 'internal');
  } finally {
    answered.abort();
  }
}

function refusal(kind: keyof typeof REFUSALS): ApiResponse {
  const [status, message] = REFUSALS[kind];
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message })),
  };
}

function send(reply: FastifyReply, { status, headers, body }: ApiResponse): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}
