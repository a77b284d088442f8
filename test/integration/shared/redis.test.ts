/** The clients of Redis when a failover has left them at the old primary, which is a replica by then. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
