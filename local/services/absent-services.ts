/** Where calls go to services that the runtime does not have: they are refused by name, and never reach AWS. */
import Fastify from 'fastify';
import type { RunningService } from '../process/child-service.ts';

const SIGNED_FOR = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//;
const CODE = 'NotKnownLocally';

/** Starts on 127.0.0.1. */
export async function startAbsentServices(report: (line: string) => void): Promise<RunningService> {
  const told = new Set<string>();
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined));
  // No route is there for anything.
  app.setNotFoundHandler((request, reply) => {
    const service =
      SIGNED_FOR.exec(request.headers.authorization ?? '')?.[1] ?? 'of a call without a signature';
    const message = `the local runtime has no service ${service}`;
    if (!told.has(message)) report(message);
    told.add(message);
    reply.code(400).header('x-amzn-errortype', CODE);
    const isQuery = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    return isQuery
      ? reply
          .type('text/xml')
          .send(
            `<ErrorResponse><Error><Code>${CODE}</Code><Message>${message}</Message></Error></ErrorResponse>`,
          )
      : reply.type('application/json').send(JSON.stringify({ __type: CODE, message }));
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}
