/** The store and the notification service over HTTP: what is tried again, what is final, and what is made of answers. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askService } from '../../../lambdas/coupon-stats/adapters/ask-service.ts';
import {
  httpNotificationService,
  httpStoreService,
} from '../../../lambdas/coupon-stats/adapters/http-services.ts';
import { SERVICE_REFUSED } from '../../../schema/errors.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (body: unknown, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const status = (code: number, headers = {}): Answer => {
  return (response) => {
    response.writeHead(code, headers).end('no JSON');
  };
};
const html: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html>maintenance</html>');
};
const silence: Answer = () => undefined;
const broken: Answer = (response) => {
  response.socket?.destroy();
};
const brokenMidway: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"value":', () => response.socket?.destroy());
};

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

/** @param given one after the other; the last for whatever else is asked */
async function startService(...given: Answer[]) {
  const asked: Asked[] = [];
  const answers = [...given];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      asked.push({
        method,
        path: url,
        authorization: headers.authorization,
        contentType: headers['content-type'],
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    asked,
    address: { baseUrl: `http://127.0.0.1:${port}`, token: () => Promise.resolve('the token') },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
type Service = Awaited<ReturnType<typeof startService>>;

const ask = ({ address }: Service) =>
  askService(address, '/internal/v1/things', { ids: [1] }, z.object({ value: z.string() }));

describe.concurrent('a service', () => {
  it('is asked with our token, in JSON, also where its address ends in a slash', async () => {
    await using service = await startService(json({ value: 'yes', more: true }));
    const { baseUrl, token } = service.address;

    const answer = await askService(
      { baseUrl: `${baseUrl}/base/`, token },
      '/things',
      { ids: [1, 2] },
      z.object({ value: z.string() }),
    );

    expect(answer).toEqual({ ok: true, value: { value: 'yes' } });
    expect(service.asked).toEqual([
      {
        method: 'POST',
        path: '/base/things',
        authorization: 'Bearer the token',
        contentType: 'application/json',
        body: { ids: [1, 2] },
      },
    ]);
  });

  it.each<[string, Answer, string]>([
    ['500', status(500), 'HTTP_500'],
    ['503', status(503, { 'retry-after': '1' }), 'HTTP_503'],
    ['429', status(429), 'HTTP_429'],
    ['HTML in place of JSON', html, 'ANSWER_INVALID'],
    ['JSON that is none of its contract', json({ value: 1 }), 'ANSWER_INVALID'],
    ['a connection that breaks', broken, 'CONNECTION'],
    ['a connection that breaks in the answer', brokenMidway, 'CONNECTION'],
    ['nothing within three seconds', silence, 'TIMEOUT'],
  ])('that answers %s is tried three times', async (_, answer, reason) => {
    await using service = await startService(answer);

    expect(await ask(service)).toEqual({ ok: false, reason });
    expect(service.asked).toHaveLength(3);
    expect(reason.length).toBeLessThanOrEqual(40 - 'TOKENS_'.length);
  });

  it('that nobody runs cannot be had', async () => {
    const nobody = { baseUrl: 'http://127.0.0.1:1', token: () => Promise.resolve('the token') };

    expect(await askService(nobody, '/things', {}, z.object({}))).toEqual({
      ok: false,
      reason: 'CONNECTION',
    });
  });

  it.each<[string, Answer]>([
    ['500', status(500)],
    ['HTML', html],
    ['a broken connection', broken],
    ['429', status(429)],
  ])('that recovers after %s is heard at the third try', async (_, answer) => {
    await using service = await startService(answer, answer, json({ value: 'yes' }));

    expect(await ask(service)).toEqual({ ok: true, value: { value: 'yes' } });
    expect(service.asked).toHaveLength(3);
  });

  it.each([400, 404, 413, 422])('that answers %i is not asked again', async (code) => {
    await using service = await startService(status(code), json({ value: 'yes' }));

    expect(await ask(service)).toEqual({ ok: false, reason: `HTTP_${code}` });
    expect(service.asked).toHaveLength(1);
  });

  it.each([401, 403])(
    'that refuses our token with %i is not asked again: nobody can be asked',
    async (code) => {
      await using service = await startService(status(code), json({ value: 'yes' }));

      const failure: unknown = await ask(service).catch((error: unknown) => error);
      // The name is what the state machine knows it by.
      expect(failure).toMatchObject({ name: SERVICE_REFUSED });
      expect(String(failure)).toContain(String(code));
      expect(JSON.stringify(failure) + String(failure)).not.toContain('the token');
      expect(service.asked).toHaveLength(1);
    },
  );

  it('that refuses our token at the second try is not asked a third time', async () => {
    await using service = await startService(status(500), status(403), json({ value: 'yes' }));

    await expect(ask(service)).rejects.toMatchObject({ name: SERVICE_REFUSED });
    expect(service.asked).toHaveLength(2);
  });
});

describe.concurrent('the store service', () => {
  it('says districts of stores; a store that is unknown is left out, one that is said twice has the last', async () => {
    await using service = await startService(
      json({
        stores: [
          { storeId: 1, dong: 'A' },
          { storeId: 3, dong: 'B' },
          { storeId: 3, dong: 'C' },
        ],
      }),
    );

    expect(await httpStoreService(service.address).dongsOfStores(['1', '2', '3'])).toEqual({
      ok: true,
      value: new Map([
        ['1', 'A'],
        ['3', 'C'],
      ]),
    });
    expect(service.asked).toMatchObject([
      { path: '/internal/v1/stores/dongs', body: { storeIds: [1, 2, 3] } },
    ]);
  });

  it('says stores of districts; what it says of one district twice is put together, each store once', async () => {
    await using service = await startService(
      json({
        dongs: [
          { dong: 'A', storeIds: [1, 2, 2] },
          { dong: 'B', storeIds: [] },
          { dong: 'A', storeIds: [2, 3] },
        ],
      }),
    );

    expect(await httpStoreService(service.address).storesOfDongs(['A', 'B', 'C'])).toEqual({
      ok: true,
      value: new Map([
        ['A', ['1', '2', '3']],
        ['B', []],
      ]),
    });
    expect(service.asked).toMatchObject([
      { path: '/internal/v1/dongs/stores', body: { dongs: ['A', 'B', 'C'] } },
    ]);
  });

  it('that does not answer says why nothing can be had', async () => {
    await using service = await startService(status(400));

    expect(await httpStoreService(service.address).dongsOfStores(['1'])).toEqual({
      ok: false,
      reason: 'HTTP_400',
    });
    expect(await httpStoreService(service.address).storesOfDongs(['A'])).toEqual({
      ok: false,
      reason: 'HTTP_400',
    });
  });
});

describe.concurrent('the notification service', () => {
  it('says tokens of members; a member who is said twice has all of them, each once', async () => {
    await using service = await startService(
      json({
        members: [
          { memberId: 7, tokens: ['a', 'b', 'a'] },
          { memberId: 8, tokens: [] },
          { memberId: 7, tokens: ['b', 'c'] },
        ],
      }),
    );

    expect(await httpNotificationService(service.address).tokensOfMembers(['7', '8', '9'])).toEqual({
      ok: true,
      value: new Map([
        ['7', ['a', 'b', 'c']],
        ['8', []],
      ]),
    });
    expect(service.asked).toMatchObject([
      { path: '/internal/v1/fcm-tokens', body: { memberIds: [7, 8, 9] } },
    ]);
  });
});
