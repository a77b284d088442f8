import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { demoCommand } from './options.ts';
import type { DemoOptions } from './options.ts';
import { checkCampaign } from './check.ts';
import { NOBODY_READS, whenNobodyReads } from './command-line.ts';
import { readLedger } from './ledger.ts';
import { loadPromotion } from './load.ts';
import type { DemoPromotion } from './load.ts';
import { readMoneyCalls } from './money-calls.ts';
import { progressView } from './progress.ts';
import { printResults } from './results.ts';
import type { CampaignResult } from './results.ts';
import { runCampaign } from './run-campaign.ts';
import type { RunContext } from './run-campaign.ts';
import { startWorld } from './world.ts';
import type { World } from './world.ts';

const LOCAL = fileURLToPath(new URL('../.local/', import.meta.url));

/** @returns the exit code */
async function main(options: DemoOptions): Promise<number> {
  // With --json, standard output carries the result and nothing else.
  const out = options.json ? process.stderr : process.stdout;
  const report = (line: string) => out.write(`${line}\n`);
  const begun = performance.now();
  await mkdir(LOCAL, { recursive: true });
  const dataDirectory = await mkdtemp(join(LOCAL, 'demo-'));

  let world: World | undefined;
  let verified = false;
  const stop = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
  interrupted.catch(() => undefined);
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  whenNobodyReads(() => stop.abort(NOBODY_READS));
  const nobodyReads = () => stop.signal.reason === NOBODY_READS;
  try {
    world = await startWorld({
      dataDirectory,
      environment: process.env,
      context: { moneyTps: options.tps },
      standIn: {
        ceiling: options.tps,
        latencyMs: options.latency,
        failRate: options.failRate,
        seed: options.seed,
      },
      report,
    });
    const setupSeconds = (performance.now() - begun) / 1000;
    report(`ready after ${setupSeconds.toFixed(1)} s`);
    const results = await Promise.race([runCampaigns(world, options, out), interrupted]);
    verified = await printResults({ options, world, results, setupSeconds, out });
    return verified ? 0 : 1;
  } catch (error) {
    if (nobodyReads()) return NOBODY_READS;
    throw error;
  } finally {
    await world?.close();
    if (verified || nobodyReads()) await rm(dataDirectory, { recursive: true, force: true });
    else report(`the logs are in ${relative(process.cwd(), join(dataDirectory, 'logs'))}`);
  }
}

async function runCampaigns(
  world: World,
  options: DemoOptions,
  out: NodeJS.WriteStream,
): Promise<CampaignResult[]> {
  const db = createPool({ uri: world.outside.databaseUrl, connectionLimit: 4, decimalNumbers: false });
  const redis = new Redis(world.outside.redisUrl);
  const context: RunContext = {
    db,
    redis,
    stepFunctionsUrl: world.runtime.endpoints.stepFunctions,
    stateMachineArn: world.output('CampaignRunArn'),
  };
  const ledgerUrl =
    options.ledger ?? (world.outside.money.isStandIn ? `${world.outside.money.url}/ledger` : undefined);
  try {
    const promotions: DemoPromotion[] = [];
    // Ids from the clock: an external Money API remembers the keys of earlier demos for thirty days.
    const firstId = Date.now();
    for (const [index, promotionType] of options.types.entries()) {
      const promotionId = String(firstId + index);
      promotions.push(
        await loadPromotion(db, { promotionId, promotionType, targets: options.targets, seed: options.seed }),
      );
      out.write(
        `loaded ${options.targets} ${promotionType.toLowerCase()} targets as promotion ${promotionId}\n`,
      );
    }
    const results: CampaignResult[] = [];
    for (const promotion of promotions) {
      results.push(await runOne(world, context, promotion, { ledgerUrl, seed: options.seed, out }));
    }
    return results;
  } finally {
    redis.disconnect();
    await db.end();
  }
}

async function runOne(
  world: World,
  context: RunContext,
  promotion: DemoPromotion,
  how: { ledgerUrl: string | undefined; seed: number; out: NodeJS.WriteStream },
): Promise<CampaignResult> {
  const startedAt = Date.now();
  const view = progressView(promotion.promotionType.toLowerCase().padEnd(7), promotion.targets, how.out);
  const finished = await runCampaign(context, promotion.promotionId, (progress) => view.update(progress));
  view.update({ granted: finished.successCount, failed: finished.failCount });
  view.stop();
  const wallSeconds = (Date.now() - startedAt) / 1000;

  const ledger = how.ledgerUrl === undefined ? undefined : readLedger(how.ledgerUrl);
  const { checks, figures } = await checkCampaign(context.db, promotion, how.seed, ledger);
  const calls = await readMoneyCalls(world.logDirectory, startedAt);
  return { promotion, ...figures, grantedAmount: finished.grantedAmount, wallSeconds, calls, checks };
}

process.exitCode = await demoCommand(main);
