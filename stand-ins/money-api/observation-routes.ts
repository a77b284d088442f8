/** What tests, the demo and benchmarks see and change. Outside the contract, so no API key. */
import { Readable } from 'node:stream';
import type { FastifyError, FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refuse } from './answers.ts';
import type { MoneyApiState } from './grant-routes.ts';
import { changeConditions, conditionsChange } from './options.ts';

export function addObservationRoutes(app: FastifyInstance, state: MoneyApiState): void {
  app.get('/ledger', (_request, reply) =>
    reply.type('application/x-ndjson').send(Readable.from(state.ledger.read())),
  );

  app.get('/stats', () => state.stats.report());

  app.delete('/stats', (_request, reply) => {
    state.stats.reset();
    return reply.code(204).send();
  });

  /** Answers the conditions that now hold. */
  app.post('/control', (request) => {
    state.conditions = changeConditions(state.conditions, conditionsChange.parse(request.body));
    return state.conditions;
  });

  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error instanceof z.ZodError) return refuse(reply, 'INVALID_REQUEST', z.prettifyError(error));
    return (error.statusCode ?? 500) < 500
      ? refuse(reply, 'INVALID_REQUEST', error.message)
      : refuse(reply, 'INTERNAL_ERROR', error.message);
  });
}
