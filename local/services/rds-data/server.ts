/** The RDS Data API over HTTP, in front of a MySQL or MariaDB: what the AWS SDK and CLI speak to. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RunningService } from '../../process/child-service.ts';
import { DataApiError, validationError } from './errors.ts';
import { Operations } from './operations.ts';
import { rdsDataOptions } from './options.ts';
import type { RdsDataOptions } from './options.ts';

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** Starts to listen whether or not a database is there: calls tell when it is not. */
export async function startRdsData(options: RdsDataOptions): Promise<RunningService> {
  const parsed = rdsDataOptions.parse(options);
  const operations = new Operations(parsed);
  const app = Fastify({ bodyLimit: MAX_REQUEST_BYTES, forceCloseConnections: true });
  // The operations read the text themselves: JSON.parse would round an integer past 2^53.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  route(app, '/Execute', (body) => operations.execute(body));
  route(app, '/BatchExecute', (body) => operations.batchExecute(body));
  route(app, '/BeginTransaction', (body) => operations.beginTransaction(body));
  route(app, '/CommitTransaction', (body) => operations.commitTransaction(body));
  route(app, '/RollbackTransaction', (body) => operations.rollbackTransaction(body));
  app.get('/_local/stats', () => ({ statements: operations.statements }));
  app.setErrorHandler((error, _request, reply) => sendError(reply, error));

  const url = await app.listen({ host: '127.0.0.1', port: parsed.port ?? 0 });
  return {
    url,
    close: async () => {
      await app.close();
      await operations.close();
    },
  };
}

function route(app: FastifyInstance, path: string, operation: (body: string) => Promise<string>): void {
  app.post(path, async ({ body }, reply) => {
    const response = await operation(typeof body === 'string' ? body : '');
    return reply.header('x-amzn-requestid', randomUUID()).type('application/json').send(response);
  });
}

/** restJson1: the error's type in a header, its message in the body. */
function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const known = asDataApiError(error);
  if (known.type === 'InternalServerErrorException') console.error(error);
  return reply
    .status(known.status)
    .header('x-amzn-requestid', randomUUID())
    .header('x-amzn-errortype', known.type)
    .type('application/json')
    .send(JSON.stringify({ message: known.message, ...known.details }));
}

function asDataApiError(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error;
  const isTooLarge = error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE';
  if (isTooLarge) return validationError('Request is larger than the limit of 4 MiB');
  return new DataApiError('InternalServerErrorException', 'An internal error occurred.');
}
