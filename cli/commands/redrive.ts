import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Command } from 'commander';
import type { RedriveSelection } from '../../lambdas/campaign-grant/ports.ts';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { EXIT_CODES, refuse, running } from '../campaigns/run-command.ts';
import { confirm } from '../output/confirm.ts';
import { grouped } from '../output/grouped.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface RedriveOptions extends WhereOptions {
  readonly code?: string[];
  readonly target?: string[];
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

const HELP = `
Each is asked for again with its own key, through the same queue and under the same ceiling: who was paid is not paid
twice. A COMPLETED campaign runs again for just these; one that is stopped pays them when it is resumed.
${EXIT_CODES}

Examples:
  npx grantline redrive 7 --local --dry-run
  npx grantline redrive 7 --local --code HTTP_503 TIMEOUT --yes`;

export function registerRedrive(program: Command): void {
  const command = program
    .command('redrive')
    .description('Pays targets again that were given up: all dead letters of a campaign, or a selection.')
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .option('--code <cause...>', 'of these causes only')
    .option('--target <id...>', 'these targets only')
    .option('--dry-run', 'only say how many there are', false)
    .option('--yes', 'do not ask', false)
    .option('--json', 'one JSON object instead of lines', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string, options: RedriveOptions) =>
      running('redrive', async () => {
        const deployment = await openDeployment(options);
        const campaigns = await openCampaigns(deployment);
        const promotion = await campaigns.store.findPromotion(promotionId);
        if (promotion === undefined) refuse('redrive', `promotion ${promotionId} does not exist`);
        const targetIds = options.target?.map(promotionIdArgument);
        const selection: RedriveSelection = { causes: options.code, targetIds };
        const causes = await campaigns.operator.redrivable(promotion, selection);
        const count = causes.reduce((sum, cause) => sum + cause.count, 0);
        if (!options.json) process.stdout.write(asText(causes, count));
        if (count === 0 || options.dryRun) {
          if (options.json) process.stdout.write(`${JSON.stringify({ promotionId, count, causes })}\n`);
          return;
        }
        await confirm(`Redrive ${grouped(count)} of promotion ${promotionId}?`, options);
        const client = new SFNClient(deployment.clientSettings('stepFunctions'));
        const { executionArn } = await client.send(
          new StartExecutionCommand({
            stateMachineArn: await deployment.output('CampaignGrant', 'RedriveArn'),
            input: JSON.stringify({ promotionId, ...selection }),
          }),
        );
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ promotionId, count, causes, executionArn })}\n`
            : `redriven by execution ${executionArn ?? ''}\n`,
        );
      }),
    );
}

function asText(causes: readonly { cause: string; count: number }[], count: number): string {
  if (count === 0) return 'nothing to redrive\n';
  return [...causes, { cause: 'all', count }]
    .map((each) => `${grouped(each.count).padStart(10)}  ${each.cause}\n`)
    .join('');
}
