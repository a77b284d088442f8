import type { Command } from 'commander';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { running } from '../campaigns/run-command.ts';
import { progressLine } from '../output/progress-line.ts';
import { addPlanOptions, checkTogether } from '../plan/options.ts';
import type { PlanOptions } from '../plan/options.ts';
import { readCampaignTargets } from '../plan/plan-campaign.ts';
import type { CampaignTargets } from '../plan/plan-campaign.ts';
import { plainWork, workOf } from '../plan/plan.ts';
import type { Plan } from '../plan/plan.ts';
import { LIST_PRICES } from '../plan/prices.ts';
import { readPrices } from '../plan/read-prices.ts';
import { asJson } from '../plan/report/as-json.ts';
import { asText } from '../plan/report/as-text.ts';
import { planRun } from '../plan/rules/plan-run.ts';
import { readStageSettings } from '../plan/stage-settings.ts';
import { openDatabase } from '../where/open-database.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';

const HELP = `
It writes nothing and pays nobody. With a promotion the targets are read, by the rule that publishing will use; with
--targets nothing is opened. What no option says is the stage's configuration (--stage, dev without it).

Prices are list prices; a file of --prices replaces what it names, e.g. {"aurora": {"perCapacityUnitHour": 0.2}}.
The names are those under "prices" of --json.

Exit codes:
  0  it is planned, whatever the plan says
  1  refused: no such promotion
  2  it could not be: a wrong option, no deployment, no database, a price file that is none

Examples:
  npx grantline plan 7 --local --slow 0.01@1000
  npx grantline plan --targets 100000000 --type point --tps 50000`;

export function registerPlan(program: Command): void {
  const command = program
    .command('plan')
    .description(
      'Says before a run what it will pay, how long it takes, what it costs and which quotas it meets.',
    )
    .argument('[promotionId]', 'the campaign', promotionIdArgument);
  addWhereOptions(addPlanOptions(command))
    .addHelpText('after', HELP)
    .action((promotionId: string | undefined, options: PlanOptions) =>
      running('plan', async () => {
        const plan = await makePlan(promotionId, options);
        process.stdout.write(options.json ? `${asJson(plan)}\n` : asText(plan));
      }),
    );
}

async function makePlan(promotionId: string | undefined, options: PlanOptions): Promise<Plan> {
  checkTogether(promotionId, options);
  const { stage, settings } = readStageSettings(options);
  const prices = options.prices === undefined ? LIST_PRICES : await readPrices(options.prices);
  const targets = promotionId === undefined ? null : await readTargetsOf(promotionId, options);
  const work = targets === null ? plainWork(options.targets ?? 0) : workOf(targets);
  const latency = { meanMs: options.latency, slow: options.slow ?? null };
  return {
    stage,
    promotionType: targets?.promotionType ?? (options.type === 'point' ? 'POINT' : 'VOUCHER'),
    targets,
    ...planRun(work, settings, latency, prices),
  };
}

async function readTargetsOf(promotionId: string, options: PlanOptions): Promise<CampaignTargets> {
  const database = await openDatabase(await openDeployment(options));
  const line = progressLine(process.stderr);
  try {
    return await readCampaignTargets(database, promotionId, (what, done) => line.show(what, done));
  } finally {
    line.clear();
  }
}
