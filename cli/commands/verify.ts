import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import * as z from 'zod';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { running } from '../campaigns/run-command.ts';
import { progressLine } from '../output/progress-line.ts';
import { asJson, asText, holds } from '../verify/report.ts';
import { verifyCampaign } from '../verify/verify-campaign.ts';
import type { Verification } from '../verify/verify-campaign.ts';
import { openDatabase } from '../where/open-database.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface VerifyCommandOptions extends WhereOptions {
  readonly ledger?: string;
  readonly final: boolean;
  readonly json: boolean;
}

const HELP = `
It can be run at any time and writes nothing. What the campaign's state does not let it say yet is "pending": until
it has ended, and for up to two minutes after that, in which calls under way are recorded and counted.

With --ledger the Money API's own ledger is held against the rows: NDJSON, one grant a line with key, kind,
customerUid, amount and voucherNumber.

Exit codes:
  0  no check is violated
  1  a check is violated: it is named, with up to five ids
  2  it could not be checked: unknown promotion, no database, a ledger that is none

Example:
  npx grantline verify 7 --local --ledger http://127.0.0.1:4606/ledger`;

export function registerVerify(program: Command): void {
  const command = program
    .command('verify')
    .description(
      'Checks that each target of a campaign was paid exactly once, and everything else that data can show.',
    )
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .option('--ledger <url>', "check against the Money API's ledger at this http(s) URL too", ledgerUrl)
    .option('--final', 'give a campaign that has just ended no time to be wound up', false)
    .option('--json', 'one JSON object instead of lines', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string, options: VerifyCommandOptions) =>
      running('verify', async () => {
        const verification = await verify(promotionId, options);
        const text = options.json ? `${asJson(verification, options.ledger)}\n` : asText(verification);
        process.stdout.write(text);
        process.exitCode = holds(verification) ? 0 : 1;
      }),
    );
}

async function verify(promotionId: string, options: VerifyCommandOptions): Promise<Verification> {
  const database = await openDatabase(await openDeployment(options));
  const line = progressLine(process.stderr);
  try {
    return await verifyCampaign(database, {
      promotionId,
      ledgerUrl: options.ledger,
      nowMs: Date.now(),
      isFinal: options.final,
      progress: (what, done, total) => line.show(what, done, total),
    });
  } finally {
    line.clear();
  }
}

function ledgerUrl(text: string): string {
  if (z.url({ protocol: /^https?$/ }).safeParse(text).success) return text;
  throw new InvalidArgumentError('It must be an http(s) URL.');
}
