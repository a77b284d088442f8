import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { readStates } from '../campaigns/read-states.ts';
import type { CampaignAndState } from '../campaigns/read-states.ts';
import { refuse, running } from '../campaigns/run-command.ts';
import { stateAsJson, stateAsLine } from '../campaigns/state-text.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface WatchOptions extends WhereOptions {
  readonly json: boolean;
}

const LOOK_EVERY_MS = 2_000;
const BAR_WIDTH = 30;
const FINAL = new Set(['completed', 'failed', 'stopped']);

const HELP = `
On a terminal it draws one line over and over, elsewhere it writes a line when something has changed.

Exit codes:
  0  the campaign is completed
  1  it is stopped or failed, or there is no such promotion
  2  it could not be watched: a wrong option, no deployment, no database

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
      running('watch', async () => {
        const campaigns = await openCampaigns(await openDeployment(options));
        const show = options.json ? lines(asJsonLine) : process.stdout.isTTY ? bar() : lines(stateAsLine);
        for (;;) {
          const [current] = await readStates(campaigns, { promotionId });
          if (current === undefined) refuse('watch', `promotion ${promotionId} does not exist`);
          const isOver = FINAL.has(current.state.phase);
          show(current, isOver);
          if (isOver) {
            process.exitCode = current.state.phase === 'completed' ? 0 : 1;
            return;
          }
          await sleep(LOOK_EVERY_MS);
        }
      }),
    );
}

type Show = (current: CampaignAndState, isOver: boolean) => void;

function lines(format: (current: CampaignAndState) => string): Show {
  let last: string | undefined;
  return (current) => {
    const line = format(current);
    if (line !== last) process.stdout.write(`${line}\n`);
    last = line;
  };
}

function asJsonLine(current: CampaignAndState): string {
  return JSON.stringify(stateAsJson(current));
}

function bar(): Show {
  return (current, isOver) => {
    const { campaign, state } = current;
    const share = campaign.totalCount === 0 ? 0 : state.finalCount / campaign.totalCount;
    const filled = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH));
    const drawn = `${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}`;
    process.stdout.write(`\r\x1b[K[${drawn}] ${stateAsLine(current)}${isOver ? '\n' : ''}`);
  };
}
