import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOutside } from '../../../demo/outside.ts';
import type { Outside, OutsideOptions } from '../../../demo/outside.ts';
import { startOn } from '../../../demo/world.ts';
import { freePort } from '../../../local/servers/free-port.ts';

let directory = '';
let listener: Server;
let environment: NodeJS.ProcessEnv;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outside-'));
  // What is external only has to accept connections here.
  const port = await freePort();
  listener = createServer().listen(port, '127.0.0.1');
  await once(listener, 'listening');
  environment = {
    DATABASE_URL: `mysql://u:p@127.0.0.1:${port}/grantline`,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    MONEY_API_URL: `http://127.0.0.1:${port}`,
    MONEY_API_KEY: 'money-key',
  };
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await new Promise((resolve) => listener.close(resolve));
  await rm(directory, { recursive: true });
});

async function start(
  overrides: NodeJS.ProcessEnv = {},
  options: Pick<OutsideOptions, 'coupons'> = {},
): Promise<Outside> {
  const outside = await startOutside({
    ...options,
    environment: { ...environment, ...overrides },
    dataDirectory: directory,
    logDirectory: directory,
    standIn: {},
    report: () => undefined,
  });
  cleanups.push(() => outside.close());
  return outside;
}

/** An app of five secrets, which are generated when nobody gives them. */
async function secretsOn(outside: Outside): Promise<Record<string, string | undefined>> {
  const assemblyDirectory = join(directory, 'cdk.out');
  await mkdir(assemblyDirectory);
  const write = (name: string, content: object) =>
    writeFile(join(assemblyDirectory, name), JSON.stringify(content));
  const names = ['MONEY_API_KEY', 'SLACK_WEBHOOK_URL', 'JWT_SECRET_KEY', 'SYSTEM_TOKEN', 'REDIS_AUTH_TOKEN'];
  const secret = (name: string) => ({
    Type: 'AWS::SecretsManager::Secret',
    Properties: { Name: `grantline/dev/${name}`, GenerateSecretString: { PasswordLength: 40 } },
  });
  await write('manifest.json', {
    artifacts: {
      App: { type: 'aws:cloudformation:stack', properties: { templateFile: 'App.template.json' } },
    },
  });
  await write('App.assets.json', {});
  await write('App.template.json', {
    Resources: Object.fromEntries(names.map((name) => [name.replaceAll('_', ''), secret(name)])),
  });
  const runtime = await startOn(outside, { assemblyDirectory, logDirectory: directory });
  cleanups.push(() => runtime.close());
  const client = new SecretsManagerClient({
    endpoint: runtime.endpoints.secretsManager,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const values = await Promise.all(
    names.map(async (name) => {
      const { SecretString } = await client.send(
        new GetSecretValueCommand({ SecretId: `grantline/dev/${name}` }),
      );
      return [name, SecretString] as const;
    }),
  );
  client.destroy();
  return Object.fromEntries(values);
}

const GENERATED: unknown = expect.stringMatching(/^.{40}$/);
const TOKENS = '/internal/v1/fcm-tokens';

// A runtime gives way to whatever else the machine does.
describe('what lies outside', { timeout: 120_000 }, () => {
  it('is what the environment names, and functions find it in their secrets', async () => {
    const SLACK_WEBHOOK_URL = 'https://hooks.slack.example/services/T1/B1/x';
    const outside = await start({ SLACK_WEBHOOK_URL, JWT_SECRET_KEY: 'jwt-key' });

    expect(outside.databaseUrl).toBe(environment['DATABASE_URL']);
    expect(outside.redisUrl).toBe(environment['REDIS_URL']);
    expect(outside.money).toMatchObject({ url: environment['MONEY_API_URL'], isStandIn: false });
    expect(outside.slack).toEqual({ webhookUrl: SLACK_WEBHOOK_URL, messagesUrl: undefined });
    expect(await secretsOn(outside)).toEqual({
      MONEY_API_KEY: 'money-key',
      SLACK_WEBHOOK_URL,
      JWT_SECRET_KEY: 'jwt-key',
      SYSTEM_TOKEN: GENERATED,
      REDIS_AUTH_TOKEN: GENERATED,
    });
  });

  it('has the password of Redis in its URL, and functions find it in their secret', async () => {
    const REDIS_URL = (environment['REDIS_URL'] ?? '').replace('//', '//:pass%2Fword@');

    expect(await secretsOn(await start({ REDIS_URL }))).toMatchObject({ REDIS_AUTH_TOKEN: 'pass/word' });
  });

  it('has a Slack of its own, and a generated JWT key, where the environment names none', async () => {
    const outside = await start();
    const { webhookUrl, messagesUrl = '' } = outside.slack;

    expect(await secretsOn(outside)).toEqual({
      MONEY_API_KEY: 'money-key',
      SLACK_WEBHOOK_URL: webhookUrl,
      JWT_SECRET_KEY: GENERATED,
      SYSTEM_TOKEN: GENERATED,
      REDIS_AUTH_TOKEN: GENERATED,
    });
    await fetch(webhookUrl, { method: 'POST', body: '{"text":"hello"}' });
    expect(await (await fetch(messagesUrl)).json()).toMatchObject([{ text: 'hello' }]);
  });

  it('has the store and the notification service that the environment names, with their token', async () => {
    const STORE_SERVICE_URL = environment['MONEY_API_URL'];
    const outside = await start({ STORE_SERVICE_URL, SYSTEM_TOKEN: 'theirs' }, { coupons: {} });

    const { store, notification, systemToken } = outside.coupons ?? {};
    expect(store).toEqual({ url: STORE_SERVICE_URL, isStandIn: false });
    expect(systemToken).toBe('theirs');
    expect(notification?.isStandIn).toBe(true);
    // The stand-in beside it is asked with the same token.
    const asked = await fetch(`${notification?.url ?? ''}${TOKENS}`, {
      method: 'POST',
      headers: { authorization: 'Bearer theirs', 'content-type': 'application/json' },
      body: '{"memberIds":[]}',
    });
    expect(await asked.json()).toEqual({ members: [] });
    expect(await secretsOn(outside)).toMatchObject({ SYSTEM_TOKEN: 'theirs' });
  });

  it('starts neither where nobody asks for them', async () => {
    const outside = await start({ STORE_SERVICE_URL: 'http://127.0.0.1:1', SYSTEM_TOKEN: 'theirs' });

    expect(outside.coupons).toBeUndefined();
  });

  it('is refused without the token of the services that are named', async () => {
    const NOTIFICATION_SERVICE_URL = environment['MONEY_API_URL'];

    await expect(start({ NOTIFICATION_SERVICE_URL }, { coupons: {} })).rejects.toThrow(
      'NOTIFICATION_SERVICE_URL is set and SYSTEM_TOKEN is not',
    );
  });

  it('is refused by the name of the service that nobody answers for', async () => {
    const named = { STORE_SERVICE_URL: 'http://127.0.0.1:1', SYSTEM_TOKEN: 'theirs' };

    await expect(start(named, { coupons: {} })).rejects.toThrow(
      'STORE_SERVICE_URL: nothing answers at 127.0.0.1:1',
    );
  });

  it('is refused by the name of the variable that is wrong', async () => {
    await expect(start({ SLACK_WEBHOOK_URL: 'hooks.slack.com/x' })).rejects.toThrow(
      'SLACK_WEBHOOK_URL must be a URL like https://hooks.slack.com/services/',
    );
  });
});
