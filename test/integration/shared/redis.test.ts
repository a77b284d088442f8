/** The clients of Redis: after a failover has left them at the old primary, a replica by then, and before its password. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginCampaignServices } from '../../../lambdas/campaign-grant/container.ts';
import { readRedisAuthToken } from '../../../lambdas/shared/redis-auth-token.ts';
import { connectPatientRedis, connectRedis } from '../../../lambdas/shared/redis.ts';
import { ensurePrograms } from '../../../local/servers/programs.ts';
import { startRedis } from '../../../local/servers/redis.ts';

let dataDir: string;
let server: Awaited<ReturnType<typeof startRedis>>;
let operator: Redis;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'grantline-redis-'));
  const { redisServer } = await ensurePrograms((line) => console.log(line), { mariadb: false, redis: true });
  if (redisServer === undefined) throw new Error('no redis-server');
  server = await startRedis({ dataDir, logFile: join(dataDir, 'redis.log'), programs: { redisServer } });
  operator = new Redis(server.url);
});

afterAll(async () => {
  operator.disconnect();
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Nobody is there: it stays what it is, and refuses writes. */
const demote = () => operator.call('REPLICAOF', '127.0.0.1', '1');
const promote = () => operator.call('REPLICAOF', 'NO', 'ONE');

describe('a write that a replica refuses', () => {
  it('is done when the name leads to a primary again, for who waits', async () => {
    const redis = connectPatientRedis(server.url);
    await redis.ping();
    await demote();

    const written = redis.set('patient', '1');
    setTimeout(() => void promote(), 300);

    expect(await written).toBe('OK');
    redis.disconnect();
  });

  it('fails at once for who must not wait, and the next one is done', async () => {
    const redis = await connectRedis(server.url);
    await demote();

    await expect(redis.set('hasty', '1')).rejects.toThrow();
    await promote();

    await expect.poll(() => redis.set('hasty', '2').catch(() => undefined), { timeout: 5_000 }).toBe('OK');
    redis.disconnect();
  });
});

describe('a Redis that asks for a password', () => {
  const password = 'the-auth-token';
  let locked: Awaited<ReturnType<typeof startRedis>>;
  let url: string;
  beforeAll(async () => {
    const { redisServer } = await ensurePrograms(() => undefined, { mariadb: false, redis: true });
    if (redisServer === undefined) throw new Error('no redis-server');
    const logFile = join(dataDir, 'locked.log');
    locked = await startRedis({ dataDir, logFile, programs: { redisServer }, password });
    // As a function's environment names it.
    url = locked.url.replace(/:[^/]*@/, '');
  });
  afterAll(() => locked.close());

  it('is not spoken to without it, and nobody waits', async () => {
    const redis = await connectRedis(url);

    await expect(redis.set('a', '1')).rejects.toThrow();
    redis.disconnect();
  });

  it('takes both clients with it', async () => {
    const hasty = await connectRedis(url, password);
    const patient = connectPatientRedis(url, password);

    expect(await hasty.set('b', '1')).toBe('OK');
    expect(await patient.get('b')).toBe('1');
    hasty.disconnect();
    patient.disconnect();
  });

  it('has the counters of functions that find it in their secret, and none of who cannot read that', async () => {
    const secrets = mockClient(SecretsManagerClient);
    const arn = 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:REDIS_AUTH_TOKEN-AbCdEf';
    const environment = {
      DATABASE_RESOURCE_ARN: 'cluster',
      DATABASE_SECRET_ARN: 'secret',
      DATABASE_NAME: 'grantline',
      REDIS_URL: url,
      REDIS_AUTH_TOKEN_SECRET_ARN: arn,
    };
    const progress = { publishedCount: 1, successCount: 2, failCount: 3, retrySuccessCount: 4 };
    const tell = async () => {
      const { counters } = await beginCampaignServices(environment);
      await counters.reset('7', 10, progress);
      return counters.read('7');
    };

    secrets.rejects(new Error('Secrets Manager is away'));
    expect(await tell()).toBeUndefined();
    secrets.reset();
    secrets.on(GetSecretValueCommand, { SecretId: arn }).resolves({ SecretString: password });
    expect(await tell()).toMatchObject(progress);
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(1);
    secrets.restore();
  });

  it('is asked for without a secret where none is named', async () => {
    const secrets = mockClient(SecretsManagerClient);

    expect(await readRedisAuthToken({ REDIS_URL: url, REDIS_AUTH_TOKEN_SECRET_ARN: '' })).toBeUndefined();
    expect(secrets.calls()).toHaveLength(0);
    secrets.restore();
  });
});
