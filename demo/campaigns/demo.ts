import { createPool } from 'mysql2/promise';
import { inWorld } from '../in-world.ts';
import { progressView } from '../progress.ts';
import { redisAt } from '../redis-at.ts';
import type { World } from '../world.ts';
import { checkCampaign } from './check.ts';
import { campaignsCommand } from './command.ts';
import type { DemoOptions } from './command.ts';
import { readLedger } from './ledger.ts';
import { loadPromotion } from './load.ts';
import type { DemoPromotion } from './load.ts';
import { readMoneyCalls } from './money-calls.ts';
import { printResults } from './results.ts';
import type { CampaignResult } from './results.ts';
import { runCampaign } from './run-campaign.ts';
import type { Progress, RunContext } from './run-campaign.ts';

export function campaignsDemo(): Promise<number> {
  return campaignsCommand((options) => {
    const { json, tps, latency, failRate, seed } = options;
    const settings = {
      json,
      context: { moneyTps: tps },
      standIn: { ceiling: tps, latencyMs: latency, failRate, seed },
    };
    return inWorld(settings, async ({ world, setupSeconds, out }) => {
      const results = await runCampaigns(world, options, out);
      return printResults({ options, world, results, setupSeconds, out });
    });
  });
}

async function runCampaigns(
  world: World,
  options: DemoOptions,
  out: NodeJS.WriteStream,
): Promise<CampaignResult[]> {
  const db = createPool({ uri: world.outside.databaseUrl, connectionLimit: 4, decimalNumbers: false });
  const redis = redisAt(world.outside.redisUrl);
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
  const label = promotion.promotionType.toLowerCase().padEnd(7);
  const view = progressView({ label, total: promotion.targets, unit: ' TPS' }, how.out);
  const show = ({ granted, failed }: Progress) =>
    view.update(granted + failed, `granted ${granted}  failed ${failed}`);
  const finished = await runCampaign(context, promotion.promotionId, show);
  show({ granted: finished.successCount, failed: finished.failCount });
  view.stop();
  const wallSeconds = (Date.now() - startedAt) / 1000;

  const ledger = how.ledgerUrl === undefined ? undefined : readLedger(how.ledgerUrl);
  const { checks, figures } = await checkCampaign(context.db, promotion, how.seed, ledger);
  const calls = await readMoneyCalls(world.logDirectory, startedAt);
  return { promotion, ...figures, grantedAmount: finished.grantedAmount, wallSeconds, calls, checks };
}
