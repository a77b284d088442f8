import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { httpApp } from '../../../../lambdas/shared/http/app.ts';
import { serve } from '../../../../lambdas/shared/http/serve.ts';
import type { Call } from '../../../../lambdas/shared/http/serve.ts';
import { MAX_BODY_BYTES, nothing, operation } from '../../../../schema/admin-api/operation.ts';
import { FakeHttpLog, ask, problemOf } from '../../../support/http-api.ts';
import type { AskOptions } from '../../../support/http-api.ts';

const things = operation({
  operationId: 'makeThing',
  method: 'post',
  path: '/things/{thingId}',
  tag: 'test',
  summary: 'Makes a thing.',
  access: 'open',
  parameters: z.object({ thingId: z.string().regex(/^[0-9]+$/, 'must be a number') }),
  query: z.strictObject({ limit: z.coerce.number().int().min(1).max(9).default(3) }),
  body: z.strictObject({
    names: z.array(z.string().max(5)).optional(),
    'a/b~c': z.literal(1).optional(),
  }),
  answers: {
    200: { description: 'Made.', schema: z.object({ made: z.unknown() }) },
    202: { description: 'Later.', schema: z.object({}), headers: { Location: 'Where.' } },
  },
  problems: ['wrong-state'],
});
const thing = operation({
  operationId: 'readText',
  method: 'get',
  path: '/things/{thingId}',
  tag: 'test',
  summary: 'Reads a thing.',
  access: 'open',
  parameters: z.object({ thingId: z.string() }),
  query: nothing,
  body: nothing,
  answers: { 200: { description: 'The text.', schema: z.string(), mediaType: 'text/plain; charset=utf-8' } },
  problems: [],
});
const operations = [things, thing];

type ThingCall = Call<{ thingId: string }, { limit: number }, unknown>;

function makeApp(
  work: (call: ThingCall) => Promise<unknown> = () => Promise.resolve('made'),
  deadlineSeconds = 25,
) {
  const log = new FakeHttpLog();
  const calls: ThingCall[] = [];
  const app = httpApp(
    [
      serve(things, async (call) => {
        calls.push(call);
        return { status: 200, body: { made: await work(call) } };
      }),
      serve(thing, ({ parameters }) => Promise.resolve({ status: 200, body: `thing ${parameters.thingId}` })),
    ],
    {
      authenticate: () => Promise.reject(new Error('open operations ask nobody')),
      log,
      monotonic: () => 0,
      deadlineSeconds,
    },
  );
  return {
    log,
    calls,
    ask: (method: string, target: string, options: AskOptions = {}) =>
      ask(app, method, target, { ...options, operations }),
  };
}

describe('an operation', () => {
  it('is given what was sent, checked and with its defaults', async () => {
    const { calls, ask } = makeApp();

    await ask('POST', '/things/7?limit=5', { body: { names: ['a'] } });
    await ask('POST', '/things/8');

    expect(calls).toEqual([
      { parameters: { thingId: '7' }, query: { limit: 5 }, body: { names: ['a'] }, caller: null },
      { parameters: { thingId: '8' }, query: { limit: 3 }, body: {}, caller: null },
    ]);
  });

  it('answers with the media type that it describes', async () => {
    expect(await makeApp().ask('GET', '/things/7')).toMatchObject({ statusCode: 200, text: 'thing 7' });
  });

  it('takes any media type of JSON', async () => {
    const headers = { 'content-type': 'application/merge-patch+json; charset=utf-8' };

    expect((await makeApp().ask('POST', '/things/7', { body: {}, headers })).statusCode).toBe(200);
  });

  it('asks for no media type where there is no body', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };

    expect((await makeApp().ask('POST', '/things/7', { headers })).statusCode).toBe(200);
  });
});

describe('every answer', () => {
  it('carries the id by which the logs know it, and is kept by nobody', async () => {
    const { ask, log } = makeApp();

    for (const target of ['/things/7', '/nothing']) {
      const { headers } = await ask('GET', target);
      expect(headers).toMatchObject({
        'x-request-id': 'JKJaXmPLvHcESHA=',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
    }
    expect(log.lines).toMatchObject([
      { requestId: 'JKJaXmPLvHcESHA=', status: 200, path: '/things/7' },
      { requestId: 'JKJaXmPLvHcESHA=', status: 404, path: '/nothing' },
    ]);
  });

  it('that is a problem says what, where and under which id', async () => {
    expect(problemOf(await makeApp().ask('GET', '/nothing'))).toEqual({
      type: 'urn:grantline:problem:not-found',
      title: 'There is nothing here',
      status: 404,
      detail: 'there is nothing at this path: see /api/v1/openapi.json',
      instance: '/nothing',
      requestId: 'JKJaXmPLvHcESHA=',
    });
  });
});

describe('a wrong request', () => {
  it.each<[string, string, string, AskOptions, number, string]>([
    ['a path that is not there', 'GET', '/things', {}, 404, 'not-found'],
    ['a parameter that is none', 'POST', '/things/x', {}, 404, 'not-found'],
    ['a parameter with a slash', 'POST', '/things/7%2F8', {}, 404, 'not-found'],
    ['a query that is out of bounds', 'POST', '/things/7?limit=10', {}, 400, 'malformed-request'],
    ['a query that is no number', 'POST', '/things/7?limit=', {}, 400, 'malformed-request'],
    ['a query that is not known', 'POST', '/things/7?limits=1', {}, 400, 'malformed-request'],
    ['a query where there is none', 'GET', '/things/7?x=1', {}, 400, 'malformed-request'],
    ['a body that is no JSON', 'POST', '/things/7', { body: '{"names":' }, 400, 'malformed-request'],
    ['a body that is no object', 'POST', '/things/7', { body: [] }, 422, 'invalid-body'],
    ['a body that is null', 'POST', '/things/7', { body: 'null' }, 422, 'invalid-body'],
    [
      'a body with a field that is not known',
      'POST',
      '/things/7',
      { body: { name: 'x' } },
      422,
      'invalid-body',
    ],
    ['a body of another type', 'POST', '/things/7', { body: { names: 'x' } }, 422, 'invalid-body'],
    [
      'a body that is a form',
      'POST',
      '/things/7',
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported-media-type',
    ],
    [
      'a body without a media type',
      'POST',
      '/things/7',
      { body: '{}', headers: { 'content-type': '' } },
      415,
      'unsupported-media-type',
    ],
    [
      'a body that is too large',
      'POST',
      '/things/7',
      { body: { names: ['x'.repeat(MAX_BODY_BYTES)] } },
      413,
      'body-too-large',
    ],
  ])('with %s is refused', async (_name, method, target, options, status, problem) => {
    const { ask, calls } = makeApp();

    const answer = await ask(method, target, options);

    expect(problemOf(answer)).toMatchObject({ status, type: `urn:grantline:problem:${problem}` });
    expect(answer.statusCode).toBe(status);
    expect(calls).toEqual([]);
  });

  it('is told every part that is wrong, by where it is', async () => {
    const { ask } = makeApp();

    const body = await ask('POST', '/things/7', { body: { names: ['a', 'too long'], 'a/b~c': 2 } });
    const query = await ask('POST', '/things/7?limit=0');

    expect(problemOf(body).errors).toMatchObject([{ pointer: '#/names/1' }, { pointer: '#/a~1b~0c' }]);
    expect(problemOf(query).errors).toMatchObject([{ parameter: 'limit' }]);
  });

  it('is told the first twenty, however many are wrong', async () => {
    const names = Array.from({ length: 1_000 }, () => 'too long');

    expect(problemOf(await makeApp().ask('POST', '/things/7', { body: { names } })).errors).toHaveLength(20);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'by %s is told how the path is asked for',
    async (method) => {
      const answer = await makeApp().ask(method, '/things/7');

      expect(answer.statusCode).toBe(405);
      expect(answer.headers['allow']).toBe('POST, GET');
      expect(problemOf(answer).type).toBe('urn:grantline:problem:method-not-allowed');
    },
  );

  it('to what others serve is told so as well', async () => {
    const app = httpApp([], {
      authenticate: () => Promise.reject(new Error('nobody')),
      log: new FakeHttpLog(),
      monotonic: () => 0,
      servedElsewhere: operations,
    });

    expect((await ask(app, 'DELETE', '/things/7', { operations })).headers['allow']).toBe('POST, GET');
  });
});

describe('what fails', () => {
  it('is told as no more than that; the log knows the rest', async () => {
    const error = new Error('SELECT secret FROM password AT 10.0.0.1');
    const { ask, log } = makeApp(() => Promise.reject(error));

    const answer = await ask('POST', '/things/7');

    expect(problemOf(answer)).toMatchObject({ status: 500, type: 'urn:grantline:problem:internal-error' });
    expect(answer.text).not.toMatch(/SELECT|password|10\.0/);
    expect(log.failures).toEqual([{ error, requestId: 'JKJaXmPLvHcESHA=' }]);
  });

  it('because the database is away for a moment is asked for again', async () => {
    const away = Object.assign(new Error('Communications link failure'), {
      name: 'DatabaseUnavailableException',
    });
    const { ask, log } = makeApp(() => Promise.reject(away));

    const answer = await ask('POST', '/things/7');

    expect(problemOf(answer)).toMatchObject({ status: 503, type: 'urn:grantline:problem:unavailable' });
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.text).not.toContain('Communications');
    expect(log.failures).toMatchObject([{ error: away }]);
  });

  it('to end in time is answered before API Gateway gives up', async () => {
    const { ask } = makeApp(() => new Promise(() => undefined), 0.01);

    expect(problemOf(await ask('POST', '/things/7'))).toMatchObject({
      status: 503,
      detail: 'it was not done in time, and may yet happen: ask again, which does nothing twice',
    });
  });
});
