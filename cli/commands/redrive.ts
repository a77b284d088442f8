import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { sfnCampaignRuns } from '../../lambdas/campaign-grant/adapters/sfn-campaign-runs.ts';
import { sfnRedriveRuns } from '../../lambdas/campaign-grant/adapters/sfn-redrive-runs.ts';
import { startRedrive } from '../../lambdas/campaign-grant/app/start-redrive.ts';
import type { RedriveSelection } from '../../lambdas/campaign-grant/ports.ts';
import { id } from '../../schema/promotion.ts';
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

const LOOK_EVERY_MS = 500;
const MOST_LOOKS = 40;
/** An execution's input is at most 256 KiB. */
const MOST_TARGETS = 10_000;

const HELP = `
Each is asked for again with its own key, through the same queue and under the same ceiling: who was paid is not paid
twice. A COMPLETED campaign runs again for just these; one that is stopped pays them when it is resumed. What is not
FAILED, or was never called for, is left out: grantline failures shows both.
${EXIT_CODES}

Examples:
  npx grantline redrive 7 --local --dry-run
  npx grantline redrive 7 --local --code HTTP_503 TIMEOUT --yes
  npx grantline redrive 7 --local --target 1001 1002`;

export function registerRedrive(program: Command): void {
  const command = program
    .command('redrive')
    .description('Pays targets again that were given up: all dead letters of a campaign, or a selection.')
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .option('--code <cause...>', 'of these causes only')
    .option('--target <id...>', 'these targets only', targetIdsArgument)
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
        const selection: RedriveSelection = { causes: options.code, targetIds: options.target };
        const causes = await campaigns.operator.redrivable(promotion, selection);
        const count = causes.reduce((sum, cause) => sum + cause.count, 0);
        if (!options.json) process.stdout.write(asText(causes, count));
        if (count === 0 || options.dryRun) {
          if (options.json)
            process.stdout.write(asJson({ promotionId, count, causes, executionName: null, isDone: true }));
          return;
        }
        await confirm('redrive', `Redrive ${grouped(count)} of promotion ${promotionId}?`, options);
        const redriveArn = await deployment.output('CampaignGrant', 'RedriveArn');
        const client = new SFNClient(deployment.clientSettings('stepFunctions'));
        const redrives = sfnRedriveRuns(redriveArn, client);
        const outcome = await startRedrive({ ...campaigns, redrives }, { promotionId, ...selection });
        if (outcome.kind === 'unknown') refuse('redrive', `promotion ${promotionId} does not exist`);
        const { executionName } = outcome;
        const isDone = executionName === null || (await hasEnded(client, redriveArn, executionName));
        process.stdout.write(
          options.json
            ? asJson({ promotionId, count, causes, executionName, isDone })
            : `${sayStarted(executionName, isDone)}\n`,
        );
      }),
    );
}

/** A few are redriven within seconds, and whoever watches the campaign next sees that it runs again. */
async function hasEnded(client: SFNClient, redriveArn: string, executionName: string): Promise<boolean> {
  const redrives = sfnCampaignRuns(redriveArn, client);
  const executionArn = `${redriveArn.replace(':stateMachine:', ':execution:')}:${executionName}`;
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const execution = await redrives.describe(executionArn);
    if ('cause' in execution) {
      throw new Error(`execution ${executionName} ended ${execution.status}: ${execution.cause}`);
    }
    // Right after its start AWS may not find it yet.
    if (execution.status === 'SUCCEEDED') return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

function sayStarted(executionName: string | null, isDone: boolean): string {
  if (executionName === null) return 'nothing to redrive any more';
  return isDone
    ? `redriven by execution ${executionName}`
    : `being redriven by execution ${executionName}, which goes on`;
}

function asJson(outcome: object): string {
  return `${JSON.stringify(outcome)}\n`;
}

function asText(causes: readonly { cause: string; count: number }[], count: number): string {
  if (count === 0) return 'nothing to redrive\n';
  return [...causes, { cause: 'all', count }]
    .map((each) => `${grouped(each.count).padStart(10)}  ${each.cause}\n`)
    .join('');
}

function targetIdsArgument(text: string, before: readonly string[] | undefined): string[] {
  const ids = [...(before ?? []), text];
  if (!id.safeParse(text).success) throw new InvalidArgumentError('It must be numbers, the ids of targets.');
  if (ids.length > MOST_TARGETS) throw new InvalidArgumentError(`At most ${MOST_TARGETS} targets at once.`);
  return ids;
}
