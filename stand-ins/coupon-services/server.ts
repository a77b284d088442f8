/**
 * What the stand-ins of the coupon pipeline's services have in common: a contract of lists that are asked for by ids, a
 * system token, faults on demand, and counts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fastify } from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { RunningService } from '../../local/process/child-service.ts';
import { readContract } from './contract.ts';
import type { ContractOperation } from './contract.ts';
import { Faults, faultRules } from './faults.ts';
import type { Fault } from './faults.ts';
import { OperationStats } from './stats.ts';
import type { Asked } from './stats.ts';

/** How an operation answers: `{ [list]: entries }`. */
export interface Answers {
  readonly list: string;
  /** @param body valid by the contract */
  readonly asked: (body: unknown) => Asked;
  /** Undefined: it is left out of the answer. */
  readonly entryOf: (asked: number | string) => Record<string, unknown> | undefined;
}

interface Operation extends ContractOperation, Answers {
  readonly stats: OperationStats;
}

interface CommonOptions {
  readonly port: number;
  readonly token: string;
  readonly seed: number;
}

const LATE_MS = 5_000;
const HANG_MS = 60_000;
const PAGE = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>';

/** @throws Error when the contract has an operation that nothing answers, or the port cannot be used. */
export async function startService(
  contract: URL,
  { port, token, seed }: CommonOptions,
  answers: Readonly<Record<string, Answers>>,
): Promise<RunningService> {
  const operations = (await readContract(contract)).map((operation): Operation => {
    const answering = answers[operation.operationId];
    if (answering === undefined) throw new Error(`nothing answers ${operation.operationId} of the contract`);
    return { ...operation, ...answering, stats: new OperationStats(operation.path) };
  });
  const faults = new Faults(seed);
  const app = fastify({
    ajv: {
      // The contract says what is valid; fastify would else turn numbers into texts and drop unknown fields.
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false },
    },
    exposeHeadRoutes: false,
    forceCloseConnections: true,
  });
  app.register((scope, _options, done) => {
    addOperations(scope, operations, token, faults);
    done();
  });
  addObservation(app, operations, faults);
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'no such path'));
  try {
    return { url: await app.listen({ host: '127.0.0.1', port }), close: () => app.close() };
  } catch (error) {
    await app.close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new Error(`port ${port} is in use`, { cause: error });
    }
    throw error;
  }
}

function addOperations(
  app: FastifyInstance,
  operations: readonly Operation[],
  token: string,
  faults: Faults,
): void {
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const isClients = error.validation !== undefined || (error.statusCode ?? 500) < 500;
    return refuse(reply, isClients ? 400 : 500, error.message);
  });
  for (const operation of operations) {
    const { path, body: bodySchema, operationId, stats } = operation;
    app.post(path, {
      schema: { body: bodySchema },
      // Before the body is read: without a token nobody learns what is valid.
      onRequest: (request, reply, done) => {
        if (request.headers.authorization === `Bearer ${token}`) done();
        else refuse(reply, 401, 'the system token is missing or wrong');
      },
      onSend: (_request, reply, _payload, done) => {
        stats.became(reply.statusCode);
        done();
      },
      handler: async (request, reply) => {
        const asked = operation.asked(request.body);
        stats.asked(asked);
        const fault = faults.take(operationId, JSON.stringify(request.body));
        return answer(reply, operation, asked, fault);
      },
    });
  }
}

async function answer(
  reply: FastifyReply,
  { list, entryOf, stats }: Operation,
  asked: Asked,
  fault: Fault | undefined,
): Promise<FastifyReply> {
  const breakAs = (outcome: 'late' | 'hang' | 'reset') => {
    stats.became(outcome);
    reply.hijack();
    return reply;
  };
  // An entry a store or member, though it be asked for twice.
  const entries = [...new Set(asked)].map(entryOf).filter((entry) => entry !== undefined);
  const send = (said: readonly object[]) => reply.send({ [list]: said });
  switch (fault) {
    case undefined:
      return send(entries);
    case 'error':
      return refuse(reply, 500, 'a fault, on demand');
    case 'rate-limited':
      return refuse(reply.header('retry-after', '1'), 429, 'too many requests');
    case 'unauthorized':
      return refuse(reply, 401, 'the system token is refused');
    case 'html':
      return reply.type('text/html').send(PAGE);
    case 'broken-entries':
      return send(entries.map(withoutLast));
    case 'duplicates':
      return send(entries.flatMap((entry) => [entry, entry]));
    case 'half':
      return send(entries.filter((_, index) => index % 2 === 1));
    case 'reset':
      reply.raw.socket?.resetAndDestroy();
      return breakAs('reset');
    case 'hang':
      await pause(HANG_MS, undefined, { ref: false });
      reply.raw.socket?.resetAndDestroy();
      return breakAs('hang');
    case 'late':
      await pause(LATE_MS, undefined, { ref: false });
      // Counted by itself: whoever asked has gone by now.
      return reply.raw.destroyed ? breakAs('late') : send(entries);
  }
}

/** Without the last of its fields, which each contract requires. */
function withoutLast(entry: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).slice(0, -1));
}

/** Not the contract's, and so without a token: what tests, the demo and people look at. */
function addObservation(app: FastifyInstance, operations: readonly Operation[], faults: Faults): void {
  app.get('/stats', () =>
    Object.fromEntries(operations.map(({ operationId, stats }) => [operationId, stats.report()])),
  );
  app.delete('/stats', (_request, reply) => {
    for (const { stats } of operations) stats.reset();
    return reply.code(204).send();
  });
  /** Answers the rules that now hold. */
  app.post('/faults', (request, reply) => {
    const rules = faultRules.safeParse(request.body);
    if (!rules.success) return refuse(reply, 400, z.prettifyError(rules.error));
    const unknown = rules.data.find(
      ({ operationId }) =>
        operationId !== undefined && !operations.some((o) => o.operationId === operationId),
    );
    if (unknown !== undefined)
      return refuse(reply, 400, `no operation is called ${unknown.operationId ?? ''}`);
    faults.set(rules.data);
    return reply.send(faults.rules);
  });
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).send({ message });
}
