import type { Command } from 'commander';
import { openCampaigns } from '../campaigns/open-campaigns.ts';
import type { Campaigns } from '../campaigns/open-campaigns.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { EXIT_CODES, refuse, running } from '../campaigns/run-command.ts';
import type { Failure, PromotionKey } from '../../lambdas/campaign-grant/ports.ts';
import { csvLine } from '../output/csv.ts';
import { table } from '../output/table.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface FailuresOptions extends WhereOptions {
  readonly code?: string[];
  readonly csv: boolean;
  readonly json: boolean;
}

const PAGE = 1_000;
const COLUMNS = ['target_id', 'customer_uid', 'cause', 'reason', 'attempts', 'failed_at'] as const;

const HELP = `
A target without a cause was invalid: no call was made for it, and a redrive does not change that.
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
    .option('--csv', 'as CSV', false)
    .option('--json', 'a JSON object a line', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((promotionId: string, options: FailuresOptions) =>
      running('failures', async () => {
        const campaigns = await openCampaigns(await openDeployment(options));
        const promotion = await campaigns.store.findPromotion(promotionId);
        if (promotion === undefined) refuse('failures', `promotion ${promotionId} does not exist`);
        if (options.csv) process.stdout.write(csvLine(COLUMNS));
        let count = 0;
        for await (const page of pagesOf(campaigns, promotion, options.code)) {
          count += page.length;
          process.stdout.write(asText(page, options));
        }
        if (count === 0 && !options.csv && !options.json) process.stdout.write('no target has failed\n');
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

function asText(failures: readonly Failure[], { csv, json }: FailuresOptions): string {
  if (json) return failures.map((failure) => `${JSON.stringify(failure)}\n`).join('');
  const rows = failures.map((failure) => [
    failure.targetId,
    failure.customerUid,
    failure.cause ?? '',
    failure.reason ?? '',
    String(failure.attemptCount),
    failure.failedAt,
  ]);
  if (csv) return rows.map(csvLine).join('');
  return table(rows.map((row) => row.map((text, column) => ({ text, right: column < 2 || column === 4 }))));
}
