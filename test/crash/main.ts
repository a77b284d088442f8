/**
 * Campaigns on real parts whose runtime is killed at random moments: `npm run test:crash`. Database, Redis and Money
 * API live in processes of their own; the runtime, with all that it started, dies by SIGKILL and is started again.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { createPool } from 'mysql2/promise';
import { checkCampaign } from '../../demo/campaigns/check.ts';
import { readLedger } from '../../demo/campaigns/ledger.ts';
import { loadPromotion } from '../../demo/campaigns/load.ts';
import { synthesise } from '../../demo/synthesise.ts';
import { drawsFor } from '../../stand-ins/random.ts';
import { crashCampaign } from './campaign.ts';
import type { CampaignOutcome } from './campaign.ts';
import { startOutside } from './outside.ts';
import type { Outside } from './outside.ts';
import { startRuntimeProcess } from './runtime-process.ts';

const LOCAL = fileURLToPath(new URL('../../.local/', import.meta.url));

interface Options {
  readonly campaigns: number;
  readonly targets: number;
  readonly kills: number;
  readonly tps: number;
  readonly seed: number;
}

const STAND_IN = {
  latencyMs: 30,
  latencyTail: { share: 0.01, ms: 1000 },
  failRate: 0.01,
  rejectRate: 0.002,
  timeoutRate: 0.001,
  resetRate: 0.002,
};

async function main(options: Options): Promise<boolean> {
  const report = (line: string) => process.stdout.write(`${line}\n`);
  await mkdir(LOCAL, { recursive: true });
  const directory = await mkdtemp(join(LOCAL, 'crash-'));
  await mkdir(join(directory, 'logs'));
  report(`seed ${options.seed}: synthesising, starting the database, Redis and the Money API`);
  const assemblyDirectory = join(directory, 'cdk.out');
  await synthesise(assemblyDirectory, { moneyTps: options.tps });
  const outside = await startOutside(
    directory,
    { ...STAND_IN, ceiling: options.tps, seed: options.seed },
    report,
  );
  const db = createPool({ uri: outside.databaseUrl, connectionLimit: 2, decimalNumbers: false });
  let held = true;
  try {
    const { databaseUrl, redisUrl, money, slack } = outside;
    const runtime = {
      assemblyDirectory,
      logDirectory: join(directory, 'logs'),
      databaseUrl,
      redisUrl,
      money,
      slack,
    };
    // The tables are there before the first campaign is loaded: the migrations run when a runtime starts.
    const migrating = startRuntimeProcess(runtime);
    await migrating.up;
    await migrating.close();

    const outcomes: CampaignOutcome[] = [];
    const firstId = Date.now();
    for (let number = 0; number < options.campaigns; number += 1) {
      const promotionId = String(firstId + number);
      const promotionType = number % 2 === 0 ? 'VOUCHER' : 'POINT';
      const loading = { promotionId, promotionType, targets: options.targets, seed: options.seed } as const;
      const promotion = await loadPromotion(db, loading);
      report(`campaign ${number + 1} of ${options.campaigns}: ${promotionType} ${promotionId}`);
      const draw = drawsFor(options.seed, `campaign-${number}`, 1);
      const outcome = await crashCampaign(
        { db, outside, runtime, log: report },
        { promotion, kills: options.kills, draw },
      );
      outcomes.push(outcome);
      const { checks } = await checkCampaign(db, promotion, options.seed, readLedger(`${money.url}/ledger`));
      for (const check of checks.filter(({ ok }) => !ok))
        report(`  VIOLATED  ${check.name}: ${check.detail}`);
      if (!outcome.verification.ok) report(outcome.verification.text);
      const ok = outcome.verification.ok && checks.every((check) => check.ok);
      held &&= ok;
      report(
        `  ${ok ? 'verified' : 'NOT VERIFIED'}: ${outcome.kills} kills, ${outcome.stops} stops, ${outcome.outages} outages`,
      );
    }
    held = (await summarise(outcomes, outside, options, report)) && held;
  } finally {
    await db.end();
    await outside.close();
  }
  report(held ? 'VERIFIED' : 'NOT VERIFIED: the logs and the data are in .local');
  if (held) await rm(directory, { recursive: true, force: true });
  return held;
}

async function summarise(
  outcomes: readonly CampaignOutcome[],
  outside: Outside,
  options: Options,
  report: (line: string) => void,
): Promise<boolean> {
  const sum = (of: (outcome: CampaignOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const firstCalls = outcomes.flatMap((outcome) => outcome.firstCallSeconds).toSorted((a, b) => a - b);
  const afterStops = outcomes.flatMap((outcome) => outcome.lastCallAfterStopSeconds);
  const { maxWindow1s } = await outside.moneyStats();
  const lastAfterStop = Math.max(0, ...afterStops);
  report(
    `${outcomes.length} campaigns of ${options.targets} targets: ${sum((o) => o.kills)} kills, ${sum((o) => o.stops)} stops, ${sum((o) => o.outages)} outages`,
  );
  report(
    `first Money call after a restart: median ${(firstCalls[Math.floor(firstCalls.length / 2)] ?? 0).toFixed(1)} s, longest ${(firstCalls.at(-1) ?? 0).toFixed(1)} s`,
  );
  report(`last Money call after a stop: ${lastAfterStop.toFixed(2)} s at most`);
  report(`highest one-second window: ${maxWindow1s} of ${options.tps}`);
  return maxWindow1s <= options.tps && lastAfterStop <= 2;
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('must be a whole number, 1 or more');
  return number;
}

await new Command('test:crash')
  .description(
    'Kills the local runtime in mid-campaign, again and again, and checks that each target was paid once',
  )
  .option('--campaigns <n>', 'campaigns, one after the other', positive, 20)
  .option('--targets <n>', 'targets of each', positive, 5000)
  .option('--kills <n>', 'kills in each', positive, 10)
  .option('--tps <n>', "the Money API's ceiling", positive, 500)
  .option('--seed <n>', 'decides the moments and the faults', positive, 1)
  .addHelpText('after', '\nExample:\n  npm run test:crash -- --campaigns 2 --kills 10')
  .action(async (options: Options) => {
    process.exitCode = (await main(options)) ? 0 : 1;
  })
  .parseAsync();
