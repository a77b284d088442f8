/** Lambda's HTTP API (restJson1), as far as the AWS CLI and SDK invoke and list functions with it. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { AccessDenied } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import { qualifierOf } from '../../template/function-name.ts';
import type { LocalFunction } from './local-function.ts';
import { LambdaServiceError, SYNC_PAYLOAD_LIMIT } from './outcome.ts';
import type { InvocationOutcome } from './outcome.ts';

export interface LambdaOperations {
  find(nameOrArn: string): LocalFunction;
  invokeForResult(nameOrArn: string, payload: string): Promise<InvocationOutcome>;
  invokeAsync(nameOrArn: string, payload: string): void;
  readonly functions: ReadonlyMap<string, LocalFunction>;
}

const named = z.object({ name: z.string() });
const qualified = z.object({ Qualifier: z.string().optional() });
const invocationHeaders = z.object({
  'x-amz-invocation-type': z.enum(['RequestResponse', 'Event', 'DryRun']).default('RequestResponse'),
});

export function lambdaHttpApi(lambda: LambdaOperations, authorizer: Authorizer): FastifyInstance {
  // A function's ARN in the path is longer than what fastify takes a parameter to be.
  const app = Fastify({ bodyLimit: SYNC_PAYLOAD_LIMIT * 2, routerOptions: { maxParamLength: 400 } });
  // The payload is the caller's JSON text, whatever content type the client names.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('x-amzn-requestid', randomUUID());
    done();
  });
  app.setErrorHandler((error, _request, reply) => refuse(reply, error));

  app.post('/2015-03-31/functions/:name/invocations', async (request, reply) => {
    const { name } = named.parse(request.params);
    const type = invocationHeaders.parse(request.headers)['x-amz-invocation-type'];
    const payload = checkedPayload(request.body);
    const { arn } = lambda.find(name).settings;
    const { Qualifier } = qualified.parse(request.query);
    const qualifier = Qualifier === undefined ? qualifierOf(name) : `:${Qualifier}`;
    authorizer.request(request.headers, { action: 'lambda:InvokeFunction', resource: arn + qualifier });
    if (type === 'DryRun') return reply.code(204).send();
    if (type === 'Event') {
      lambda.invokeAsync(name, payload);
      return reply.code(202).send();
    }
    const outcome = await lambda.invokeForResult(name, payload);
    reply.header('content-type', 'application/json').header('x-amz-executed-version', '$LATEST');
    if (outcome.ok) return reply.send(outcome.payload);
    return reply.header('x-amz-function-error', 'Unhandled').send(JSON.stringify(outcome.error));
  });

  app.get('/2015-03-31/functions', listFunctions);
  app.get('/2015-03-31/functions/', listFunctions);
  app.get('/2015-03-31/functions/:name/configuration', (request) => {
    const found = lambda.find(named.parse(request.params).name);
    const resource = found.settings.arn;
    authorizer.request(request.headers, { action: 'lambda:GetFunctionConfiguration', resource });
    return configuration(found);
  });

  function listFunctions(request: FastifyRequest) {
    authorizer.request(request.headers, { action: 'lambda:ListFunctions', resource: '*' });
    return Promise.resolve({ Functions: [...lambda.functions.values()].map(configuration) });
  }
  return app;
}

function configuration({ settings }: LocalFunction) {
  return {
    FunctionName: settings.name,
    FunctionArn: settings.arn,
    Handler: settings.handler,
    Runtime: 'nodejs24.x',
    Timeout: settings.timeoutSeconds,
    MemorySize: settings.memoryMegabytes,
    Environment: { Variables: settings.environment },
    LoggingConfig: { LogGroup: settings.logGroupName },
    PackageType: 'Zip',
    State: 'Active',
    LastUpdateStatus: 'Successful',
    Version: '$LATEST',
  };
}

/** No body is an empty event, as on Lambda. */
function checkedPayload(body: unknown): string {
  const payload = typeof body === 'string' && body !== '' ? body : '{}';
  try {
    JSON.parse(payload);
    return payload;
  } catch (error) {
    const message = `Could not parse request body into json: ${error instanceof Error ? error.message : ''}`;
    throw new LambdaServiceError('InvalidRequestContentException', 400, message);
  }
}

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof AccessDenied) return sendAccessDenied(reply, error);
  const known = error instanceof LambdaServiceError;
  const code = known
    ? error.name
    : error instanceof z.ZodError
      ? 'InvalidParameterValueException'
      : 'ServiceException';
  const status = known ? error.statusCode : error instanceof z.ZodError ? 400 : 500;
  const message = error instanceof Error ? error.message : String(error);
  return reply
    .code(status)
    .header('x-amzn-errortype', code)
    .send({ Type: status < 500 ? 'User' : 'Service', Message: message, message });
}
