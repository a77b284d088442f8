/** The RDS Data API over HTTP, in front of a MySQL or MariaDB: what the AWS SDK and CLI speak to. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import Fastify from 'fastify';
import type { FastifyReply } from 'fastify';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { AccessDenied, createAuthorizer, rolesWithGrants } from '../../iam/authorizer.ts';
import type { ToldService } from '../../process/child-service.ts';
import { DataApiError, validationError } from './errors.ts';
import { Operations } from './operations.ts';
import type { Permit } from './operations.ts';
import { rdsDataOptions } from './options.ts';
import type { RdsDataOptions } from './options.ts';

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * Starts to listen whether or not a database is there: calls tell when it is not. It is told the roles that a deployment
 * changes.
 */
export async function startRdsData(options: RdsDataOptions): Promise<ToldService> {
  const parsed = rdsDataOptions.parse(options);
  const authorizer = createAuthorizer(parsed.authorizer);
  const operations = new Operations(parsed);
  const app = Fastify({ bodyLimit: MAX_REQUEST_BYTES, forceCloseConnections: true });
  // The operations read the text themselves: JSON.parse would round an integer past 2^53.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  /** The caller's role opens the secret too, by which the service signs in. */
  const permit =
    (action: string, headers: IncomingHttpHeaders): Permit =>
    ({ resourceArn, secretArn }) => {
      authorizer.request(
        headers,
        { action: `rds-data:${action}`, resource: resourceArn },
        { action: 'secretsmanager:GetSecretValue', resource: secretArn },
      );
    };
  const route = (path: string, action: string, operation: Operation) => {
    app.post(path, async ({ body, headers }, reply) => {
      const response = await operation(typeof body === 'string' ? body : '', permit(action, headers));
      return reply.header('x-amzn-requestid', randomUUID()).type('application/json').send(response);
    });
  };
  route('/Execute', 'ExecuteStatement', (body, may) => operations.execute(body, may));
  route('/BatchExecute', 'BatchExecuteStatement', (body, may) => operations.batchExecute(body, may));
  route('/BeginTransaction', 'BeginTransaction', (body, may) => operations.beginTransaction(body, may));
  route('/CommitTransaction', 'CommitTransaction', (body, may) => operations.commitTransaction(body, may));
  route('/RollbackTransaction', 'RollbackTransaction', (body, may) =>
    operations.rollbackTransaction(body, may),
  );
  app.get('/_local/stats', () => ({ statements: operations.statements }));
  app.setErrorHandler((error, _request, reply) => sendError(reply, error));

  const url = await app.listen({ host: '127.0.0.1', port: parsed.port ?? 0 });
  return {
    url,
    tell: (roles) => authorizer.replace(rolesWithGrants.parse(roles)),
    close: async () => {
      await app.close();
      await operations.close();
    },
  };
}

type Operation = (body: string, permit: Permit) => Promise<string>;

/** restJson1: the error's type in a header, its message in the body. */
function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof AccessDenied) return sendAccessDenied(reply, error);
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
