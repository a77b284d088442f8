import type { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import { equal } from '../checks.ts';
import type { Check } from '../checks.ts';
import { inWorld } from '../in-world.ts';
import type { Setting } from '../in-world.ts';
import { chunksOf, readRuns } from '../jobs/job-rows.ts';
import type { JobRunRow } from '../jobs/job-rows.ts';
import { jobMachine } from '../jobs/machine.ts';
import type { JobMachine } from '../jobs/machine.ts';
import { runJob } from '../jobs/run.ts';
import type { FinishedRun } from '../jobs/run.ts';
import { waitUntilTold } from '../jobs/slack.ts';
import { progressView } from '../progress.ts';
import { redisAt } from '../redis-at.ts';
import { checkFigures, checkRedis, checkReports } from './check.ts';
import { pointSyncCommand } from './command.ts';
import type { PointSyncOptions } from './command.ts';
import { demoDays } from './days.ts';
import { POINT_SYNC_FUNCTIONS, pointSyncJob } from './job.ts';
import { loadPointService, refuseOthersData } from './load.ts';
import type { Loaded } from './load.ts';
import { printResults } from './results.ts';
import type { DaySpec } from './transactions.ts';

/** What a step waits for its next try: on AWS five minutes. */
const RETRY_SECONDS = 2;
/** Nobody calls the Money API here. */
const STAND_IN = { ceiling: 1_000, latencyMs: 30, failRate: 0, seed: 1 };

export function pointSyncDemo(): Promise<number> {
  return pointSyncCommand((options) => {
    const settings = { json: options.json, context: { jobRetrySeconds: RETRY_SECONDS }, standIn: STAND_IN };
    return inWorld(settings, (setting) => showPointSync(options, setting));
  });
}

async function showPointSync(options: PointSyncOptions, setting: Setting): Promise<boolean> {
  const { world } = setting;
  const db = createPool({ uri: world.outside.databaseUrl, connectionLimit: 4, dateStrings: true });
  const redis = redisAt(world.outside.redisUrl);
  const machine = jobMachine(world.runtime.endpoints.stepFunctions, world.output('PointSyncArn'));
  try {
    const { users, transactions, seed } = options;
    const spec: DaySpec = { users, transactions, seed, days: demoDays(Date.now()) };
    await refuseOthersData(db, redis);
    const loaded = await loadPointService(db, redis, spec);
    sayLoaded(loaded, spec, setting.out);
    const finished = await run(options, spec, { ...setting, db, machine });
    const row = (await readRuns(db, pointSyncJob(spec.days.runDate))).at(-1);
    if (row === undefined) throw new Error('job_runs has no run');
    const checks = await checkAll({ options, spec, loaded, finished, row, db, redis, ...setting });
    const { runDate } = spec.days;
    const { setupSeconds } = setting;
    return printResults({ options, runDate, finished, row, checks, setupSeconds }, setting.out);
  } finally {
    machine.close();
    redis.disconnect();
    await db.end();
  }
}

function sayLoaded(loaded: Loaded, { days }: DaySpec, out: NodeJS.WriteStream): void {
  const { findings, users, transactions, reportedUsers, otherDays } = loaded;
  const differing = findings.drifted + findings.stale + findings.missing + findings.unreadable;
  out.write(
    `loaded ${users} balances, of which ${differing} are wrong in Redis and ${findings.newer} newer there; ` +
      `${loaded.foreignUsers} balances in Redis of users who are gone\n` +
      `loaded ${transactions} transactions of ${reportedUsers} users on ${days.reported}, ${otherDays} of the days beside it\n`,
  );
}

async function run(
  { prune, kill }: PointSyncOptions,
  { users, transactions, days: { runDate } }: DaySpec,
  { world, out, db, machine }: Setting & { db: Pool; machine: JobMachine },
): Promise<FinishedRun> {
  const view = progressView({ label: 'point-sync', total: users + transactions, unit: '/s' }, out);
  const killAfter = 1 + Math.floor(Math.random() * 0.9 * chunksExpected(users, transactions));
  try {
    return await runJob({
      machine,
      db,
      runtime: world.runtime,
      job: pointSyncJob(runDate),
      functions: POINT_SYNC_FUNCTIONS,
      starts: 2,
      input: { runDate, ...(prune ? { prune } : {}) },
      isTimeToKill: kill ? (steps) => chunksOf(steps) >= killAfter : undefined,
      onProgress: (steps) => {
        const figures = steps.map((step) => step.figures);
        const done = figures.reduce((sum, f) => sum + (f['read'] ?? 0) + (f['transactions'] ?? 0), 0);
        view.update(done, steps.findLast(({ chunks }) => chunks > 0)?.step ?? 'starting');
      },
      say: (line) => out.write(`${line}\n`),
    });
  } finally {
    view.stop();
  }
}

/** Roughly: to hit some moment of the run. */
function chunksExpected(users: number, transactions: number): number {
  return Math.floor(users / 1_000) + Math.ceil(transactions / 50_000);
}

async function checkAll(of: {
  readonly options: PointSyncOptions;
  readonly spec: DaySpec;
  readonly loaded: Loaded;
  readonly finished: FinishedRun;
  readonly row: JobRunRow;
  readonly db: Pool;
  readonly redis: Redis;
  readonly world: Setting['world'];
}): Promise<Check[]> {
  const { options, spec, loaded, finished, row, db, redis, world } = of;
  const { prune, kill } = options;
  const { runDate } = spec.days;
  const attempts = finished.kill === undefined ? 1 : 2;
  return [
    ...(await checkRedis(redis, spec, prune)),
    ...(await checkReports(db, spec, loaded)),
    ...checkFigures(finished.output, loaded, { prune, isExact: !kill }),
    equal('its row in job_runs says the same', row.status, finished.output.status),
    {
      name: 'a second start at the same moment was refused',
      ok: finished.refusedBecause !== undefined,
      detail: finished.refusedBecause?.replace(/: execution .*/, '') ?? 'it was not',
    },
    ...(kill ? [checkKill(finished, row)] : []),
    ...(await checkSlack(world.outside.slack.messagesUrl, runDate, attempts)),
  ];
}

function checkKill({ kill }: FinishedRun, { attempts, skippedChunks }: JobRunRow): Check {
  const name = 'killed and started again, it skipped the chunks that were finished';
  if (kill === undefined) return { name, ok: false, detail: 'it was over too soon: try more --users' };
  const detail = `${skippedChunks} chunks, in attempt ${attempts}`;
  return { name, ok: attempts === 2 && skippedChunks > 0 && skippedChunks >= kill.chunks, detail };
}

async function checkSlack(
  messagesUrl: string | undefined,
  runDate: string,
  attempts: number,
): Promise<Check[]> {
  if (messagesUrl === undefined) return [];
  const expected = { started: attempts, failed: attempts - 1, ended: 1 };
  const told = await waitUntilTold(messagesUrl, pointSyncJob(runDate), expected);
  const text = ({ started, failed, ended }: typeof expected) =>
    `${started} started, ${failed} failed, ${ended} ended`;
  return [equal('Slack was told each of these once', text(told), text(expected))];
}
