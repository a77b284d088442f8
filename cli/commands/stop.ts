import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { stopCampaign } from '../../lambdas/campaign-grant/app/stop-campaign.ts';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { readCampaigns } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
import { EXIT_CODES, refuse, running } from '../campaigns/run-command.ts';
import { stateAsLine } from '../campaigns/state-text.ts';
import { confirm } from '../output/confirm.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface StopOptions extends WhereOptions {
  readonly reason: string;
  readonly yes: boolean;
  readonly json: boolean;
}

const HELP = `
No call is sent later than two seconds after it says so. Calls under way end and are recorded; what was not paid is
PENDING again within seconds. The reason is kept with the campaign. grantline resume goes on with the rest. Stopping
one that is stopped changes nothing.
${EXIT_CODES}

Example:
  npx grantline stop 7 --local --reason "wrong amounts"`;

const SAYINGS = {
  stopped: 'is stopped: no call is sent later than two seconds from now',
  withdrawn: 'is withdrawn: it is not being paid, and nothing starts it but a resume',
  already: 'was stopped already',
} as const;

export function registerStop(program: Command): void {
  const command = program
    .command('stop')
    .description('Stops a campaign that is being paid, or withdraws one that is to be.')
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .requiredOption('--reason <text>', 'why, for those who look at it later', reasonArgument)
    .option('--yes', 'do not ask', false)
    .option('--json', 'one JSON object instead of a line', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string, options: StopOptions) =>
      running('stop', async () => {
        const campaigns = await openCampaigns(await openDeployment(options));
        const [current] = await readCampaigns(campaigns, { promotionId });
        if (current === undefined) refuse('stop', `promotion ${promotionId} does not exist`);
        const { status } = current.campaign;
        if (status === 'READY' || status === 'IN_PROGRESS') {
          await confirm('stop', `Stop ${stateAsLine(current)}?`, options);
        }
        const outcome = await stopCampaign(campaigns, { promotionId, reason: options.reason });
        if (outcome.kind === 'unknown') refuse('stop', `promotion ${promotionId} does not exist`);
        if (outcome.kind === 'refused') {
          refuse('stop', `promotion ${promotionId} is ${outcome.status}: there is nothing to stop`);
        }
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ promotionId, outcome: outcome.kind })}\n`
            : `promotion ${promotionId} ${SAYINGS[outcome.kind]}\n`,
        );
      }),
    );
}

function reasonArgument(text: string): string {
  if (text.trim() !== '') return text.trim();
  throw new InvalidArgumentError('It must say something.');
}
