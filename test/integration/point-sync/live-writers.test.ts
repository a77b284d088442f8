/** The point service writes while point sync runs: nothing newer is ever overwritten. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { redisBalanceCache } from '../../../lambdas/point-sync/adapters/redis-balance-cache.ts';
import { SET_UNLESS_NEWER } from '../../../lambdas/point-sync/adapters/redis-scripts.ts';
import { sqlPointStore } from '../../../lambdas/point-sync/adapters/sql-point-store.ts';
import { syncBalances } from '../../../lambdas/point-sync/app/sync-balances.ts';
import { STEPS } from '../../../lambdas/point-sync/domain/steps.ts';
import type { BalanceCache, PointStore } from '../../../lambdas/point-sync/ports.ts';
import { connectPatientRedis } from '../../../lambdas/shared/redis.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { MemoryCheckpoints } from '../../support/job-fakes.ts';
import { insertBalances } from '../../support/point-rows.ts';
import { startTestRedis } from '../../support/private-redis.ts';
import type { TestRedis } from '../../support/private-redis.ts';

const USERS = 300;
const WRITERS = 8;
const INCREMENTS = 10_000;
/** Nothing is set in Redis by every so many: the writer died after its commit. */
const DIES_EACH = 50;
/** A balance says of which version it is. */
const balanceOf = (version: bigint) => 1_000_000n + version;

let database: CampaignDatabase;
let server: TestRedis;
let sql: Pool;
let look: Redis;
let client: Redis;
beforeAll(async () => {
  [database, server] = await Promise.all([startCampaignDatabase(), startTestRedis()]);
  ({ sql } = database);
  ({ look } = server);
  client = connectPatientRedis(server.url);
  await sql.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  await insertBalances(
    sql,
    Array.from({ length: USERS }, (_, index) => ({
      userId: index + 1,
      balance: String(balanceOf(0n)),
      version: 0,
    })),
  );
});
afterAll(async () => {
  client.disconnect();
  await Promise.all([database.close(), server.close()]);
});

/** As the point service does it: the row in a transaction, then Redis with the version that the row has now. */
async function increment(userId: number, isSet: boolean): Promise<void> {
  const connection = await sql.getConnection();
  try {
    await connection.beginTransaction();
    await connection.query<ResultSetHeader>(
      'UPDATE point_balances SET balance = balance + 1, version = version + 1 WHERE user_id = ?',
      [userId],
    );
    const [[row]] = await connection.query<({ balance: string; version: string } & RowDataPacket)[]>(
      'SELECT CAST(balance AS CHAR) AS balance, CAST(version AS CHAR) AS version FROM point_balances WHERE user_id = ?',
      [userId],
    );
    await connection.commit();
    if (row === undefined || !isSet) return;
    const keys = [`point:balance:${userId}`, `point:balance-version:${userId}`];
    await look.eval(SET_UNLESS_NEWER, 2, ...keys, row.balance, row.version, '3600');
  } finally {
    connection.release();
  }
}

/** Every pair of a balance and its version that anybody sets, in the order in which Redis does it. */
class SetsInOrder {
  readonly latest = new Map<string, bigint>();
  readonly wrong: string[] = [];
  seen = 0;

  see([command, ...args]: readonly string[]): void {
    if (command?.toUpperCase() !== 'MSET') return;
    for (let at = 0; at < args.length; at += 4) {
      const [key = '', balance = '', , versionText = ''] = args.slice(at, at + 4);
      const version = BigInt(versionText);
      const before = this.latest.get(key) ?? -1n;
      if (version < before) this.wrong.push(`${key}: version ${version} after ${before}`);
      if (BigInt(balance) !== balanceOf(version)) this.wrong.push(`${key}: ${balance} as version ${version}`);
      this.latest.set(key, version);
      this.seen += 1;
    }
  }
}

it('ten thousand increments while balances are synced again and again', { timeout: 120_000 }, async () => {
  const sets = new SetsInOrder();
  const monitor = await look.monitor();
  monitor.on('monitor', (_time: string, args: string[]) => sets.see(args));

  let begun = 0;
  let done = 0;
  const write = async () => {
    while (begun < INCREMENTS) {
      const number = (begun += 1);
      // A step that has no divisor in common with the users: each of them again and again, neighbours far apart.
      await increment(((number * 7) % USERS) + 1, number % DIES_EACH !== 0);
      done += 1;
    }
  };
  const writing = Promise.all(Array.from({ length: WRITERS }, write));

  /** So that what was read before is older than what is there now. */
  const someWrites = async () => {
    const until = Math.min(done + 60, INCREMENTS);
    while (done < until) await sleep(1);
  };
  const store: PointStore = sqlPointStore(database.db);
  const cache = redisBalanceCache(client, Math.random);
  const slowStore: PointStore = {
    ...store,
    balances: async (...args) => {
      const rows = await store.balances(...args);
      await someWrites();
      // All balances drift, their versions stay: every row is one to write.
      const pipeline = look.pipeline();
      for (const { userId } of rows) pipeline.set(`point:balance:${userId}`, '13', 'KEEPTTL');
      await pipeline.exec();
      return rows;
    },
  };
  const slowCache: BalanceCache = {
    ...cache,
    settle: async (...args) => {
      await someWrites();
      return cache.settle(...args);
    },
  };
  const checkpoints = new MemoryCheckpoints();
  let runs = 0;
  const sync = async (on: { store: PointStore; cache: BalanceCache }) => {
    const jobRunId = String((runs += 1));
    const step = { jobRunId, step: STEPS.syncBalances };
    const [range] = await checkpoints.plan(step, () =>
      Promise.resolve([{ rangeNumber: 0, afterId: '0', toId: '9223372036854775807' }]),
    );
    if (range === undefined) throw new Error('one range');
    const jobRun = {
      jobRunId,
      jobName: 'point-sync' as const,
      runDate: '2026-11-21',
      targetHour: null,
      attempt: 1,
      prune: false,
    };
    const clock = { now: () => 0 };
    await syncBalances({ ...on, checkpoints, clock }, { jobRun, range }, { remainingSeconds: () => 900 });
    return (await checkpoints.read({ ...step, rangeNumber: 0 })).figures;
  };

  let newerKept = 0;
  let corrected = 0;
  while (done < INCREMENTS) {
    const figures = await sync({ store: slowStore, cache: slowCache });
    newerKept += figures['newerKept'] ?? 0;
    corrected += figures['corrected'] ?? 0;
  }
  await writing;
  await sync({ store, cache });
  const last = await sync({ store, cache });

  expect(last).toMatchObject({ read: USERS, alreadyEqual: USERS, corrected: 0, missing: 0, unwritten: 0 });
  const rows = await store.balances({ afterId: '0', toId: '9223372036854775807' }, USERS + 1);
  expect(await cache.read(rows.map(({ userId }) => userId))).toEqual(
    rows.map(({ balance, version }) => ({ balance, version })),
  );
  expect(rows.reduce((sum, { version }) => sum + BigInt(version), 0n)).toBe(BigInt(INCREMENTS));
  await expect
    .poll(() =>
      rows.every(({ userId, version }) => sets.latest.get(`point:balance:${userId}`) === BigInt(version)),
    )
    .toBe(true);
  monitor.disconnect();
  expect(sets.wrong).toEqual([]);
  // It was a race: pages were older than what Redis had, and there was much to correct all the same.
  expect(newerKept).toBeGreaterThan(0);
  expect(corrected).toBeGreaterThan(0);
  expect(sets.seen).toBeGreaterThan(INCREMENTS / 2);
  console.log(
    `${INCREMENTS} increments, ${runs} syncs, ${corrected} corrected, ${newerKept} newer kept, ${sets.seen} sets in order`,
  );
});
