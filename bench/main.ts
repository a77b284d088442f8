/** Measures Grantline on the local runtime, and next to it what else a team might use: `npm run bench`. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOutside } from '../demo/outside.ts';
import type { Contender } from './contender.ts';
import { grantline } from './grantline.ts';
import { measure } from './measure.ts';
import type { Measurement } from './measurement.ts';
import { benchCommand } from './options.ts';
import type { BenchOptions } from './options.ts';
import { tableOf } from './table.ts';
import type { Workload } from './workloads.ts';

const LOCAL = fileURLToPath(new URL('../.local/', import.meta.url));

const report = (line: string) => process.stderr.write(`${line}\n`);

async function main({ workloads, peer, rounds, json }: BenchOptions): Promise<boolean> {
  if (!existsSync('/proc/self/stat')) {
    throw new Error('CPU and memory are read from /proc: run this on Linux, or in a Linux container');
  }
  const contenders = peer === undefined ? [grantline] : [grantline, await loadPeer()];
  const measurements: Measurement[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const workload of workloads) {
      report(`round ${round} of ${rounds}: ${workload.name}, ${workload.targets} targets, ${workload.title}`);
      measurements.push(...(await runWorkload(workload, contenders)));
    }
  }
  process.stdout.write(`${json ? JSON.stringify(measurements) : tableOf(measurements)}\n`);
  return measurements.every(({ isCorrect }) => isCorrect);
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
  await mkdir(LOCAL, { recursive: true });
  const directory = await mkdtemp(join(LOCAL, 'bench-'));
  const logDirectory = join(directory, 'logs');
  await mkdir(logDirectory);
  const standIn = { ...workload.conditions, ceiling: workload.ceiling ?? 0 };
  const outside = await startOutside({
    environment: {},
    dataDirectory: directory,
    logDirectory,
    standIn,
    report,
  });
  const measurements: Measurement[] = [];
  try {
    for (const contender of contenders) {
      const own = join(directory, contender.name);
      await mkdir(own);
      const running = await contender.start({ outside, workload, directory: own });
      try {
        measurements.push(await measure({ name: contender.name, running }, workload, outside));
      } finally {
        await running.close();
      }
      report(tableOf(measurements.slice(-1)));
    }
  } catch (error) {
    report(`the logs are in ${relative(process.cwd(), directory)}`);
    throw error;
  } finally {
    await outside.close();
  }
  await rm(directory, { recursive: true, force: true });
  return measurements;
}

process.exitCode = await benchCommand(main);
