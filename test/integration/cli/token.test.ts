import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { mintToken } from '../../../cli/token/mint-token.ts';
import { verifyToken } from '../../../lambdas/shared/http/token.ts';
import { startSecretsManager } from '../../../local/services/secrets-manager/server.ts';

const LAUNCHER = fileURLToPath(new URL('../../../cli/launcher/grantline.js', import.meta.url));
const SECRET = 'a secret of the tests, which has 32 bytes and more';
const arnOf = (name: string) => `arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:${name}-a1b2c3`;
const NOW_MS = Date.UTC(2026, 10, 21, 3, 0, 0);

let secrets: Awaited<ReturnType<typeof startSecretsManager>>;
beforeAll(async () => {
  const makeSecret = (name: string, value: string) => ({
    stack: 'AdminApi',
    logicalId: 'Secret',
    name,
    arn: arnOf(name),
    value,
    generate: undefined,
  });
  secrets = await startSecretsManager({
    secrets: [makeSecret('JWT_SECRET_KEY', SECRET), makeSecret('SHORT', 'short')],
    valueOf: () => undefined,
  });
});
afterAll(() => secrets.close());

function deploymentWith(secretName: string) {
  return {
    output: (stack: string, name: string) =>
      Promise.resolve(stack === 'AdminApi' && name === 'JwtSecretArn' ? arnOf(secretName) : 'another output'),
    clientSettings: () => ({
      endpoint: secrets.url,
      region: 'ap-northeast-2',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    }),
  };
}

const TOKEN = { memberType: 'ADMIN', subject: 'kim', lifetimeSeconds: 3_600, nowMs: NOW_MS } as const;

describe('a token', () => {
  it('is one that the HTTP API takes until it expires', async () => {
    const token = await mintToken(deploymentWith('JWT_SECRET_KEY'), TOKEN);
    const secret = new TextEncoder().encode(SECRET);

    expect(await verifyToken(secret, token, NOW_MS)).toEqual({
      ok: true,
      claims: { memberType: 'ADMIN', sub: 'kim', iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 3_600 },
    });
    expect(await verifyToken(secret, token, NOW_MS + 3_610_000)).toEqual({
      ok: false,
      why: 'the token has expired',
    });
  });

  it('is not made with a secret that is too short', async () => {
    await expect(mintToken(deploymentWith('SHORT'), TOKEN)).rejects.toThrow('HS256 asks for 32');
  });

  it('is not made with a secret that is not there', async () => {
    await expect(mintToken(deploymentWith('NONE'), TOKEN)).rejects.toThrow("can't find the specified secret");
  });
});

const failure = z.object({ code: z.number() });

function grantline(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...args], (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : failure.parse(error).code, stdout, stderr });
    });
  });
}

describe('grantline token', () => {
  it.each([
    [['--expires', '1'], 'It must be a time like 90s'],
    [['--expires', '0h'], 'It must be a time like 90s'],
    [['--expires', '31d'], '30d at most'],
    [['--member-type', 'USER'], 'Allowed choices are ADMIN, ROLE_ADMIN'],
    [['--subject', ''], '1 to 60 printable characters'],
    [['--subject', 'a\nb'], '1 to 60 printable characters'],
  ])('%j is refused, and prints no token', async (args, message) => {
    const { exitCode, stdout, stderr } = await grantline('token', '--local', ...args);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says that it must be told where', async () => {
    expect(await grantline('token')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: 'grantline: token: say where to look: --local, or --stage <name> for AWS\n',
    });
  });
});
