/** The contract's two operations. Its order of checks: API key, ceiling, schema, idempotency. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { breakConnection, refuse } from './answers.ts';
import type { GrantRoute } from './contract.ts';
import { fateOf, rejectionOf } from './faults.ts';
import type { Fault } from './faults.ts';
import { transactionKeyOf } from './ledger.ts';
import type { GrantBody, Ledger, Verdict } from './ledger.ts';
import type { Conditions } from './options.ts';
import type { Stats } from './stats.ts';
import { Ceiling } from './window.ts';

/** What the routes share; POST /control replaces the conditions. */
export interface MoneyApiState {
  readonly apiKey: string;
  readonly seed: number;
  readonly ledger: Ledger;
  readonly stats: Stats;
  conditions: Conditions;
}

/** The types repeat no rule: fastify has checked both against the contract's schemas. */
interface GrantRequest {
  Headers: { 'idempotency-key': string };
  Body: GrantBody;
}

export function addGrantRoutes(app: FastifyInstance, state: MoneyApiState, routes: GrantRoute[]): void {
  addAdmission(app, state);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    state.stats.answered(reply.statusCode);
    done();
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    // A body that is no JSON, too large or of another type is as invalid as one that breaks the schema.
    const isClients = error.validation !== undefined || (error.statusCode ?? 500) < 500;
    return isClients ? refuse(reply, 'INVALID_REQUEST', error.message) : refuse(reply, 'INTERNAL_ERROR');
  });
  for (const { path, kind, headers, body } of routes) {
    app.post<GrantRequest>(path, { schema: { headers, body } }, async (request, reply) => {
      const { conditions, ledger, stats, seed } = state;
      const startedAt = performance.now();
      const key = request.headers['idempotency-key'];
      const { attempt, isNew } = ledger.arrive(key, stats.period);
      if (isNew) stats.isNewKey();
      const { fault, serviceMs } = fateOf(conditions, seed, key, attempt);
      // The effect comes first and the service time after it, so that a client which gives up, or dies,
      // leaves a grant that it knows nothing of: the hard case.
      const verdict = grantsNothing(fault)
        ? undefined
        : ledger.decide(key, kind, request.body, rejectionOf(conditions, seed, key));
      if (verdict === 'GRANTED') stats.count('granted');
      if (verdict === 'REPLAYED') stats.count('replayed');
      await Promise.all([
        serviceMs > 0 ? pause(serviceMs, undefined, { ref: false }) : undefined,
        ledger.settled(),
      ]);
      // Read again: the service may have gone down meanwhile, which breaks what is under way.
      if (state.conditions.down || fault === 'reset-before' || fault === 'reset-after') {
        return reset(reply, state);
      }
      stats.served(performance.now() - startedAt);
      return answer(reply, key, fault, verdict);
    });
  }
}

/** In the first hook, before the body is read: refusing must stay cheap when thousands are refused. */
function addAdmission(app: FastifyInstance, state: MoneyApiState): void {
  const { apiKey, stats } = state;
  const ceiling = new Ceiling();
  app.addHook('onRequest', (request, reply, done) => {
    const now = performance.now();
    stats.arrived(now);
    if (state.conditions.down) {
      reset(reply, state);
      return;
    }
    if (request.headers['x-api-key'] !== apiKey) {
      refuse(reply, 'UNAUTHORIZED');
      return;
    }
    if (!ceiling.admits(now, state.conditions.ceiling)) {
      refuse(reply.header('retry-after', '1'), 'RATE_LIMITED');
      return;
    }
    stats.count('admitted');
    done();
  });
}

function grantsNothing(fault: Fault): boolean {
  return fault === 'unavailable' || fault === 'error-before' || fault === 'reset-before';
}

function reset(reply: FastifyReply, { stats }: MoneyApiState): FastifyReply {
  stats.answered('reset');
  breakConnection(reply);
  return reply;
}

function answer(reply: FastifyReply, key: string, fault: Fault, verdict: Verdict | undefined): FastifyReply {
  if (fault === 'unavailable') return refuse(reply, 'UNAVAILABLE');
  if (fault === 'error-before' || fault === 'error-after' || verdict === undefined) {
    return refuse(reply, 'INTERNAL_ERROR');
  }
  if (verdict === 'REPLAYED') reply.header('idempotent-replayed', 'true');
  else if (verdict !== 'GRANTED') return refuse(reply, verdict);
  return reply.send({ transactionKey: transactionKeyOf(key) });
}
