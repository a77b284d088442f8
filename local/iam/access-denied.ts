import type { FastifyReply } from 'fastify';
import type { AccessDenied } from './authorizer.ts';

/** As the services that speak JSON say it. */
export function sendAccessDenied(reply: FastifyReply, { name, message }: AccessDenied): FastifyReply {
  return reply
    .code(400)
    .header('x-amzn-errortype', name)
    .type('application/json')
    .send(JSON.stringify({ __type: name, message, Message: message }));
}
