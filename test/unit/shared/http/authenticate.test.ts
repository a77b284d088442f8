import { createHmac } from 'node:crypto';
import { SignJWT, exportSPKI, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { httpApp } from '../../../../lambdas/shared/http/app.ts';
import { authenticator } from '../../../../lambdas/shared/http/authenticate.ts';
import { serve } from '../../../../lambdas/shared/http/serve.ts';
import { signToken } from '../../../../lambdas/shared/http/token.ts';
import { nothing, operation } from '../../../../schema/admin-api/operation.ts';
import {
  FakeHttpLog,
  NOW_MS,
  NOW_SECONDS,
  SECRET,
  ask,
  makeToken,
  problemOf,
} from '../../../support/http-api.ts';

const guarded = operation({
  operationId: 'whoAmI',
  method: 'get',
  path: '/who',
  tag: 'test',
  summary: 'Who asks.',
  access: 'admin',
  parameters: nothing,
  query: nothing,
  body: nothing,
  answers: { 200: { description: 'Who asks.', schema: z.object({ subject: z.string() }) } },
  problems: [],
});
const operations = [guarded];

function makeApp() {
  const log = new FakeHttpLog();
  const served: string[] = [];
  const app = httpApp(
    [
      serve(guarded, ({ caller }) => {
        served.push('served');
        return Promise.resolve({ status: 200, body: { subject: caller?.subject ?? '' } });
      }),
    ],
    {
      authenticate: authenticator({ secret: () => Promise.resolve(SECRET), now: () => NOW_MS }),
      log,
      monotonic: () => 0,
    },
  );
  return { app, log, served };
}

async function who(headers: Readonly<Record<string, string>>) {
  const made = makeApp();
  return { ...made, answer: await ask(made.app, 'GET', '/who', { headers, operations }) };
}

const withToken = async (token: string | Promise<string>) => who({ authorization: `Bearer ${await token}` });

function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** With the right secret, whatever no library signs. */
function signByHand(header: object, payload: unknown): string {
  const signed = `${base64url({ alg: 'HS256', ...header })}.${base64url(payload)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

/** A symmetric key in a header, which no type allows. */
function ownKey(k: string) {
  return z.looseObject({ kty: z.string() }).parse({ kty: 'oct', k });
}

const ADMIN = { memberType: 'ADMIN', sub: 'kim', exp: NOW_SECONDS + 60 };

describe('a token that is taken', () => {
  it.each(['ADMIN', 'ROLE_ADMIN'])(
    'is that of a memberType %s; the log says whose it was',
    async (memberType) => {
      const { answer, log } = await withToken(makeToken({ memberType }));

      expect(answer).toMatchObject({ statusCode: 200, body: { subject: 'kim' } });
      expect(log.lines).toMatchObject([{ status: 200, subject: 'kim', method: 'GET', path: '/who' }]);
    },
  );

  it('is the one that the CLI makes', async () => {
    const token = signToken(SECRET, {
      memberType: 'ADMIN',
      subject: 'kim',
      lifetimeSeconds: 1,
      nowMs: NOW_MS,
    });

    expect((await withToken(token)).answer).toMatchObject({ statusCode: 200, body: { subject: 'kim' } });
  });

  it('is one that others made with the secret', async () => {
    expect((await withToken(signByHand({}, ADMIN))).answer.statusCode).toBe(200);
  });

  it('may come in any case of Bearer', async () => {
    const { answer } = await who({ authorization: `bearer ${await makeToken()}` });

    expect(answer.statusCode).toBe(200);
  });

  it.each([
    ['has expired as long ago as clocks differ', { exp: NOW_SECONDS - 4 }],
    ['is valid as soon as clocks differ', { nbf: NOW_SECONDS + 4 }],
  ])('%s', async (_name, claims) => {
    expect((await withToken(makeToken(claims))).answer.statusCode).toBe(200);
  });

  it.each([
    ['without a sub', undefined, 'unnamed'],
    ['whose sub is no text', 7, 'unnamed'],
    ['whose sub would break a line of the log', 'kim\r\n{"level":"ERROR"}', 'kim{"level":"ERROR"}'],
    ['whose sub is longer than a memo takes', 'k'.repeat(1_000), 'k'.repeat(60)],
  ])('%s names its bearer so that it can be written anywhere', async (_name, sub, subject) => {
    const claims = z.record(z.string(), z.unknown()).parse({ sub });

    expect((await withToken(makeToken(claims))).answer.body).toEqual({ subject });
  });
});

describe('a request is refused with 401 and a challenge', () => {
  const attacks: [string, () => string | Promise<string>][] = [
    ['signed by nothing (alg none)', () => `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(ADMIN)}.`],
    ['with alg None, in other letters', () => `${base64url({ alg: 'NoNe' })}.${base64url(ADMIN)}.`],
    [
      'with alg none and the signature of a good one',
      async () =>
        `${base64url({ alg: 'none' })}.${base64url(ADMIN)}.${(await makeToken()).split('.')[2] ?? ''}`,
    ],
    ['without its signature', async () => `${(await makeToken()).split('.').slice(0, 2).join('.')}.`],
    [
      'signed by RS256, with a key of the caller',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(ADMIN).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
      },
    ],
    [
      'signed by HS256 with the text of a public key (RS/HS confusion)',
      async () => {
        const { publicKey } = await generateKeyPair('RS256', { extractable: true });
        return makeToken({}, { secret: new TextEncoder().encode(await exportSPKI(publicKey)) });
      },
    ],
    [
      'signed with a key that it brings in its header',
      () => {
        const k = base64url('a key of the caller, which has 32 bytes and more');
        return makeToken({}, { header: { jwk: ownKey(k) }, secret: Buffer.from(k, 'base64url') });
      },
    ],
    ['signed by HS384 with the right secret', () => makeToken({}, { header: { alg: 'HS384' } })],
    ['signed by HS512 with the right secret', () => makeToken({}, { header: { alg: 'HS512' } })],
    [
      'signed with another secret',
      () => makeToken({}, { secret: new TextEncoder().encode('another secret, of 32 bytes and more') }),
    ],
    [
      'whose claims were changed afterwards',
      async () => {
        const [header = '', , signature = ''] = (await makeToken({ memberType: 'USER' })).split('.');
        return `${header}.${base64url(ADMIN)}.${signature}`;
      },
    ],
    ['that has expired', () => makeToken({ exp: NOW_SECONDS - 60 })],
    ['that never expires', () => makeToken({ exp: undefined })],
    ['whose exp is a text', () => makeToken({ ...z.record(z.string(), z.unknown()).parse({ exp: '2099' }) })],
    ['that is not valid yet', () => makeToken({ nbf: NOW_SECONDS + 60 })],
    ['that asks for an extension nobody knows', () => signByHand({ crit: ['x'], x: 1 }, ADMIN)],
    ['that is not three parts', () => 'a.b'],
    ['that is no base64', () => '!!!.???.***'],
    ['whose header is no JSON', () => `${base64url('{')}.${base64url(ADMIN)}.AAAA`],
    ['whose payload is no object', () => signByHand({}, [ADMIN])],
    ['whose payload is no JSON', () => signByHand({}, '{"memberType":"ADMIN"')],
    ['whose payload is not encoded (b64 false)', () => signByHand({ b64: false, crit: ['b64'] }, ADMIN)],
    ['longer than 4,096 characters', () => makeToken({ note: 'x'.repeat(5_000) })],
    ['that is encrypted (JWE)', () => `${base64url({ alg: 'dir', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`],
  ];

  it.each(attacks)('for a token %s', async (_name, make) => {
    const { answer, log, served } = await withToken(make());

    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="grantline", error="invalid_token"');
    expect(problemOf(answer)).toMatchObject({ type: 'urn:grantline:problem:unauthorized', status: 401 });
    expect(served).toEqual([]);
    expect(log.lines).toMatchObject([{ status: 401, subject: undefined }]);
  });

  it.each<[string, Record<string, string>]>([
    ['without a token', {}],
    ['with an empty header', { authorization: '' }],
  ])('%s', async (_name, headers) => {
    const { answer, served } = await who(headers);

    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="grantline"');
    expect(served).toEqual([]);
  });

  it.each([
    ['of another scheme', 'Basic YWRtaW46YWRtaW4='],
    ['of an unknown scheme', 'Token x'],
    ['without a token', 'Bearer'],
    ['with two tokens', 'Bearer a b'],
    ['of 100,000 characters', `Bearer ${'x'.repeat(100_000)}`],
    ['that is not ASCII', 'Bearer \u00fc.\u00fc.\u00fc'],
    ['that is not even Latin', 'Bearer \u4e2d.\u6587.x'],
    ['with a line break', 'Bearer a.b.c\r\nx: y'],
  ])('with a header %s', async (_name, authorization) => {
    const { answer, served } = await who({ authorization });

    expect(answer.statusCode).toBe(401);
    expect(served).toEqual([]);
  });
});

describe('a request is refused with 403', () => {
  it.each([
    ['USER'],
    ['admin'],
    ['ADMIN '],
    ['ROLE_USER'],
    [''],
    [null],
    [1],
    [['ADMIN']],
    [{ ADMIN: true }],
    [undefined],
  ])('for a memberType of %j', async (memberType) => {
    const { answer, served } = await withToken(makeToken({ memberType }));

    expect(answer.statusCode).toBe(403);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="grantline", error="insufficient_scope"');
    expect(problemOf(answer)).toMatchObject({ type: 'urn:grantline:problem:forbidden' });
    expect(served).toEqual([]);
  });
});

describe('what a refused caller is told', () => {
  it('of a token that was not signed here is only that it is not valid', async () => {
    const forged = makeToken(
      { exp: NOW_SECONDS - 60, memberType: 'USER' },
      { secret: new TextEncoder().encode('another secret, of 32 bytes and more') },
    );

    expect(problemOf((await withToken(forged)).answer).detail).toBe('the token is not valid');
  });

  it('of his own expired one is that', async () => {
    const expired = makeToken({ exp: NOW_SECONDS - 60 });

    expect(problemOf((await withToken(expired)).answer).detail).toBe('the token has expired');
  });
});

it('a secret that cannot be read is no answer about the token, and nothing of it is told', async () => {
  const log = new FakeHttpLog();
  const secret = () => Promise.reject(new Error('AccessDenied: arn:aws:secretsmanager:secret'));
  const app = httpApp([serve(guarded, () => Promise.resolve({ status: 200, body: { subject: '' } }))], {
    authenticate: authenticator({ secret, now: () => NOW_MS }),
    log,
    monotonic: () => 0,
  });

  const answer = await ask(app, 'GET', '/who', { token: await makeToken(), operations });

  expect(answer.statusCode).toBe(500);
  expect(answer.text).not.toContain('AccessDenied');
  expect(log.failures).toMatchObject([
    { error: { message: expect.stringContaining('AccessDenied') as string } },
  ]);
});
