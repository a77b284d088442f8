import type { Command } from 'commander';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { readCampaigns } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
import { EXIT_CODES, refuse, running } from '../campaigns/run-command.ts';
import { stateAsJson, statesAsText } from '../campaigns/state-text.ts';
import { wholeNumber } from '../output/whole-number.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface StatusOptions extends WhereOptions {
  readonly last: number;
  readonly json: boolean;
}

const HELP = `
States: ready, reserved, waiting (for its turn), paying, paused (the breaker is open), stopped, failed, completed. The
rate is that of the last interval of 5 s; what is left is at that rate. No target is counted: it answers at once.
${EXIT_CODES}

Examples:
  npx grantline status --local
  npx grantline status 7 --local --json`;

export function registerStatus(program: Command): void {
  const command = program
    .command('status')
    .description('Shows every campaign: its state, how far it is, how fast, and why it waits.')
    .argument('[promotionId]', 'this one only', promotionIdArgument)
    .option('--last <count>', 'so many campaigns at most, the newest', wholeNumber(1, 1_000), 50)
    .option('--json', 'one JSON object instead of a table', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string | undefined, options: StatusOptions) =>
      running('status', async () => {
        const campaigns = await openCampaigns(await openDeployment(options));
        const of = promotionId === undefined ? { limit: options.last } : { promotionId };
        const states = await readCampaigns(campaigns, of);
        if (promotionId !== undefined && states.length === 0) {
          refuse('status', `promotion ${promotionId} does not exist`);
        }
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ campaigns: states.map(stateAsJson) })}\n`
            : states.length === 0
              ? 'there is no campaign yet\n'
              : statesAsText(states),
        );
      }),
    );
}
