/** The steps of point sync on a real database and a real Redis. */
import type { Redis } from 'ioredis';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redisBalanceCache } from '../../../lambdas/point-sync/adapters/redis-balance-cache.ts';
import { sqlPointStore } from '../../../lambdas/point-sync/adapters/sql-point-store.ts';
import { buildDailyReport } from '../../../lambdas/point-sync/app/build-daily-report.ts';
import { planRanges } from '../../../lambdas/point-sync/app/plan-ranges.ts';
import { sweepGoneUsers } from '../../../lambdas/point-sync/app/sweep-gone-users.ts';
import { syncBalances } from '../../../lambdas/point-sync/app/sync-balances.ts';
import { STEPS } from '../../../lambdas/point-sync/domain/steps.ts';
import type { BalanceCache } from '../../../lambdas/point-sync/ports.ts';
import { sqlCheckpoints } from '../../../lambdas/shared/jobs/checkpoints.ts';
import { connectPatientRedis } from '../../../lambdas/shared/redis.ts';
import type { JobRun } from '../../../schema/jobs.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { START_MS } from '../../support/fakes.ts';
import { insertBalances, insertTransactions, reportsOf } from '../../support/point-rows.ts';
import { startTestRedis } from '../../support/private-redis.ts';
import type { TestRedis } from '../../support/private-redis.ts';

const HIGHEST = '9223372036854775807';
const plenty = { remainingSeconds: () => 900 };

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
});
beforeEach(async () => {
  for (const table of ['point_balances', 'points', 'daily_point_reports'])
    await sql.query(`TRUNCATE ${table}`);
  await look.config('SET', 'maxmemory', '0');
  await look.flushall();
});
afterAll(async () => {
  client.disconnect();
  await Promise.all([database.close(), server.close()]);
});

function makeServices() {
  const gone: { userIds: readonly string[]; pruned: boolean }[] = [];
  return {
    store: sqlPointStore(database.db),
    cache: redisBalanceCache(client, Math.random),
    checkpoints: sqlCheckpoints(database.db),
    clock: { now: () => START_MS },
    log: { goneUsers: (userIds: readonly string[], pruned: boolean) => gone.push({ userIds, pruned }) },
    gone,
  };
}
type Services = ReturnType<typeof makeServices>;

async function newRun(overrides: Partial<JobRun> = {}): Promise<JobRun> {
  const [{ insertId }] = await sql.query<ResultSetHeader>(
    `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at)
     VALUES ('point-sync', '2026-11-21', 'RUNNING', 'e', NOW(3))`,
  );
  return {
    jobRunId: String(insertId),
    jobName: 'point-sync',
    runDate: '2026-11-21',
    targetHour: null,
    attempt: 1,
    prune: false,
    ...overrides,
  };
}

async function figuresOf(jobRun: JobRun, step: string): Promise<Record<string, number>> {
  const { figures } = await makeServices().checkpoints.read({
    jobRunId: jobRun.jobRunId,
    step,
    rangeNumber: 0,
  });
  return figures;
}

/** Of one range, planned as the machine does it. */
async function sync(services: Services, jobRun: JobRun) {
  const { balanceRanges } = await planRanges(services, jobRun);
  for (const range of balanceRanges) await syncBalances(services, { jobRun, range }, plenty);
  return figuresOf(jobRun, STEPS.syncBalances);
}

async function sweep(services: Services, jobRun: JobRun) {
  const { sweepRanges } = await planRanges(services, jobRun);
  for (const range of sweepRanges) await sweepGoneUsers(services, { jobRun, range }, plenty);
  return figuresOf(jobRun, STEPS.sweepGoneUsers);
}

const put = (userId: number | string, balance: string, version?: string) =>
  look.mset({
    [`point:balance:${userId}`]: balance,
    ...(version === undefined ? {} : { [`point:balance-version:${userId}`]: version }),
  });

describe('a plan', () => {
  it('of nothing is one range from the lowest id to the highest for each step', async () => {
    const range = { rangeNumber: 0, afterId: '0', toId: HIGHEST };
    expect(await planRanges(makeServices(), await newRun())).toEqual({
      balanceRanges: [range],
      sweepRanges: [range],
      reportRanges: [range],
    });
  });

  it('of many has ranges that meet, of 100,000 balances and of 250,000 transactions of the day before', async () => {
    const users = Array.from({ length: 200_001 }, (_, index) => ({ userId: (index + 1) * 2 }));
    await insertBalances(sql, users);
    // 300,000 of the 20th, three of each of 100,000 users; one of the 21st.
    await sql.query(
      `INSERT INTO points (user_id, amount, type, balance_snapshot, created_at)
       SELECT b.user_id, 1, 'EARN', 1, '2026-11-20 10:00:00' FROM point_balances b
       JOIN (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS three WHERE b.user_id <= 200000`,
    );
    await insertTransactions(sql, [{ userId: 7, at: '2026-11-21 00:00:00.000' }]);
    const jobRun = await newRun();

    const planned = await planRanges(makeServices(), jobRun);

    expect(planned.balanceRanges).toEqual([
      { rangeNumber: 0, afterId: '0', toId: '200000' },
      { rangeNumber: 1, afterId: '200000', toId: '400000' },
      { rangeNumber: 2, afterId: '400000', toId: HIGHEST },
    ]);
    // The 83,334th user has the 250,000th transaction.
    expect(planned.reportRanges).toEqual([
      { rangeNumber: 0, afterId: '0', toId: '166668' },
      { rangeNumber: 1, afterId: '166668', toId: HIGHEST },
    ]);
    expect(await planRanges(makeServices(), jobRun)).toEqual(planned);

    const services = makeServices();
    for (const range of planned.reportRanges) await buildDailyReport(services, { jobRun, range }, plenty);
    const [counts] = await sql.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS reports, SUM(transaction_count) AS transactions, MIN(transaction_count) AS fewest
       FROM daily_point_reports WHERE report_date = '2026-11-20'`,
    );
    expect(counts).toEqual([{ reports: '100000', transactions: '300000', fewest: 3 }]);
    const [chunks] = await sql.query<RowDataPacket[]>(
      'SELECT chunk_count AS chunks FROM job_checkpoints WHERE job_run_id = ? AND step = ? ORDER BY range_number',
      [jobRun.jobRunId, STEPS.buildDailyReport],
    );
    // 250,002 transactions in chunks of 50,000 and of the rest of the users that they end in; then 49,998.
    expect(chunks).toEqual([{ chunks: 5 }, { chunks: 1 }]);
  });
});

describe('balances', () => {
  it('are made equal, whatever Redis has, and what is newer stays', async () => {
    await insertBalances(
      sql,
      [1, 2, 3, 4, 5, 6, 7, 8].map((userId) => ({ userId, balance: userId === 8 ? -8 : userId, version: 5 })),
    );
    await put(1, '1', '5');
    await put(2, '99', '5');
    await put(3, '99', '4');
    await put(4, 'junk', '5');
    await put(5, '99', '6');
    await look.hset('point:balance:6', { amount: '6' });
    await put(99, '99', '1');
    const services = makeServices();
    const jobRun = await newRun();

    expect(await sync(services, jobRun)).toEqual({
      read: 8,
      alreadyEqual: 1,
      corrected: 4,
      missing: 2,
      newerKept: 1,
      drifted: 1,
      stale: 1,
      // A hash is none of the text that it should be.
      unreadable: 2,
      unwritten: 0,
      negativeBalances: 1,
    });

    const values = await services.cache.read(['1', '2', '3', '4', '5', '6', '7', '8', '99']);
    expect(values.map(({ balance, version }) => `${balance}/${version}`)).toEqual([
      '1/5',
      '2/5',
      '3/5',
      '4/5',
      '99/6',
      '6/5',
      '7/5',
      '-8/5',
      '99/1',
    ]);
    expect(await sync(services, await newRun())).toMatchObject({
      alreadyEqual: 7,
      corrected: 0,
      newerKept: 1,
    });
  });

  it.each([999, 1_000, 1_001, 2_000])('of %i users are all read, page by page', async (count) => {
    await insertBalances(
      sql,
      Array.from({ length: count }, (_, index) => ({ userId: index + 1 })),
    );
    const services = makeServices();

    expect(await sync(services, await newRun())).toMatchObject({ read: count, missing: count });
    expect(await look.dbsize()).toBe(2 * count);
  });

  it('that Redis has no memory for are counted, and the rest goes on', async () => {
    await insertBalances(
      sql,
      Array.from({ length: 1_200 }, (_, index) => ({ userId: index + 1 })),
    );
    await put(5, '100', '1');
    await look.config('SET', 'maxmemory-policy', 'noeviction');
    await look.config('SET', 'maxmemory', '1');

    const figures = await sync(makeServices(), await newRun());

    expect(figures).toMatchObject({ read: 1_200, alreadyEqual: 1, missing: 0, unwritten: 1_199 });
  });

  it('come back when Redis was emptied midway: the next run finds them missing', async () => {
    await insertBalances(
      sql,
      Array.from({ length: 2_500 }, (_, index) => ({ userId: index + 1 })),
    );
    const services = makeServices();
    let pages = 0;
    const emptied: BalanceCache = {
      ...services.cache,
      settle: async (...args) => {
        if ((pages += 1) === 2) await look.flushall();
        return services.cache.settle(...args);
      },
    };

    expect(await sync({ ...services, cache: emptied }, await newRun())).toMatchObject({ missing: 2_500 });
    expect(await sync(services, await newRun())).toMatchObject({ missing: 1_000, alreadyEqual: 1_500 });
    expect(await look.dbsize()).toBe(5_000);
  });

  it('of a run that was killed are gone on with after the last finished page', async () => {
    await insertBalances(
      sql,
      Array.from({ length: 3_500 }, (_, index) => ({ userId: index + 1 })),
    );
    const services = makeServices();
    const jobRun = await newRun();
    let pages = 0;
    const read: string[] = [];
    const watched = {
      ...services,
      store: {
        ...services.store,
        balances: (...args: Parameters<typeof services.store.balances>) => {
          read.push(args[0].afterId);
          return services.store.balances(...args);
        },
      },
      cache: {
        ...services.cache,
        settle: async (...args: Parameters<BalanceCache['settle']>) => {
          const written = await services.cache.settle(...args);
          if ((pages += 1) === 3) throw new Error('killed');
          return written;
        },
      },
    };

    await expect(sync(watched, jobRun)).rejects.toThrow('killed');
    const figures = await sync(watched, jobRun);

    expect(read).toEqual(['0', '1000', '2000', '2000', '3000']);
    expect(figures).toMatchObject({ read: 3_500, missing: 2_500, alreadyEqual: 1_000 });
  });

  it('take one command and one pipeline of Redis a page', async () => {
    await insertBalances(
      sql,
      Array.from({ length: 2_999 }, (_, index) => ({ userId: index + 1 })),
    );
    const calls = async (command: string) =>
      new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(await look.info('commandstats'))?.[1];
    await look.config('RESETSTAT');
    await sync(makeServices(), await newRun());
    await sync(makeServices(), await newRun());

    expect([await calls('mget'), await calls('eval')]).toEqual(['6', '6']);
  });
});

describe('balances of users who are gone', () => {
  beforeEach(async () => {
    await insertBalances(sql, [{ userId: 1 }, { userId: 2 }]);
    for (const userId of [1, 2, 3, 4]) await put(userId, '1', '1');
    await put('9223372036854775808', '1');
    await look.set('point:balance:x', '1');
  });

  it('are reported and left', async () => {
    const services = makeServices();

    expect(await sweep(services, await newRun())).toEqual({ goneUsers: 2, prunedUsers: 0 });

    expect(services.gone.flatMap(({ userIds }) => userIds).toSorted()).toEqual(['3', '4']);
    expect(services.gone.every(({ pruned }) => !pruned)).toBe(true);
    expect(await look.dbsize()).toBe(10);
  });

  it('are removed where the run was asked to, and nobody else’s', async () => {
    const services = makeServices();

    expect(await sweep(services, await newRun({ prune: true }))).toEqual({ goneUsers: 2, prunedUsers: 2 });

    expect((await look.keys('*')).toSorted()).toEqual([
      'point:balance-version:1',
      'point:balance-version:2',
      'point:balance:1',
      'point:balance:2',
      'point:balance:9223372036854775808',
      'point:balance:x',
    ]);
    expect(await sweep(services, await newRun({ prune: true }))).toEqual({ goneUsers: 0, prunedUsers: 0 });
  });
});

it('a report of a run that is repeated takes up what came late, and counts each user once', async () => {
  const at = '2026-11-20 10:00:00.000';
  await insertTransactions(sql, [
    { userId: 1, at, amount: 5 },
    { userId: 2, at, type: 'GIFT' },
  ]);
  const services = makeServices();
  const report = async () => {
    const jobRun = await newRun();
    const { reportRanges } = await planRanges(services, jobRun);
    for (const range of reportRanges) await buildDailyReport(services, { jobRun, range }, plenty);
    return figuresOf(jobRun, STEPS.buildDailyReport);
  };

  expect(await report()).toEqual({ reportedUsers: 2, transactions: 2, unknownTypes: 1 });
  await insertTransactions(sql, [{ userId: 1, at: '2026-11-20 23:59:59.999', amount: 7 }]);
  expect(await report()).toEqual({ reportedUsers: 2, transactions: 3, unknownTypes: 1 });
  expect(await reportsOf(sql, '2026-11-20')).toMatchObject([{ earn: '12' }, { earn: '0' }]);
});
