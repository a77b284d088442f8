/** The Step Functions endpoint of the local runtime: AWS JSON 1.0 over HTTP, for AWS's own clients. */
import fastify from 'fastify';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { ALLOW_ALL, AccessDenied } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import type { RunningService } from '../../process/child-service.ts';
import { StepFunctionsEngine } from './engine.ts';
import type { EngineOptions } from './engine.ts';
import { ServiceError } from './errors.ts';
import { parseJson } from './json.ts';
import { operations } from './operations.ts';

export interface StepFunctionsOptions extends EngineOptions {
  /** A free one when missing. */
  readonly port?: number | undefined;
  readonly authorizer?: Authorizer;
}

const TARGET = /^AWSStepFunctions\.(\w+)$/;

/** @throws Error of one line naming machine and state when a definition cannot be run here */
export async function startStepFunctions(
  options: StepFunctionsOptions,
): Promise<RunningService & { readonly engine: StepFunctionsEngine }> {
  const { authorizer = ALLOW_ALL } = options;
  const engine = new StepFunctionsEngine(options);
  // An input of 256 KiB is longer as a JSON string within JSON.
  const app = fastify({ bodyLimit: 4 * 1024 * 1024, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.post('/', (request, reply) => {
    const target = request.headers['x-amz-target'];
    const [, name = ''] = TARGET.exec(typeof target === 'string' ? target : '') ?? [];
    const operation = operations.get(name);
    if (operation === undefined) {
      throw new ServiceError(
        'UnknownOperationException',
        `the local runtime does not serve ${String(target)}`,
      );
    }
    const body = requestBody(request.body);
    authorizer.request(request.headers, { action: `states:${name}`, resource: resourceOf(body) });
    return send(reply, 200, operation(body, engine));
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof AccessDenied) return sendAccessDenied(reply, error);
    if (error instanceof ServiceError) {
      return send(reply, 400, { __type: error.name, message: error.message });
    }
    const message = error instanceof Error ? error.message : String(error);
    return send(reply, 500, { __type: 'InternalServerError', message });
  });
  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    engine,
    close: async () => {
      engine.close();
      await app.close();
    },
  };
}

const named = z.object({
  mapRunArn: z.string().optional(),
  executionArn: z.string().optional(),
  stateMachineArn: z.string().optional(),
});

/** Of what an operation is asked for; of none of these it is about all machines. */
function resourceOf(body: unknown): string {
  const { mapRunArn, executionArn, stateMachineArn } = named.safeParse(body).data ?? {};
  return mapRunArn ?? executionArn ?? stateMachineArn ?? '*';
}

function requestBody(body: unknown): unknown {
  try {
    return parseJson(typeof body === 'string' ? body : '');
  } catch {
    throw new ServiceError('SerializationException', 'the body is not JSON');
  }
}

function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type('application/x-amz-json-1.0').send(JSON.stringify(body));
}
