/** Point sync on the local runtime: a night as it should be, and nights in which something is lost in the middle. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedriveExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { Redis } from 'ioredis';
import { createConnection, createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { chunksOf, readProgress, readRuns } from '../../demo/jobs/job-rows.ts';
import { killFunctions } from '../../demo/jobs/kill.ts';
import { jobMachine } from '../../demo/jobs/machine.ts';
import type { JobMachine } from '../../demo/jobs/machine.ts';
import { runJob } from '../../demo/jobs/run.ts';
import { readTold, waitUntilTold } from '../../demo/jobs/slack.ts';
import type { Told } from '../../demo/jobs/slack.ts';
import { checkFigures, checkRedis, checkReports } from '../../demo/point-sync/check.ts';
import { demoDays } from '../../demo/point-sync/days.ts';
import { POINT_SYNC_FUNCTIONS, pointSyncJob } from '../../demo/point-sync/job.ts';
import { balanceKey, loadPointService, versionKey } from '../../demo/point-sync/load.ts';
import type { Loaded } from '../../demo/point-sync/load.ts';
import { demoUsers } from '../../demo/point-sync/users.ts';
import { startWorld } from '../../demo/world.ts';
import type { World } from '../../demo/world.ts';
import { startMariaDb } from '../../local/servers/mariadb.ts';
import type { RunningMariaDb } from '../../local/servers/mariadb.ts';
import { ensureMariaDb } from '../../local/servers/programs.ts';
import type { MariaDbPrograms } from '../../local/servers/programs.ts';

const SPEC = { users: 3_000, transactions: 9_000, seed: 1, days: demoDays(Date.now()) };
const INPUT = { runDate: SPEC.days.runDate };
const JOB = pointSyncJob(SPEC.days.runDate);

let directory: string;
let programs: MariaDbPrograms;
let mariadb: RunningMariaDb;
let world: World;
let db: Pool;
let redis: Redis;
let machine: JobMachine;
let loaded: Loaded;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grantline-point-sync-'));
  programs = await ensureMariaDb(() => undefined);
  mariadb = await startDatabase();
  world = await startWorld({
    dataDirectory: join(directory, 'world'),
    environment: { DATABASE_URL: mariadb.url },
    standIn: { ceiling: 100, latencyMs: 0, seed: 1 },
    context: { jobRetrySeconds: 1 },
    report: () => undefined,
  });
  db = openPool();
  redis = new Redis(world.outside.redisUrl);
  machine = jobMachine(world.runtime.endpoints.stepFunctions, world.output('PointSyncArn'));
  loaded = await loadPointService(db, redis, SPEC);
}, 120_000);

afterAll(async () => {
  machine.close();
  redis.disconnect();
  await db.end();
  await world.close();
  await mariadb.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

function startDatabase(port?: number): Promise<RunningMariaDb> {
  return startMariaDb({
    dataDir: join(directory, 'mariadb'),
    logFile: join(directory, 'mariadb.log'),
    programs,
    ...(port === undefined ? {} : { port }),
  });
}

function openPool(): Pool {
  return createPool({ uri: mariadb.url, connectionLimit: 4, dateStrings: true });
}

async function expectNothingWrong(): Promise<void> {
  const checks = [...(await checkRedis(redis, SPEC, false)), ...(await checkReports(db, SPEC, loaded))];
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
}

/** After Redis was emptied nothing in it is newer than the rows. */
async function expectRedisAsRows(): Promise<void> {
  const users = [...demoUsers(SPEC.users, SPEC.seed)];
  const has = await redis.mget(users.flatMap(({ userId }) => [balanceKey(userId), versionKey(userId)]));
  expect(has).toEqual(users.flatMap(({ balance, version }) => [balance, version]));
  expect(await redis.dbsize()).toBe(SPEC.users * 2);
}

async function latestRun() {
  const run = (await readRuns(db, JOB)).at(-1);
  if (run === undefined) throw new Error('job_runs has no run');
  return run;
}

async function waitUntil(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

function slackUrl(): string {
  const { messagesUrl } = world.outside.slack;
  if (messagesUrl === undefined) throw new Error('Slack has no stand-in');
  return messagesUrl;
}

/** What Slack was told during `work`, once all that is expected has come. */
async function toldDuring(work: () => Promise<void>, expected: Told): Promise<Told> {
  const before = await readTold(slackUrl(), JOB);
  await work();
  const after = await waitUntilTold(slackUrl(), JOB, {
    started: before.started + expected.started,
    ended: before.ended + expected.ended,
    failed: before.failed + expected.failed,
  });
  return {
    started: after.started - before.started,
    ended: after.ended - before.ended,
    failed: after.failed - before.failed,
  };
}

const userRows = z.tuple([z.array(z.object({ userId: z.string() })), z.unknown()]);

/**
 * Holds a row that the report is to write: what runs meanwhile comes to the middle, with all balances synced, and no
 * further.
 * @returns the function that lets it go on
 */
async function holdReports(): Promise<() => Promise<void>> {
  const holder = await createConnection({ uri: mariadb.url });
  await holder.query('START TRANSACTION');
  const [rows] = userRows.parse(
    await holder.query(
      `SELECT CAST(user_id AS CHAR) AS userId FROM daily_point_reports
       WHERE report_date = ? ORDER BY user_id LIMIT 1 FOR UPDATE`,
      [SPEC.days.reported],
    ),
  );
  expect(rows).toHaveLength(1);
  // Its server may be gone by then.
  return () =>
    holder.rollback().then(
      () => holder.end(),
      () => holder.destroy(),
    );
}

const FINISHED = `SELECT COUNT(*) AS count FROM job_checkpoints
  WHERE job_run_id = (SELECT MAX(job_run_id) FROM job_runs)
    AND step IN ('sync-balances', 'sweep-gone-users') AND finished_at IS NULL`;
const countRows = z.tuple([z.array(z.object({ count: z.number() })), z.unknown()]);

/** Starts a run, and comes back when it stands before the report that is held. */
async function startUntilReport(): Promise<string> {
  const runsBefore = (await readRuns(db, JOB)).length;
  const execution = await machine.start(INPUT);
  await waitUntil(async () => {
    if ((await readRuns(db, JOB)).length === runsBefore) return false;
    if (chunksOf(await readProgress(db, JOB)) === 0) return false;
    const [[row]] = countRows.parse(await db.query(FINISHED));
    return row?.count === 0;
  });
  expect(await machine.describe(execution)).toMatchObject({ status: 'RUNNING' });
  return execution;
}

test('a night: Redis and the reports are as the data says, a second start is refused, Slack is told once', async () => {
  const told = await toldDuring(
    async () => {
      const { output, refusedBecause } = await runJob({
        machine,
        db,
        runtime: world.runtime,
        job: JOB,
        functions: POINT_SYNC_FUNCTIONS,
        input: INPUT,
        starts: 2,
        isTimeToKill: undefined,
        onProgress: () => undefined,
        say: () => undefined,
      });
      expect(refusedBecause).toContain(`point-sync runs for ${INPUT.runDate} already`);
      const checks = checkFigures(output, loaded, { prune: false, isExact: true });
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    },
    { started: 1, ended: 1, failed: 0 },
  );

  await expectNothingWrong();
  expect(await readRuns(db, JOB)).toMatchObject([
    { status: 'COMPLETED_WITH_PROBLEMS', attempts: 1, skippedChunks: 0 },
  ]);
  expect(told).toEqual({ started: 1, ended: 1, failed: 0 });
}, 90_000);

test('killed midway and started again, it skips what was finished and comes to the same', async () => {
  const told = await toldDuring(
    async () => {
      const letGo = await holdReports();
      const execution = await startUntilReport();
      const finished = chunksOf(await readProgress(db, JOB));
      expect(killFunctions(world.runtime, POINT_SYNC_FUNCTIONS)).toBeGreaterThan(0);
      await machine.stop(execution, 'its functions were killed');
      await letGo();
      await waitUntil(async () => (await latestRun()).status === 'FAILED');

      expect(await machine.ended(await machine.start(INPUT))).toMatchObject({ status: 'SUCCEEDED' });
      expect(finished).toBeGreaterThan(SPEC.users / 1_000);
      expect(await latestRun()).toMatchObject({
        status: 'COMPLETED_WITH_PROBLEMS',
        attempts: 2,
        skippedChunks: finished,
      });
    },
    { started: 2, ended: 1, failed: 1 },
  );

  await expectNothingWrong();
  expect(told).toEqual({ started: 2, ended: 1, failed: 1 });
}, 90_000);

test('killed midway and left alone, its next try goes on by itself', async () => {
  const letGo = await holdReports();
  const execution = await startUntilReport();
  killFunctions(world.runtime, POINT_SYNC_FUNCTIONS);
  await letGo();

  expect(await machine.ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  await expectNothingWrong();
  expect(await latestRun()).toMatchObject({ status: 'COMPLETED_WITH_PROBLEMS', attempts: 1 });
}, 90_000);

test('a database that is gone for seconds midway is waited for', async () => {
  const letGo = await holdReports();
  const execution = await startUntilReport();
  const port = Number(new URL(mariadb.url).port);
  process.kill(mariadb.pid, 'SIGKILL');
  await mariadb.exited;
  await db.end();
  await sleep(2_000);
  mariadb = await startDatabase(port);
  db = openPool();
  await letGo();

  expect(await machine.ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  await expectNothingWrong();
  expect(await latestRun()).toMatchObject({ status: 'COMPLETED_WITH_PROBLEMS', attempts: 1 });
}, 90_000);

test('a run whose tries are used up is told, and a redrive of it ends it well, its row too', async () => {
  const sfn = new SFNClient({
    endpoint: world.runtime.endpoints.stepFunctions,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const told = await toldDuring(
    async () => {
      await db.query('RENAME TABLE daily_point_reports TO daily_point_reports_away');
      const execution = await machine.start(INPUT);
      const failed = await machine.ended(execution);
      expect(failed).toMatchObject({ status: 'FAILED', redriveStatus: 'REDRIVABLE' });
      await waitUntil(async () => (await latestRun()).status === 'FAILED');
      const chunks = chunksOf(await readProgress(db, JOB));
      await db.query('RENAME TABLE daily_point_reports_away TO daily_point_reports');

      await sfn.send(new RedriveExecutionCommand({ executionArn: execution }));
      expect(await machine.ended(execution)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
      expect(await latestRun()).toMatchObject({
        status: 'COMPLETED_WITH_PROBLEMS',
        attempts: 1,
        error: null,
      });
      // The report of the day, and nothing else.
      expect(chunksOf(await readProgress(db, JOB))).toBe(chunks + 1);
    },
    { started: 1, ended: 1, failed: 1 },
  );
  sfn.destroy();

  await expectNothingWrong();
  expect(told).toEqual({ started: 1, ended: 1, failed: 1 });
}, 90_000);

test('Redis that is emptied midway is full again after the next run', async () => {
  const letGo = await holdReports();
  const execution = await startUntilReport();
  await redis.flushall();
  await letGo();
  expect(await machine.ended(execution)).toMatchObject({ status: 'SUCCEEDED' });

  expect(await machine.ended(await machine.start(INPUT))).toMatchObject({ status: 'SUCCEEDED' });
  await expectRedisAsRows();
  const again = await machine.ended(await machine.start(INPUT));
  expect(JSON.parse(again.output ?? '{}')).toMatchObject({
    figures: { read: SPEC.users, alreadyEqual: SPEC.users, corrected: 0, missing: 0 },
  });
  await expectRedisAsRows();
}, 90_000);
