import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { startSecretsManager } from '../../../local/services/secrets-manager/server.ts';
import type { SecretModel } from '../../../local/template/model.ts';

const arnOf = (name: string) => `arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:${name}-a1b2c3`;

const makeSecret = (overrides: Partial<SecretModel> & { name: string }): SecretModel => ({
  stack: 'App',
  logicalId: 'Secret',
  arn: arnOf(overrides.name),
  value: undefined,
  generate: undefined,
  ...overrides,
});

const makeGenerate = (overrides: Partial<NonNullable<SecretModel['generate']>> = {}) => ({
  passwordLength: 32,
  excludeCharacters: '',
  excludePunctuation: false,
  template: undefined,
  generateStringKey: undefined,
  ...overrides,
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function start(
  secrets: SecretModel[],
  values: Record<string, string> = {},
): Promise<SecretsManagerClient> {
  const service = await startSecretsManager({ secrets, valueOf: (name) => values[name] });
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const client = new SecretsManagerClient({ endpoint: service.url, region: 'ap-northeast-2', credentials });
  cleanups.push(async () => {
    client.destroy();
    await service.close();
  });
  return client;
}

const valueOf = async (client: SecretsManagerClient, SecretId: string) =>
  (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;

describe('the local Secrets Manager', () => {
  it('gives the value of this machine by name, by ARN, and by ARN without its ending', async () => {
    const client = await start([makeSecret({ name: 'app/key', value: 'from the template' })], {
      'app/key': 'local',
    });

    for (const id of ['app/key', arnOf('app/key'), arnOf('app/key').slice(0, -7)]) {
      expect(await valueOf(client, id)).toBe('local');
    }
  });

  it('generates a value once, as the template asks', async () => {
    const generate = makeGenerate({
      passwordLength: 20,
      excludePunctuation: true,
      excludeCharacters: 'abc',
      template: '{"username":"admin"}',
      generateStringKey: 'password',
    });
    const client = await start([makeSecret({ name: 'db', generate })]);

    const first = await valueOf(client, 'db');

    expect(JSON.parse(first ?? '')).toEqual({
      username: 'admin',
      password: expect.stringMatching(/^[A-Zd-z0-9]{20}$/) as unknown,
    });
    expect(await valueOf(client, 'db')).toBe(first);
  });

  it('describes and lists without values', async () => {
    const client = await start([
      makeSecret({ name: 'one', value: '1' }),
      makeSecret({ name: 'two', value: '2' }),
    ]);

    const described = await client.send(new DescribeSecretCommand({ SecretId: 'one' }));
    const { SecretList = [] } = await client.send(new ListSecretsCommand({}));

    expect(described).toMatchObject({ Name: 'one', ARN: arnOf('one') });
    expect(SecretList.map(({ Name }) => Name)).toEqual(['one', 'two']);
    expect(JSON.stringify(SecretList)).not.toContain('SecretString');
  });

  it('does not know a secret that is not there, or has no value', async () => {
    const client = await start([makeSecret({ name: 'empty' })]);

    for (const id of ['other', 'empty']) {
      await expect(valueOf(client, id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    }
  });
});
