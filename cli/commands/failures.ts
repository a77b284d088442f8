import type { Command } from 'commander';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import type { Campaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { EXIT_CODES, refuse, running } from '../campaigns/run-command.ts';
import type { Failure, PromotionKey } from '../../lambdas/campaign-grant/ports.ts';
import { csvLine } from '../output/csv.ts';
import { table } from '../output/table.ts';
import { write } from '../output/write.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface FailuresOptions extends WhereOptions {
  readonly code?: string[];
  readonly csv?: boolean;
  readonly json?: boolean;
}

const PAGE = 1_000;
const COLUMNS = ['target_id', 'customer_uid', 'cause', 'reason', 'attempts', 'failed_at'] as const;
const HEADING = ['target', 'customer', 'cause', 'reason', 'attempts', 'failed at'] as const;
const RIGHT = [0, 1, 4];

const HELP = `
A target without a cause was invalid: no call was made for it, and a redrive does not change that. Times are those of
Asia/Seoul.
${EXIT_CODES}

Examples:
  npx grantline failures 7 --local
  npx grantline failures 7 --local --code HTTP_503 --csv > failures.csv`;

export function registerFailures(program: Command): void {
  const command = program
    .command('failures')
    .description('Lists the targets of a campaign that failed: who, why, after how many calls.')
    .argument('<promotionId>', 'the campaign', promotionIdArgument)
    .option('--code <cause...>', 'of these causes only')
    .option('--csv', 'as CSV')
    .option('--json', 'a JSON object a line');
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string, options: FailuresOptions) =>
      running('failures', async () => {
        if (options.csv === true && options.json === true)
          throw new Error('say either --csv or --json, not both');
        const campaigns = await openCampaigns(await openDeployment(options));
        const promotion = await campaigns.store.findPromotion(promotionId);
        if (promotion === undefined) refuse('failures', `promotion ${promotionId} does not exist`);
        const format = options.json === true ? asJson : options.csv === true ? asCsv : asTable;
        if (options.csv === true) await write(csvLine(COLUMNS));
        let count = 0;
        for await (const page of pagesOf(campaigns, promotion, options.code)) {
          count += page.length;
          await write(format(page));
        }
        if (count === 0 && format === asTable) await write('no target has failed\n');
      }),
    );
}

async function* pagesOf(
  { operator }: Campaigns,
  promotion: PromotionKey,
  causes: readonly string[] | undefined,
): AsyncGenerator<Failure[]> {
  let afterTargetId = '0';
  for (;;) {
    const page = await operator.failures(promotion, { afterTargetId, limit: PAGE, causes });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    afterTargetId = last.targetId;
  }
}

function asJson(failures: readonly Failure[]): string {
  return failures.map((failure) => `${JSON.stringify(failure)}\n`).join('');
}

function asCsv(failures: readonly Failure[]): string {
  return failures.map((failure) => csvLine(cellsOf(failure))).join('');
}

/** Each page with its heading: as wide as it needs to be. */
function asTable(failures: readonly Failure[]): string {
  return table([HEADING, ...failures.map(cellsOf)], RIGHT);
}

function cellsOf(failure: Failure): readonly string[] {
  return [
    failure.targetId,
    failure.customerUid,
    failure.cause ?? '',
    failure.reason ?? '',
    String(failure.attemptCount),
    failure.failedAt,
  ];
}
