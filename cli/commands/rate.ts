import type { Command } from 'commander';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import { running } from '../campaigns/run-command.ts';
import { rateAsJson, rateAsText } from '../rate/rate-text.ts';
import { keepsCeiling, readRate } from '../rate/read-rate.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface RateOptions extends WhereOptions {
  readonly json: boolean;
}

const HELP = `
It is read from the function that pays, as it is deployed, and changed by a deployment alone:
  npm run deploy -- --stage dev -c moneyTps=500

Exit codes:
  0  it is shown
  1  it is shown, and the ceiling is not kept: somebody has given the function another concurrency than it was told
  2  it could not be: a wrong option, no deployment, no database

Example:
  npx grantline rate show --local`;

export function registerRate(program: Command): void {
  const rate = program.command('rate').description('The ceiling of calls to the Money API.');
  const show = rate
    .command('show')
    .description('Shows the ceiling, who shares it, and what is made of it now.')
    .option('--json', 'one JSON object instead of lines', false);
  addWhereOptions(show)
    .addHelpText('after', HELP)
    .action((options: RateOptions) =>
      running('rate show', async () => {
        const deployment = await openDeployment(options);
        const [found, campaigns] = await Promise.all([readRate(deployment), openCampaigns(deployment)]);
        const { paying: promotionId, breakerIsOpen } = await campaigns.operator.surroundings();
        const campaign = promotionId === null ? undefined : await campaigns.operator.campaign(promotionId);
        const paying = { campaign, breakerIsOpen };
        process.stdout.write(
          options.json ? `${JSON.stringify(rateAsJson(found, paying))}\n` : rateAsText(found, paying),
        );
        process.exitCode = keepsCeiling(found) ? 0 : 1;
      }),
    );
}
