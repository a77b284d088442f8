/** What ProgressCounters promises, kept by the simulated Redis and by a real one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgressCounters } from '../../lambdas/campaign-grant/adapters/redis-progress-counters.ts';
import type { ProgressCounters } from '../../lambdas/campaign-grant/ports.ts';
import { connectRedis } from '../../lambdas/shared/redis.ts';
import { freePort } from '../../local/servers/free-port.ts';
import { ensurePrograms } from '../../local/servers/programs.ts';
import { startRedis } from '../../local/servers/redis.ts';
import { simProgressCounters } from '../simulation/services/ports.ts';
import { START_MS } from '../support/fakes.ts';
import { calmWorld } from './calm-world.ts';

interface CountersFixture {
  readonly counters: ProgressCounters;
  /** Redis has lost everything. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

function simulatedCounters(): Promise<CountersFixture> {
  const calm = calmWorld({ maxReceiveCount: 1000 });
  const counters = simProgressCounters(calm.world, calm.environment);
  return Promise.resolve({
    counters: {
      reset: (...of) => calm.during(counters.reset(...of)),
      add: (...of) => calm.during(counters.add(...of)),
      read: (summaryId) => calm.during(counters.read(summaryId)),
    },
    empty: () => {
      calm.world.redis.empty();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

async function redisCounters(): Promise<CountersFixture> {
  const dataDir = await mkdtemp(join(tmpdir(), 'grantline-contract-'));
  const { redisServer } = await ensurePrograms((line) => console.log(line), { mariadb: false, redis: true });
  if (redisServer === undefined) throw new Error('no redis-server');
  const port = await freePort();
  const server = await startRedis({
    dataDir,
    logFile: join(dataDir, 'redis.log'),
    programs: { redisServer },
    port,
  });
  const client = await connectRedis(server.url);
  const other = new Redis(server.url);
  return {
    counters: redisProgressCounters(client, () => START_MS),
    async empty() {
      await other.flushall();
    },
    async close() {
      client.disconnect();
      other.disconnect();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const PROGRESS = { publishedCount: 5, successCount: 3, failCount: 2, retrySuccessCount: 1 };

describe.each([
  ['simulated', simulatedCounters],
  ['Redis', redisCounters],
])('the %s ProgressCounters', (_, makeFixture) => {
  let fixture: CountersFixture;
  beforeAll(async () => {
    fixture = await makeFixture();
  });
  afterAll(() => fixture.close());

  it('know nothing of a campaign before it begins', async () => {
    expect(await fixture.counters.read('never')).toBeUndefined();
  });

  it('are set, and set again', async () => {
    await fixture.counters.reset('1', 10, PROGRESS);
    await fixture.counters.reset('1', 10, { ...PROGRESS, failCount: 0 });

    expect(await fixture.counters.read('1')).toEqual({ ...PROGRESS, failCount: 0 });
  });

  it('add up, each campaign’s its own', async () => {
    await fixture.counters.reset('2', 10, PROGRESS);
    await fixture.counters.reset('3', 10, PROGRESS);
    await fixture.counters.add('2', { successCount: 2, retrySuccessCount: 1 });

    expect(await fixture.counters.read('2')).toEqual({
      publishedCount: 5,
      successCount: 5,
      failCount: 2,
      retrySuccessCount: 2,
    });
    expect(await fixture.counters.read('3')).toEqual(PROGRESS);
  });

  it('say nothing of what is added without a beginning', async () => {
    await fixture.counters.add('4', { failCount: 2 });

    expect(await fixture.counters.read('4')).toBeUndefined();
  });

  it('stay away when nothing is added', async () => {
    await fixture.counters.add('5', { failCount: 0 });
    await fixture.counters.add('5', {});

    expect(await fixture.counters.read('5')).toBeUndefined();
  });

  it('are gone when Redis was emptied', async () => {
    await fixture.counters.reset('6', 10, PROGRESS);
    await fixture.empty();

    expect(await fixture.counters.read('6')).toBeUndefined();

    // Who pays goes on adding: that is no progress until they are set again.
    await fixture.counters.add('6', { successCount: 1 });
    expect(await fixture.counters.read('6')).toBeUndefined();
    await fixture.counters.reset('6', 10, PROGRESS);
    expect(await fixture.counters.read('6')).toEqual(PROGRESS);
  });
});
