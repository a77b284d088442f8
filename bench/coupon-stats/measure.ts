/** Runs a job of coupon stats on what was just loaded for it, and looks on. */
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import { checkMessages, checkPushes, readPushes } from '../../demo/coupon-stats/check.ts';
import { expectedPushes, loadEvents } from '../../demo/coupon-stats/load.ts';
import { forgetServiceStats, readServiceStats } from '../../demo/coupon-stats/service-faults.ts';
import { readTown } from '../../demo/coupon-stats/town.ts';
import type { CouponServices, Outside } from '../../demo/outside.ts';
import { ProcessProbe } from '../probes/processes.ts';
import { databaseQuestions } from '../probes/servers.ts';
import type { StepSeconds } from '../run-machine.ts';
import type { CouponStatsWorkload } from '../workloads.ts';
import { benchDays } from './days.ts';
import { compareFavourites } from './favourites.ts';
import type { RunningCouponStats } from './grantline.ts';
import { loadHistories, membersOf } from './histories.ts';
import { loadFavourites, membersToTell } from './hour.ts';
import { couponMeasurementOf } from './measurement.ts';
import type { CouponMeasurement } from './measurement.ts';

export const SEED = 1;
export const STORES = 20_000;
export const DISTRICTS = 200;

interface Context {
  readonly running: RunningCouponStats;
  readonly workload: CouponStatsWorkload;
  readonly db: Pool;
  readonly services: CouponServices;
  readonly report: (line: string) => void;
}

/** What came of the job, and how much of it is not as it should be. */
interface Outcome {
  readonly results: number;
  readonly isCorrect: boolean;
}

export async function measureCouponStats(
  running: RunningCouponStats,
  workload: CouponStatsWorkload,
  { outside, report }: { readonly outside: Outside; readonly report: (line: string) => void },
): Promise<CouponMeasurement> {
  const services = outside.coupons;
  if (services === undefined) throw new Error('this world has no store service');
  const db = createPool({ uri: outside.databaseUrl, connectionLimit: 1 });
  const measure = workload.job === 'coupon-usage-stats' ? measureUsageStats : measureFcmSend;
  try {
    return await measure({ running, workload, db, services, report });
  } finally {
    await db.end();
  }
}

async function measureUsageStats(context: Context): Promise<CouponMeasurement> {
  const { running, workload, db, services } = context;
  const days = benchDays(Date.now());
  const histories = { histories: workload.size, stores: STORES, seed: SEED, days };
  const { dongOf } = await loading(context, async () => {
    await loadHistories(db, histories);
    return readTown(services, STORES);
  });
  return watch(
    context,
    () => running.usageStats({ runDate: days.yesterday }),
    async () => {
      const compared = await compareFavourites(db, membersOf(histories), { dongOf, days });
      return { results: compared.favourites, isCorrect: compared.wrong === 0 };
    },
  );
}

async function measureFcmSend(context: Context): Promise<CouponMeasurement> {
  const { running, workload, db, services, report } = context;
  const { queue } = running;
  const days = benchDays(Date.now());
  const pushes = await loading(context, async () => {
    const town = await readTown(services, STORES);
    const hour = { members: workload.size, dongs: town.dongs, seed: SEED, days };
    await loadFavourites(db, hour);
    const { onByStore } = await loadEvents(db, { town, seed: SEED, days });
    return expectedPushes(services, membersToTell(hour), onByStore);
  });
  return watch(
    context,
    () => running.fcmSend({ runDate: days.today, targetHour: days.targetHour }),
    async () => {
      const rows = await readPushes(db, days);
      const messages = await queue.drain();
      const checks = [
        ...checkPushes(rows, { pushes }),
        ...(await checkMessages(messages, rows, { pushes }, { days })),
      ];
      for (const { name, ok, detail } of checks) if (!ok) report(`${name}: ${detail}`);
      return { results: messages.length, isCorrect: checks.every(({ ok }) => ok) };
    },
  );
}

async function loading<T>({ report, services }: Context, load: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const loaded = await load();
  report(`loaded the rows in ${secondsSince(startedAt).toFixed(1)} s`);
  await forgetServiceStats(services);
  return loaded;
}

/** @param outcome is looked up when the clock has stopped */
async function watch(
  { workload, db, services, report }: Context,
  run: () => Promise<StepSeconds>,
  outcome: () => Promise<Outcome>,
): Promise<CouponMeasurement> {
  const questionsBefore = await databaseQuestions(db);
  const processes = new ProcessProbe();
  const startedAt = performance.now();
  const stepSeconds = await run();
  const wallSeconds = secondsSince(startedAt);
  const usage = processes.stop();
  const questions = (await databaseQuestions(db)) - questionsBefore;
  const serviceStats = await readServiceStats(services);

  const checkedFrom = performance.now();
  const { results, isCorrect } = await outcome();
  report(`checked ${results} in ${secondsSince(checkedFrom).toFixed(1)} s`);
  return couponMeasurementOf({
    workload,
    wallSeconds,
    stepSeconds,
    usage,
    databaseQuestions: questions,
    serviceStats: serviceStats ?? {},
    results,
    isCorrect,
  });
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000;
}
