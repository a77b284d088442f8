import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { httpHandler } from '../../../../lambdas/shared/http/api-gateway.ts';
import { httpApp } from '../../../../lambdas/shared/http/app.ts';
import { serve } from '../../../../lambdas/shared/http/serve.ts';
import { operation } from '../../../../schema/admin-api/operation.ts';
import { FakeHttpLog, makeHttpEvent } from '../../../support/http-api.ts';
import { makeLambdaContext } from '../../../support/lambda-context.ts';

const echo = operation({
  operationId: 'echo',
  method: 'post',
  path: '/echo/{word}',
  tag: 'test',
  summary: 'Says what it was told.',
  access: 'open',
  parameters: z.object({ word: z.string() }),
  query: z.record(z.string(), z.string()),
  body: z.unknown(),
  answers: { 200: { description: 'What it was told.', schema: z.unknown() } },
  problems: [],
});

const handler = httpHandler(
  httpApp(
    [
      serve(echo, ({ parameters, query, body }) =>
        Promise.resolve({ status: 200, body: { ...parameters, query, body } }),
      ),
    ],
    { authenticate: () => Promise.reject(new Error('nobody')), log: new FakeHttpLog(), monotonic: () => 0 },
  ),
);
const context: Context = makeLambdaContext('echo');

describe('an event of API Gateway', () => {
  it('is a request, and its answer one of API Gateway', async () => {
    const answer = await handler(makeHttpEvent('POST', '/echo/hi?a=1&b=%26', { body: { x: '한' } }), context);

    expect(answer).toMatchObject({
      statusCode: 200,
      isBase64Encoded: false,
      headers: { 'content-type': 'application/json', 'x-request-id': 'JKJaXmPLvHcESHA=' },
    });
    expect(JSON.parse(answer.body)).toEqual({ word: 'hi', query: { a: '1', b: '&' }, body: { x: '한' } });
  });

  it('whose body is in base64 is the same request', async () => {
    const event = makeHttpEvent('POST', '/echo/hi', { body: { x: '한' } });
    const encoded = {
      ...event,
      body: Buffer.from(event.body ?? '').toString('base64'),
      isBase64Encoded: true,
    };

    expect(JSON.parse((await handler(encoded, context)).body)).toMatchObject({ body: { x: '한' } });
  });

  it('has a path that API Gateway has unescaped already', async () => {
    const event = { ...makeHttpEvent('POST', '/echo/x', {}), rawPath: '/echo/what?#한' };

    expect(JSON.parse((await handler(event, context)).body)).toMatchObject({ word: 'what?#한', query: {} });
  });

  it('cannot name another host by its path', async () => {
    const event = { ...makeHttpEvent('POST', '/', {}), rawPath: '//example.com/echo/x' };

    expect(await handler(event, context)).toMatchObject({ statusCode: 404 });
  });

  it('says its own id, whatever the caller says', async () => {
    const event = makeHttpEvent('POST', '/echo/hi', { headers: { 'x-request-id': 'mine' } });

    expect((await handler(event, context)).headers['x-request-id']).toBe('JKJaXmPLvHcESHA=');
  });

  it.each(['TRACE', 'CONNECT', 'G T'])('of the method %s is a malformed request', async (method) => {
    const answer = await handler(makeHttpEvent(method, '/echo/hi'), context);

    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
    });
  });

  it('with a body of GET is a request without one', async () => {
    expect(await handler(makeHttpEvent('GET', '/echo/hi', { body: {} }), context)).toMatchObject({
      statusCode: 405,
    });
  });

  it('of another payload format is refused: the stack asks for 2.0', async () => {
    await expect(handler({ ...makeHttpEvent('GET', '/'), version: '1.0' }, context)).rejects.toThrow(
      'the input is wrong: version',
    );
  });
});
