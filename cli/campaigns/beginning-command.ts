import type { Command } from 'commander';
import { startCampaign } from '../../lambdas/campaign-grant/app/start-campaign.ts';
import { openCampaigns } from './open-campaigns.ts';
import { openRuns } from './open-runs.ts';
import { promotionIdArgument } from './promotion-argument.ts';
import { EXIT_CODES, refuse, running } from './run-command.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface StartOptions extends WhereOptions {
  readonly json: boolean;
}

/** `start` and `resume` differ in the states that they take. */
export function registerBeginning(
  program: Command,
  name: 'start' | 'resume',
  how: { readonly description: string; readonly help: string; readonly resume: boolean },
): void {
  const command = program
    .command(name)
    .description(how.description)
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .option('--json', 'one JSON object instead of a line', false);
  addWhereOptions(command)
    .addHelpText('after', `\n${how.help}\n${EXIT_CODES}\n\nExample:\n  npx grantline ${name} 7 --local`)
    .action((promotionId: string, options: StartOptions) =>
      running(name, async () => {
        const deployment = await openDeployment(options);
        const [campaigns, runs] = await Promise.all([openCampaigns(deployment), openRuns(deployment)]);
        const outcome = await startCampaign({ ...campaigns, runs }, { promotionId, resume: how.resume });
        if (outcome.kind === 'unknown') refuse(name, `promotion ${promotionId} does not exist`);
        if (outcome.kind === 'refused') {
          refuse(name, `promotion ${promotionId} is ${outcome.status}: ${outcome.why}`);
        }
        const { kind, executionName } = outcome;
        const line =
          kind === 'started'
            ? `promotion ${promotionId} is started: execution ${executionName ?? ''}`
            : `promotion ${promotionId} is under way already`;
        process.stdout.write(
          options.json ? `${JSON.stringify({ promotionId, outcome: kind, executionName })}\n` : `${line}\n`,
        );
      }),
    );
}
