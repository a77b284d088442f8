/** Measures Grantline on the local runtime, and next to it what else a team might use: `npm run bench`. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPool } from 'mysql2/promise';
import { startOutside } from '../demo/outside.ts';
import type { Outside, OutsideOptions } from '../demo/outside.ts';
import { synthesise } from '../demo/synthesise.ts';
import { addDays, dateOf } from '../schema/seoul-time.ts';
import type { Contender } from './contender.ts';
import { startCouponStats } from './coupon-stats/grantline.ts';
import { DISTRICTS, SEED, STORES, measureCouponStats } from './coupon-stats/measure.ts';
import type { CouponMeasurement } from './coupon-stats/measurement.ts';
import { grantline } from './grantline.ts';
import { measure } from './measure.ts';
import type { Measurement } from './measurement.ts';
import { benchCommand } from './options.ts';
import type { BenchOptions } from './options.ts';
import { plainLoop } from './peers/loop/loop.ts';
import type { SyncContender } from './point-sync/contender.ts';
import { loadDatabase } from './point-sync/data.ts';
import type { Night } from './point-sync/data.ts';
import { grantlinePointSync } from './point-sync/grantline.ts';
import { measureSync } from './point-sync/measure.ts';
import { timesFaster } from './point-sync/measurement.ts';
import type { SyncMeasurement } from './point-sync/measurement.ts';
import { couponTableOf, syncTableOf, tableOf } from './table.ts';
import type { CouponStatsWorkload, PointSyncWorkload, Workload } from './workloads.ts';

const LOCAL = fileURLToPath(new URL('../.local/', import.meta.url));

const report = (line: string) => process.stderr.write(`${line}\n`);

async function main(options: BenchOptions): Promise<boolean> {
  const { workloads, pointSyncs, couponStats, peer, rounds, json } = options;
  if (!existsSync('/proc/self/stat')) {
    throw new Error('CPU and memory are read from /proc: run this on Linux, or in a Linux container');
  }
  const contenders = peer === 'bullmq' ? [grantline, await loadPeer()] : [grantline];
  const syncContenders = peer === 'loop' ? [grantlinePointSync, plainLoop] : [grantlinePointSync];
  const measurements: Measurement[] = [];
  const syncs: SyncMeasurement[] = [];
  const coupons: CouponMeasurement[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const workload of workloads) {
      report(`round ${round} of ${rounds}: ${workload.name}, ${workload.targets} targets, ${workload.title}`);
      measurements.push(...(await runWorkload(workload, contenders)));
    }
    for (const workload of pointSyncs) {
      report(`round ${round} of ${rounds}: ${workload.name}, ${workload.users} users, ${workload.title}`);
      syncs.push(...(await runPointSync(workload, syncContenders)));
    }
    if (couponStats.length > 0) {
      report(`round ${round} of ${rounds}: coupon stats`);
      coupons.push(...(await runCouponStats(couponStats)));
    }
  }
  const tables = [
    ...(measurements.length > 0 ? [tableOf(measurements)] : []),
    ...(syncs.length > 0 ? [syncTableOf(syncs)] : []),
    ...(coupons.length > 0 ? [couponTableOf(coupons)] : []),
  ];
  const all = [...measurements, ...syncs, ...coupons];
  process.stdout.write(`${json ? JSON.stringify(all) : tables.join('\n\n')}\n`);
  return all.every(({ isCorrect }) => isCorrect);
}

/** Only when it is asked for: Grantline is measured without it too. */
async function loadPeer(): Promise<Contender> {
  try {
    return (await import('./peers/bullmq/bullmq.ts')).bullmq;
  } catch (error) {
    throw new Error("the peer's parts are missing (bullmq, undici): run npm ci with devDependencies", {
      cause: error,
    });
  }
}

/** The contenders one after the other, with the same database, Redis and Money API. */
async function runWorkload(workload: Workload, contenders: readonly Contender[]): Promise<Measurement[]> {
  const standIn = { ...workload.conditions, ceiling: workload.ceiling ?? 0 };
  return withOutside({ standIn }, async (outside, directory) => {
    const measurements: Measurement[] = [];
    for (const contender of contenders) {
      const running = await contender.start({
        outside,
        workload,
        directory: await directory(contender.name),
      });
      try {
        measurements.push(await measure({ name: contender.name, running }, workload, outside));
      } finally {
        await running.close();
      }
      report(tableOf(measurements.slice(-1)));
    }
    return measurements;
  });
}

/** The contenders one after the other, with the same rows; Redis is as it was before each of them. */
async function runPointSync(
  workload: PointSyncWorkload,
  contenders: readonly SyncContender[],
): Promise<SyncMeasurement[]> {
  const night = { users: workload.users, day: addDays(dateOf(Date.now()), -1) };
  return withOutside({ standIn: { ceiling: 0 } }, async (outside, directory) => {
    const measurements: SyncMeasurement[] = [];
    for (const contender of contenders) {
      const { name, reports } = contender;
      const running = await contender.start({ outside, directory: await directory(name) });
      try {
        // The first one's deployment has made the tables.
        if (measurements.length === 0) await loadRows(outside.databaseUrl, night);
        measurements.push(await measureSync({ name, reports, running }, { workload, night, outside }));
      } finally {
        await running.close();
      }
      report(syncTableOf(measurements.slice(-1)));
    }
    const times = timesFaster(measurements);
    if (times !== undefined) report(`Grantline's sync took 1/${times.toFixed(1)} of the other's time`);
    return measurements;
  });
}

/** One after the other with the same servers, each in a runtime of its own, cold as it is every night. */
async function runCouponStats(workloads: readonly CouponStatsWorkload[]): Promise<CouponMeasurement[]> {
  const coupons = { seed: SEED, stores: STORES, districts: DISTRICTS };
  return withOutside({ standIn: { ceiling: 0 }, coupons }, async (outside, directory) => {
    const assemblyDirectory = await directory('cdk.out');
    await synthesise(assemblyDirectory, {});
    const measurements: CouponMeasurement[] = [];
    for (const [index, workload] of workloads.entries()) {
      const { name, size, title } = workload;
      report(`${name}, ${size}, ${title}`);
      const logDirectory = await directory(`logs-${index}`);
      const running = await startCouponStats(outside, { assemblyDirectory, logDirectory });
      try {
        measurements.push(await measureCouponStats(running, workload, { outside, report }));
      } finally {
        await running.close();
      }
      report(couponTableOf(measurements.slice(-1)));
    }
    return measurements;
  });
}

async function loadRows(databaseUrl: string, night: Night): Promise<void> {
  const startedAt = performance.now();
  const db = createPool({ uri: databaseUrl, connectionLimit: 1 });
  try {
    await loadDatabase(db, night);
  } finally {
    await db.end();
  }
  report(`loaded the rows in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}

/** @param work gets empty directories by name; they are kept, with their logs, when it fails */
async function withOutside<T>(
  parts: Pick<OutsideOptions, 'standIn' | 'coupons'>,
  work: (outside: Outside, directory: (name: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  await mkdir(LOCAL, { recursive: true });
  const dataDirectory = await mkdtemp(join(LOCAL, 'bench-'));
  const logDirectory = join(dataDirectory, 'logs');
  await mkdir(logDirectory);
  const outside = await startOutside({ environment: {}, dataDirectory, logDirectory, ...parts, report });
  let result: T;
  try {
    result = await work(outside, async (name) => {
      const own = join(dataDirectory, name);
      await mkdir(own);
      return own;
    });
  } catch (error) {
    report(`the logs are in ${relative(process.cwd(), dataDirectory)}`);
    throw error;
  } finally {
    await outside.close();
  }
  await rm(dataDirectory, { recursive: true, force: true });
  return result;
}

process.exitCode = await benchCommand(main);
