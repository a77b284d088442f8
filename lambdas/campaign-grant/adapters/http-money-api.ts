/**
 * The Money API over Node's own HTTP client: a library of 700 KB would be half of the function's bundle, and every
 * cold start would pay for it.
 */
import http from 'node:http';
import https from 'node:https';
import { Socket, isIP } from 'node:net';
import { MONEY_TIMEOUT_MS } from '../../../schema/money-api.ts';
import type { MoneyAnswer } from '../domain/outcome.ts';
import type { MoneyApi } from '../ports.ts';

/** A lane stands still while it connects, and what has its slot must leave soon after: this is ten round trips. */
const CONNECT_MS = 300;
/** The contract's answers are a few hundred bytes; more than this is not read. */
const MAX_BODY_BYTES = 64 * 1024;
const PATHS = { VOUCHER: '/v1/grants/vouchers', POINT: '/v1/grants/points' } as const;

export function httpMoneyApi(baseUrl: string, apiKey: string): MoneyApi {
  const base = new URL(baseUrl.replace(/\/$/, ''));
  const isSecure = base.protocol === 'https:';
  const { request, Agent } = isSecure ? https : http;
  const connectEvent = isSecure ? 'secureConnect' : 'connect';
  const port = Number(base.port || (isSecure ? 443 : 80));
  const host = base.hostname.replace(/^\[|\]$/g, '');
  // As many connections as there are calls under way: one that waited for a connection would miss its slot.
  const connection = { keepAlive: true, noDelay: true } as const;
  const agent = new Agent({ ...connection, scheduling: 'lifo' });
  /** Connected, and not the agent's yet. */
  let spare: Socket | undefined;
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const ready = takeSpare();
    return ready ?? connect(options, callback);
  };
  /** One that was closed, or that the API has said something on, answers no call of ours. */
  const takeSpare = () => {
    const socket = spare;
    spare = undefined;
    if (socket === undefined || (socket.writable && socket.readableLength === 0)) return socket;
    socket.destroy();
    return undefined;
  };

  const connected = () =>
    new Promise<Socket | undefined>((resolve) => {
      // As the agent itself would; an address is no server name.
      const to = { ...connection, host, port, servername: isIP(host) === 0 ? host : '' };
      const socket = connect(to);
      if (!(socket instanceof Socket)) throw new Error('the agent connects by sockets');
      const deadline = setTimeout(() => socket.destroy(), CONNECT_MS);
      socket.once(connectEvent, () => {
        clearTimeout(deadline);
        resolve(socket);
      });
      socket.on('error', () => undefined);
      socket.once('close', () => {
        clearTimeout(deadline);
        resolve(undefined);
      });
    });

  const send = (path: string, key: string, body: string) =>
    new Promise<MoneyAnswer>((resolve) => {
      const sent = request({
        agent,
        protocol: base.protocol,
        hostname: host,
        port,
        path: base.pathname.replace(/\/$/, '') + path,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-api-key': apiKey,
          'idempotency-key': key,
        },
      });
      const settle = (answer: MoneyAnswer) => {
        clearTimeout(deadline);
        resolve(answer);
      };
      const giveUp = (cause: 'TIMEOUT' | 'CONNECTION', detail: string) => {
        settle({ kind: 'unanswered', cause, detail });
        sent.destroy();
      };
      // One deadline for the whole call: connecting, headers and body together.
      const deadline = setTimeout(
        () => giveUp('TIMEOUT', `no answer within ${MONEY_TIMEOUT_MS} ms`),
        MONEY_TIMEOUT_MS,
      );
      sent.once('socket', (socket: Socket) => {
        if (!socket.connecting) return;
        const unconnected = setTimeout(
          () => giveUp('CONNECTION', `no connection within ${CONNECT_MS} ms`),
          CONNECT_MS,
        );
        socket.once(connectEvent, () => clearTimeout(unconnected));
        socket.once('close', () => clearTimeout(unconnected));
      });
      sent.on('error', (error) => giveUp('CONNECTION', error.message));
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BODY_BYTES) giveUp('CONNECTION', `an answer of more than ${MAX_BODY_BYTES} bytes`);
          else chunks.push(chunk);
        });
        response.on('error', (error) => giveUp('CONNECTION', error.message));
        response.on('aborted', () =>
          giveUp('CONNECTION', 'the connection broke before the answer was whole'),
        );
        response.on('end', () =>
          settle({
            kind: 'answered',
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      sent.end(body);
    });

  return {
    async ready() {
      const hasIdle = Object.values(agent.freeSockets).some((sockets) => (sockets?.length ?? 0) > 0);
      if (!hasIdle) spare = takeSpare() ?? (await connected());
    },

    grant: ({ promotionType, idempotencyKey, body }) =>
      send(PATHS[promotionType], idempotencyKey, JSON.stringify(body)),
  };
}
