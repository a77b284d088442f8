import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { readCampaigns } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
import type { CampaignAndState } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
import { refuse, running } from '../campaigns/run-command.ts';
import { stateAsJson, stateAsLine } from '../campaigns/state-text.ts';
import { campaignBar } from '../campaigns/watch-display.ts';
import { INTERRUPTED, untilInterrupted } from '../output/interruption.ts';
import { changedLines } from '../output/live-line.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface WatchOptions extends WhereOptions {
  readonly json: boolean;
}

const LOOK_EVERY_MS = 2_000;
const FINAL = new Set(['completed', 'failed', 'stopped']);

const HELP = `
On a terminal it draws one line over and over, elsewhere it writes a line when something has changed. It looks every two
seconds, at rows that the campaign keeps of itself: no target is counted.

Exit codes:
  0    the campaign is completed
  1    it is stopped or failed, or there is no such promotion
  2    it could not be watched: a wrong option, no deployment, no database
  130  interrupted: the campaign goes on

Example:
  npx grantline watch 7 --local`;

export function registerWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('Watches a campaign until it ends.')
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .option('--json', 'a JSON object a line', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string, options: WatchOptions) =>
      running('watch', () => watch(promotionId, options)),
    );
}

async function watch(promotionId: string, options: WatchOptions): Promise<void> {
  const campaigns = await openCampaigns(await openDeployment(options));
  const display = options.json
    ? changedLines(process.stdout, (current: CampaignAndState) => JSON.stringify(stateAsJson(current)))
    : process.stdout.isTTY
      ? campaignBar(process.stdout)
      : changedLines(process.stdout, stateAsLine);
  const { signal, end } = untilInterrupted();
  try {
    for (;;) {
      const [current] = await readCampaigns(campaigns, { promotionId });
      if (current === undefined) refuse('watch', `promotion ${promotionId} does not exist`);
      display.show(current);
      if (FINAL.has(current.state.phase)) {
        process.exitCode = current.state.phase === 'completed' ? 0 : 1;
        return;
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  } finally {
    display.end();
    end();
  }
}
