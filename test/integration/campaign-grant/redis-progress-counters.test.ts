import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redisProgressCounters } from '../../../lambdas/campaign-grant/adapters/redis-progress-counters.ts';
import { connectRedis } from '../../../lambdas/shared/redis.ts';
import { freePort } from '../../../local/servers/free-port.ts';
import { ensurePrograms } from '../../../local/servers/programs.ts';
import { startRedis } from '../../../local/servers/redis.ts';
import type { RunningRedis } from '../../../local/servers/redis.ts';
import { NO_PROGRESS, START_MS } from '../../support/fakes.ts';

const KEY = 'campaign_promotion_summary:42';
const WEEK_SECONDS = 7 * 24 * 60 * 60;
/** A test's time limit where Redis is away: far less than a call that waits for it. */
const QUICK = { timeout: 5_000 };

let directory: string;
let port: number;
let server: RunningRedis;
/** Closed after the test. */
let clients: Redis[];

async function start(): Promise<void> {
  const { redisServer } = await ensurePrograms((line) => console.log(line), { mariadb: false, redis: true });
  if (redisServer === undefined) throw new Error('no redis-server');
  server = await startRedis({
    dataDir: directory,
    logFile: join(directory, 'redis.log'),
    programs: { redisServer },
    port,
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grantline-redis-'));
  port = await freePort();
  clients = [];
  await start();
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function makeCounters() {
  const client = await connectRedis(server.url);
  clients.push(client);
  return redisProgressCounters(client, () => START_MS);
}

/** Past the counters: as the client's own dashboards read the hash. */
function look(): Redis {
  const client = new Redis(server.url);
  clients.push(client);
  return client;
}

/** Only the server that this test started. */
async function kill(): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await server.exited;
}

describe('the hash', () => {
  it('has the key, the fields and the text values of the ERD', async () => {
    const counters = await makeCounters();

    await counters.reset('42', 1_000, {
      publishedCount: 4,
      successCount: 3,
      failCount: 2,
      retrySuccessCount: 1,
    });

    expect(await look().hgetall(KEY)).toEqual({
      total_count: '1000',
      published_count: '4',
      success_count: '3',
      fail_count: '2',
      retry_success_count: '1',
      last_completed_at: '20261121120000',
    });
  });

  it('is incremented, by whomever, and says when', async () => {
    const [one, other] = [await makeCounters(), await makeCounters()];
    await one.reset('42', 1_000, NO_PROGRESS);
    await look().hdel(KEY, 'last_completed_at');

    await Promise.all([
      one.add('42', { successCount: 7, retrySuccessCount: 2 }),
      other.add('42', { successCount: 3, failCount: 1 }),
      other.add('42', { publishedCount: 10 }),
    ]);

    expect(await one.read('42')).toEqual({
      publishedCount: 10,
      successCount: 10,
      failCount: 1,
      retrySuccessCount: 2,
    });
    expect(await look().hget(KEY, 'last_completed_at')).toBe('20261121120000');
  });

  it('that is reset starts anew', async () => {
    const counters = await makeCounters();
    await counters.add('42', { successCount: 5 });

    await counters.reset('42', 10, { ...NO_PROGRESS, successCount: 2 });

    expect(await counters.read('42')).toEqual({ ...NO_PROGRESS, successCount: 2 });
  });

  it('is kept a week from its last change', async () => {
    const counters = await makeCounters();
    const redis = look();
    await counters.reset('42', 10, NO_PROGRESS);
    expect(await redis.ttl(KEY)).toBe(WEEK_SECONDS);
    await redis.expire(KEY, 10);

    await counters.add('42', { successCount: 1 });

    expect(await redis.ttl(KEY)).toBe(WEEK_SECONDS);
  });

  it('of which nothing changes is not touched', async () => {
    const counters = await makeCounters();

    await counters.add('42', { successCount: 0, failCount: 0 });

    expect(await look().exists(KEY)).toBe(0);
  });

  it('of another summary is another', async () => {
    const counters = await makeCounters();
    await counters.reset('42', 10, NO_PROGRESS);
    await counters.reset('43', 10, NO_PROGRESS);
    await counters.add('42', { successCount: 1 });
    await counters.add('43', { failCount: 1 });

    expect(await counters.read('43')).toEqual({ ...NO_PROGRESS, failCount: 1 });
  });
});

describe('what cannot be read is undefined', () => {
  it('when Redis was emptied', async () => {
    const counters = await makeCounters();
    await counters.reset('42', 10, NO_PROGRESS);

    await look().flushall();

    expect(await counters.read('42')).toBeUndefined();
  });

  it('when somebody wrote other things there', async () => {
    const counters = await makeCounters();
    await look().hset(KEY, { total_count: 10, success_count: 'many' });

    expect(await counters.read('42')).toBeUndefined();
  });

  it('when somebody put another type there', async () => {
    const counters = await makeCounters();
    await look().set(KEY, 'text');

    expect(await counters.read('42')).toBeUndefined();
    await expect(counters.add('42', { successCount: 1 })).resolves.toBeUndefined();
  });
});

describe('a Redis that is away fails nothing and delays nobody', () => {
  it('when it was killed midway, and is used again when it is back', QUICK, async () => {
    const counters = await makeCounters();
    await counters.add('42', { successCount: 1 });

    await kill();
    await counters.add('42', { successCount: 1 });
    await counters.reset('42', 10, NO_PROGRESS);
    expect(await counters.read('42')).toBeUndefined();

    await start();
    await expect
      .poll(async () => {
        await counters.reset('42', 10, NO_PROGRESS);
        return counters.read('42');
      })
      .toBeDefined();
  });

  it('when it was never there', QUICK, async () => {
    await kill();

    const counters = await makeCounters();
    await counters.add('42', { successCount: 1 });

    expect(await counters.read('42')).toBeUndefined();
  });

  it('when it accepts commands and answers none', QUICK, async () => {
    const counters = await makeCounters();
    process.kill(server.pid, 'SIGSTOP');
    try {
      await counters.add('42', { successCount: 1 });
      await counters.reset('42', 10, NO_PROGRESS);
      expect(await counters.read('42')).toBeUndefined();
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
  });
});
