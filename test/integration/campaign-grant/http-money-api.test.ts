import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { httpMoneyApi } from '../../../lambdas/campaign-grant/adapters/http-money-api.ts';
import type { GrantRequest } from '../../../lambdas/campaign-grant/domain/grant-request.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

function makeRequest(overrides: Partial<GrantRequest> = {}): GrantRequest {
  return {
    promotionType: 'POINT',
    idempotencyKey: 'POINT-3-7',
    body: { customerUid: '12345', amount: '1000', expiryAt: '20301231235959', reason: '새해맞이' },
    ...overrides,
  };
}

/** @returns its base URL; it is closed after the test. */
async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    if (server.listening) await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (listener: RequestListener) => listen(createServer(listener));
const api = (url: string) => httpMoneyApi(url, 'a-key');

describe('a request', () => {
  it.each([
    ['VOUCHER', '/v1/grants/vouchers'],
    ['POINT', '/v1/grants/points'],
  ] as const)(
    'of a %s is a POST to %s with the key, the idempotency key and the body',
    async (promotionType, path) => {
      const seen: unknown[] = [];
      const see = async ({ method, url, headers }: IncomingMessage, body: Promise<string>) => {
        const named = {
          apiKey: headers['x-api-key'],
          key: headers['idempotency-key'],
          type: headers['content-type'],
        };
        seen.push({ method, url, ...named, body: JSON.parse(await body) as unknown });
      };
      const url = await serve((request, response) => {
        void see(request, text(request)).then(() => response.end('{}'));
      });
      const request = makeRequest({ promotionType });

      await api(url).grant(request);

      expect(seen).toEqual([
        {
          method: 'POST',
          url: path,
          apiKey: 'a-key',
          key: 'POINT-3-7',
          type: 'application/json',
          body: request.body,
        },
      ]);
    },
  );

  it.each(['/money', '/money/'])('goes below the path of the base URL: %s', async (basePath) => {
    const paths: unknown[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.end();
    });

    await api(`${url}${basePath}`).grant(makeRequest());

    expect(paths).toEqual(['/money/v1/grants/points']);
  });
});

describe('an answer', () => {
  it.each([
    ['200 with JSON', 200, '{"transactionKey":"T-1"}'],
    ['200 with HTML', 200, '<html>a proxy</html>'],
    ['422 with a reason', 422, '{"code":"ACCOUNT_CLOSED","message":"닫힘"}'],
    ['429 with nothing', 429, ''],
    ['503 with nothing', 503, ''],
  ])('%s is given as it came', async (_name, status, body) => {
    const url = await serve((_request, response) => response.writeHead(status).end(body));

    expect(await api(url).grant(makeRequest())).toEqual({ kind: 'answered', status, body });
  });

  it.each([301, 302, 307, 308])('%i is given as it came: nobody follows it with the key', async (status) => {
    let visits = 0;
    const elsewhere = await serve((_request, response) => {
      visits += 1;
      response.end('{"transactionKey":"T-1"}');
    });
    const url = await serve((_request, response) =>
      response.writeHead(status, { location: elsewhere }).end(),
    );

    const answer = await api(url).grant(makeRequest());

    expect(answer).toMatchObject({ kind: 'answered', status });
    expect(visits).toBe(0);
  });

  it.each([
    ['whose length is said', { 'content-length': String(10 * 1024 * 1024) }],
    ['in chunks', {}],
  ])('of 10 MB, %s, is cut off', async (_name, headers) => {
    let cutOff: Promise<unknown> = Promise.resolve();
    let wasWhole = true;
    const url = await serve((_request, response) => {
      cutOff = once(response, 'close').then(() => (wasWhole = response.writableFinished));
      response.writeHead(200, headers).end(Buffer.alloc(10 * 1024 * 1024, 'x'));
    });

    const answer = await api(url).grant(makeRequest());

    expect(answer).toMatchObject({ kind: 'unanswered', cause: 'CONNECTION' });
    await cutOff;
    expect(wasWhole).toBe(false);
  });
});

describe('a broken connection is an answer', () => {
  it('when it is refused', async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    await once(server, 'close');

    expect(await api(url).grant(makeRequest())).toMatchObject({ kind: 'unanswered', cause: 'CONNECTION' });
  });

  it('when it is reset before the answer', async () => {
    const url = await serve((request) => request.socket.resetAndDestroy());

    expect(await api(url).grant(makeRequest())).toMatchObject({ kind: 'unanswered', cause: 'CONNECTION' });
  });

  it('when it ends in the middle of the answer', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"transactionKey":', () => request.socket.destroy());
    });

    expect(await api(url).grant(makeRequest())).toMatchObject({ kind: 'unanswered', cause: 'CONNECTION' });
  });

  it('when what comes is not HTTP', async () => {
    const url = await listen(createSocketServer((socket) => socket.end('220 mail.example.com ESMTP\r\n')));

    expect(await api(url).grant(makeRequest())).toMatchObject({ kind: 'unanswered', cause: 'CONNECTION' });
  });

  it('and the next call is made on a new one', async () => {
    let calls = 0;
    const url = await serve((request, response) => {
      calls += 1;
      if (calls === 1) request.socket.resetAndDestroy();
      else response.end('{"transactionKey":"T-1"}');
    });
    const money = api(url);
    await money.grant(makeRequest());

    expect(await money.grant(makeRequest())).toMatchObject({ kind: 'answered', status: 200 });
    // undici itself repeats nothing: each try is one that the attempts count.
    expect(calls).toBe(2);
  });
});

describe('a connection', () => {
  const counting = async () => {
    let connections = 0;
    const server = createServer((_request, response) => response.end('{"transactionKey":"T-1"}'));
    server.on('connection', () => (connections += 1));
    return { url: await listen(server), connections: () => connections };
  };

  it('stands ready before the call that uses it', async () => {
    const { url, connections } = await counting();
    const money = api(url);

    await money.ready();
    await money.ready();

    expect(connections()).toBe(1);
    expect(await money.grant(makeRequest())).toMatchObject({ status: 200 });
    await money.ready();
    expect(await money.grant(makeRequest())).toMatchObject({ status: 200 });
    expect(connections()).toBe(1);
  });

  it('is made for each call that is under way: none waits for another', async () => {
    const { url, connections } = await counting();
    const money = api(url);

    await Promise.all(Array.from({ length: 40 }, () => money.grant(makeRequest())));

    expect(connections()).toBe(40);
  });

  it('on which the API has spoken unasked is not used: what it said would be taken for an answer', async () => {
    const sockets: Socket[] = [];
    const server = createServer((_request, response) => response.end('{"transactionKey":"T-1"}'));
    server.on('connection', (socket: Socket) => {
      if (sockets.push(socket) > 1) return;
      socket.end('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n');
    });
    const money = api(await listen(server));
    await money.ready();
    while (sockets.length === 0) await setImmediate();
    // It arrives a moment later.
    await sleep(50);

    await money.ready();
    expect(await money.grant(makeRequest())).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('that the API closed before it was used is replaced', async () => {
    const sockets: Socket[] = [];
    const server = createServer((_request, response) => response.end('{"transactionKey":"T-1"}'));
    server.on('connection', (socket: Socket) => sockets.push(socket));
    const money = api(await listen(server));
    await money.ready();
    while (sockets.length === 0) await once(server, 'connection');
    const [idle] = sockets;
    idle?.destroy();
    if (idle !== undefined && !idle.closed) await once(idle, 'close');

    // It learns of it a moment later.
    while (sockets.length < 2) {
      await money.ready();
      await setImmediate();
    }

    expect(await money.grant(makeRequest())).toMatchObject({ status: 200 });
  });

  it('that cannot be made is the call’s matter', async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    await once(server, 'close');
    const money = api(url);

    await expect(money.ready()).resolves.toBeUndefined();

    expect(await money.grant(makeRequest())).toMatchObject({ kind: 'unanswered', cause: 'CONNECTION' });
  });
});

// The test's own time limit says that the deadline of 3 s is kept.
describe('an answer that takes longer than 3 s is a TIMEOUT', () => {
  it('however it is late', { timeout: 6_000 }, async () => {
    const urls = await Promise.all([
      // Connected, and then nothing.
      serve(() => undefined),
      // The headers come, the body does not.
      serve((_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.flushHeaders();
      }),
      // A byte now and then: each one in time, all of them late.
      serve((_request, response) => {
        const drip = setInterval(() => response.write(' '), 200);
        response.once('close', () => clearInterval(drip));
      }),
    ]);

    const late = await Promise.all(urls.map((url) => api(url).grant(makeRequest())));

    const timeout = { kind: 'unanswered', cause: 'TIMEOUT', detail: 'no answer within 3000 ms' };
    expect(late).toEqual([timeout, timeout, timeout]);
  });
});
