import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startHttpApi } from '../../../local/services/api-gateway/server.ts';
import type { HttpApiOptions } from '../../../local/services/api-gateway/server.ts';
import { LambdaServiceError, throttled } from '../../../local/services/lambda/outcome.ts';
import type { InvocationOutcome } from '../../../local/services/lambda/outcome.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Api {
  readonly url: string;
  /** Of the functions, in the order of their invocations. */
  readonly events: Record<string, unknown>[];
  readonly logged: string[];
}

type Answer = (functionArn: string) => unknown;

/** An API before functions that answer so; the routes are for functions named like the routes' keys. */
async function startApi(
  routeKeys: string[],
  answer: Answer = () => ({ statusCode: 200 }),
  overrides: Partial<HttpApiOptions> = {},
): Promise<Api> {
  const events: Record<string, unknown>[] = [];
  const logged: string[] = [];
  const api = await startHttpApi({
    id: 'a1b2c3d4e5',
    name: 'admin',
    accountId: '000000000000',
    routes: routeKeys.map((routeKey) => ({ routeKey, integrationId: routeKey })),
    integrations: routeKeys.map((id) => ({ id, functionArn: id, timeoutMilliseconds: 30_000 })),
    invoke: async (functionArn, payload): Promise<InvocationOutcome> => {
      events.push(z.record(z.string(), z.unknown()).parse(JSON.parse(payload)));
      return { ok: true, payload: JSON.stringify(await answer(functionArn)) };
    },
    log: (line) => logged.push(line),
    ...overrides,
  });
  cleanups.push(() => api.close());
  return { url: api.url, events, logged };
}

const failing = (outcome: () => Promise<InvocationOutcome>) => ({ invoke: outcome });

describe('the event of a request', () => {
  it('is that of payload format 2.0', async () => {
    const { url, events } = await startApi(['POST /campaigns/{id}/start']);
    const { port } = new URL(url);

    // fetch joins headers by itself.
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest(
        `${url}/campaigns/a%20%ED%95%9C/start?tag=x&tag=y%20z&empty=&plus=a+b`,
        {
          method: 'POST',
          headers: [
            ...['Host', `127.0.0.1:${port}`, 'X-Many', 'one', 'x-many', 'two', 'User-Agent', 'test'],
            ...['Cookie', 'a=1; b=2', 'Content-Type', 'application/json', 'X-Forwarded-For', '10.0.0.9'],
          ],
        },
        (response) => response.resume().once('end', resolve),
      ).once('error', reject);
      sent.end('{"reason":"한"}');
    });

    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: 'POST /campaigns/{id}/start',
        rawPath: '/campaigns/a 한/start',
        rawQueryString: 'tag=x&tag=y%20z&empty=&plus=a+b',
        cookies: ['a=1', 'b=2'],
        headers: {
          'content-length': '16',
          'content-type': 'application/json',
          host: `127.0.0.1:${port}`,
          'user-agent': 'test',
          'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/) as unknown,
          'x-forwarded-for': '10.0.0.9, 127.0.0.1',
          'x-forwarded-port': port,
          'x-forwarded-proto': 'http',
          'x-many': 'one,two',
        },
        queryStringParameters: { tag: 'x,y z', empty: '', plus: 'a b' },
        requestContext: {
          accountId: '000000000000',
          apiId: 'a1b2c3d4e5',
          domainName: '127.0.0.1',
          domainPrefix: '127',
          http: {
            method: 'POST',
            path: '/campaigns/a 한/start',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'test',
          },
          requestId: expect.stringMatching(/^[\w+/]{15}=$/) as unknown,
          routeKey: 'POST /campaigns/{id}/start',
          stage: '$default',
          time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/) as unknown,
          timeEpoch: expect.any(Number) as unknown,
        },
        pathParameters: { id: 'a 한' },
        body: '{"reason":"한"}',
        isBase64Encoded: false,
      },
    ]);
  });

  it('leaves out what the request has not', async () => {
    const { url, events } = await startApi(['GET /']);

    await fetch(url);

    const [event = {}] = events;
    expect(event).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
    for (const absent of ['body', 'cookies', 'pathParameters', 'queryStringParameters']) {
      expect(event).not.toHaveProperty(absent);
    }
  });

  it.each([
    ['application/json; charset=utf-8', false],
    ['text/csv', false],
    ['text/plain; charset=iso-8859-1', true],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
  ])('has a body of %s in base64: %s', async (contentType, inBase64) => {
    const { url, events } = await startApi(['POST /']);

    await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body: Buffer.from('a=1') });

    const body = inBase64 ? Buffer.from('a=1').toString('base64') : 'a=1';
    expect(events).toMatchObject([{ body, isBase64Encoded: inBase64 }]);
  });
});

describe('the route of a request', () => {
  const ROUTES = [
    '$default',
    'ANY /{proxy+}',
    'ANY /pets/{proxy+}',
    'GET /pets/{id}',
    'ANY /pets/{id}',
    'GET /pets/dog',
    'POST /pets/{id}/feed',
  ];

  it.each([
    ['GET', '/pets/dog', 'GET /pets/dog', undefined],
    ['GET', '/pets/7', 'GET /pets/{id}', { id: '7' }],
    ['PUT', '/pets/dog', 'ANY /pets/{id}', { id: 'dog' }],
    ['GET', '/pets/7/feed', 'ANY /pets/{proxy+}', { proxy: '7/feed' }],
    ['POST', '/pets/7/feed', 'POST /pets/{id}/feed', { id: '7' }],
    ['GET', '/pets', 'ANY /{proxy+}', { proxy: 'pets' }],
    ['GET', '/pets/', 'ANY /{proxy+}', { proxy: 'pets/' }],
    ['GET', '/', '$default', undefined],
  ])('%s %s takes %s', async (method, path, routeKey, pathParameters) => {
    const { url, events } = await startApi(ROUTES);

    await fetch(`${url}${path}`, { method });

    expect(events.map((event) => [event['routeKey'], event['pathParameters']])).toEqual([
      [routeKey, pathParameters],
    ]);
  });

  it('is not found where no route fits, in path or method', async () => {
    const { url, events } = await startApi(['GET /pets']);

    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/pets'],
      ['GET', '/pets/1'],
      ['GET', '/Pets'],
    ]) {
      const response = await fetch(`${url}${path ?? ''}`, { method: method ?? '' });
      expect([response.status, await response.text()]).toEqual([404, '{"message":"Not Found"}']);
    }
    expect(events).toEqual([]);
  });
});

describe('the answer of a function', () => {
  it('is its status, headers, cookies and body', async () => {
    const { url } = await startApi(['GET /'], () => ({
      statusCode: 201,
      headers: { 'Content-Type': 'application/problem+json', 'X-Count': 7, 'Content-Length': '999' },
      cookies: ['a=1; HttpOnly', 'b=2'],
      body: '{"ok":true}',
    }));

    const response = await fetch(url);

    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-count')).toBe('7');
    expect(response.headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2']);
    expect(response.headers.get('apigw-requestid')).not.toBeNull();
    expect(await response.text()).toBe('{"ok":true}');
  });

  it('is decoded from base64', async () => {
    const body = Buffer.from([0, 255, 1]);
    const { url } = await startApi(['GET /'], () => ({
      statusCode: 200,
      headers: { 'content-type': 'image/png' },
      body: body.toString('base64'),
      isBase64Encoded: true,
    }));

    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(body);
  });

  it.each([
    ['a text', 'Hello "you"', 'Hello "you"'],
    ['an object without a status', { message: 'hi' }, '{"message":"hi"}'],
    ['a list', [1, 2], '[1,2]'],
    ['a number', 42, '42'],
  ])('is inferred from %s', async (_what, value, body) => {
    const { url } = await startApi(['GET /'], () => value);

    const response = await fetch(url);

    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.text()).toBe(body);
  });

  it('is plain text where it names no type, and nothing for HEAD', async () => {
    const { url } = await startApi(['ANY /'], () => ({ statusCode: 200, body: 'here' }));

    const response = await fetch(url, { method: 'HEAD' });

    expect(response.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect(await response.text()).toBe('');
  });

  it.each([
    ['a body that is no text', { statusCode: 200, body: { message: 'hi' } }, /body/],
    ['half a status', { statusCode: 200.5 }, /statusCode/],
    ['a status in words', { statusCode: 'OK' }, /statusCode/],
  ])('with %s is refused, and the log says why', async (_what, value, why) => {
    const { url, logged } = await startApi(['GET /'], () => value);

    const response = await fetch(url);

    expect([response.status, await response.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    expect(logged).toEqual([expect.stringMatching(why)]);
  });
});

describe('API Gateway answers by itself', () => {
  const answered = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  const json = 'application/json';

  it('500 when the function fails', async () => {
    const error = { errorType: 'Error', errorMessage: 'the password is x' };
    const { url } = await startApi(
      ['GET /'],
      undefined,
      failing(() => Promise.resolve({ ok: false, error })),
    );

    expect(await answered(url)).toEqual([500, json, '{"message":"Internal Server Error"}']);
  });

  it('503 when the function is throttled', async () => {
    const { url } = await startApi(
      ['GET /'],
      undefined,
      failing(() => Promise.reject(throttled())),
    );

    expect(await answered(url)).toEqual([503, json, '{"message":"Service Unavailable"}']);
  });

  it('503 when the function does not answer in time', async () => {
    const answer = sleep(60_000, { ok: true as const, payload: '{}' }, { ref: false });
    const { url } = await startApi(['GET /'], undefined, {
      integrations: [{ id: 'GET /', functionArn: 'f', timeoutMilliseconds: 50 }],
      invoke: () => answer,
    });

    expect(await answered(url)).toEqual([503, json, '{"message":"Service Unavailable"}']);
  });

  it('413 when the function cannot be given the event', async () => {
    const tooLarge = new LambdaServiceError('RequestTooLargeException', 413, 'too large');
    const { url } = await startApi(
      ['GET /'],
      undefined,
      failing(() => Promise.reject(tooLarge)),
    );

    expect(await answered(url)).toEqual([413, json, '{"message":"Request Entity Too Large"}']);
  });

  it('413 to more than 10 MB, which no function sees', async () => {
    const { url, events } = await startApi(['POST /']);
    const post = (bytes: number) => answered(url, { method: 'POST', body: Buffer.alloc(bytes, 'x') });

    expect((await post(10 * 1024 * 1024))[0]).toBe(200);
    expect(await post(10 * 1024 * 1024 + 1)).toEqual([413, json, '{"message":"Request Entity Too Large"}']);
    expect(events).toHaveLength(1);
  });

  it('400 to a path that is not well encoded', async () => {
    const { url, events } = await startApi(['$default']);

    expect(await answered(`${url}/%zz`)).toEqual([400, json, '{"message":"Bad Request"}']);
    expect(events).toEqual([]);
  });
});

it('refuses a route whose integration is not there', async () => {
  await expect(startApi(['GET /'], undefined, { integrations: [] })).rejects.toThrow(
    'HTTP API admin: GET / has no integration',
  );
});
