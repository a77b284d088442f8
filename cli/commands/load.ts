import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exceeds } from '../../lambdas/campaign-grant/domain/money.ts';
import { sqlTargetStore } from '../../lambdas/campaign-grant/adapters/sql-target-store.ts';
import type { DataApi } from '../../lambdas/shared/data-api.ts';
import { promotionIdArgument } from '../campaigns/promotion-argument.ts';
import { refuse, running } from '../campaigns/run-command.ts';
import { CommandFailure } from '../failure.ts';
import { checkFile } from '../load/check-file.ts';
import type { FileCheck, Watcher } from '../load/check-file.ts';
import { loadFile, loadedBefore, sayLoadedBefore } from '../load/load-file.ts';
import { readLoadState, whyNot } from '../load/load-state.ts';
import type { LoadState } from '../load/load-state.ts';
import { ErrorFile, FirstProblems } from '../load/problem-reports.ts';
import { LoadInterrupted, LoadRefused } from '../load/refusal.ts';
import { grouped } from '../output/grouped.ts';
import { INTERRUPTED, untilInterrupted } from '../output/interruption.ts';
import { progressLine } from '../output/progress-line.ts';
import { table } from '../output/table.ts';
import { write } from '../output/write.ts';
import { fromHundredths, toHundredths } from '../verify/rules/exact-amount.ts';
import { openDatabase } from '../where/open-database.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface LoadOptions extends WhereOptions {
  readonly promotion: string;
  readonly skipInvalid: boolean;
  readonly dryRun: boolean;
  readonly again: boolean;
  readonly errors?: string;
  readonly json: boolean;
}

/** Loaded, but for the rows that cannot be. */
const LOADED_IN_PART = 3;

const HELP = `
The first line names the columns, in any order:
  voucher  customer_uid, voucher_number, [merchant_code], [merchant_brand_code], [amount], [expired_at], [reason],
           [partition_key], [is_withdrawal]
  point    the same without voucher_number and is_withdrawal
An empty cell falls back to the promotion's default_amount, default_reason or default_expiry_at. An amount is written
10000 or 99.50, a date 2030-12-31. UTF-8, with or without BOM, LF or CRLF; a field with a comma stands in quotes.

The whole file is checked before anything is written, each row as publishing would judge it, and the sum against the
promotion's total_amount. It is loaded in one transaction: all of it or nothing, also when this process is killed. Only
a promotion that has not begun is loaded, and a file once, unless --again says so.

With --json there is an object a line for each row that cannot be loaded, and one for the outcome at the end.

Exit codes (those of --dry-run are what the load would end with):
  0    every row is loaded
  1    refused, and nothing is loaded: rows that cannot be, no such promotion, it has begun, the file was loaded before
  2    it could not be done: a wrong option, no file, no deployment, no database
  3    loaded without the rows that cannot be (--skip-invalid)
  130  interrupted, and nothing is loaded

Examples:
  npx grantline load vouchers.csv --promotion 7 --local --dry-run
  npx grantline load vouchers.csv --promotion 7 --local --skip-invalid --errors not-loaded.csv`;

export function registerLoad(program: Command): void {
  const command = program
    .command('load')
    .description('Loads the targets of a promotion from a CSV file: all of them, or none.')
    .argument('<csv>', 'the file')
    .requiredOption('--promotion <id>', 'whose targets they are', promotionIdArgument)
    .option('--skip-invalid', 'load the other rows when some cannot be', false)
    .option('--dry-run', 'only check, and write nothing', false)
    .option('--again', 'also when this very file was loaded before', false)
    .option('--errors <csv>', 'write all rows that cannot be loaded to this file')
    .option('--json', 'a JSON object a line', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((path: string, options: LoadOptions) =>
      running('load', async () => {
        const database = await openDatabase(await openDeployment(options));
        await load(database, path, options);
      }),
    );
}

async function load(database: DataApi, path: string, options: LoadOptions): Promise<void> {
  const promotion = await readLoadState(database, options.promotion, { lock: false });
  if (promotion === undefined) refuse('load', `promotion ${options.promotion} does not exist`);
  const why = whyNot(promotion);
  if (why !== undefined) refuse('load', why);
  if (options.errors !== undefined && resolve(options.errors) === resolve(path)) {
    throw new Error('--errors names the file that is to be loaded');
  }
  const reports = new Reports(options);
  try {
    const check = await checkFile(database, path, promotion, reports);
    await refuseWhatCannotBe(database, promotion, check, options);
    const isRefused = check.problemCount > 0 && !options.skipInvalid;
    if (!isRefused && !options.dryRun) {
      const { again } = options;
      const nowMs = Date.now();
      await loadFile(database, { path, loadId: randomUUID(), promotion, check, again, nowMs }, reports);
    }
    reports.clear();
    await tellOutcome(check, reports, { ...options, isRefused });
  } catch (error) {
    if (error instanceof LoadRefused) {
      // What else was found in the file is mended at the same time.
      reports.clear();
      await write(shown(reports));
      refuse('load', error.message);
    }
    if (error instanceof LoadInterrupted) throw new CommandFailure(`load: ${error.message}`, INTERRUPTED);
    throw error;
  } finally {
    reports.close();
  }
}

async function refuseWhatCannotBe(
  database: DataApi,
  promotion: LoadState,
  check: FileCheck,
  { again, skipInvalid }: LoadOptions,
): Promise<void> {
  if (check.rows + check.problemCount === 0) throw new LoadRefused('the file has no row');
  const before = await loadedBefore(database, promotion.promotionId, check.sha256);
  if (before !== undefined && !again) throw new LoadRefused(sayLoadedBefore(before.loadedAt));
  if (skipInvalid && check.rows === 0) throw new LoadRefused('no row of the file can be loaded');
  const { totalAmount } = promotion;
  if (totalAmount === null) return;
  // As BeginCampaign does: it would refuse the campaign on its day.
  const loaded = toHundredths(await sqlTargetStore(database).plannedAmount(promotion)) ?? 0n;
  const planned = fromHundredths(loaded + check.hundredths);
  if (exceeds(planned, totalAmount)) {
    throw new LoadRefused(
      `the targets of promotion ${promotion.promotionId} would sum to ${planned}, more than its total_amount ${totalAmount}`,
    );
  }
}

async function tellOutcome(
  check: FileCheck,
  reports: Reports,
  options: LoadOptions & { readonly isRefused: boolean },
): Promise<void> {
  const { promotion: promotionId, json, dryRun, isRefused } = options;
  const { rows, problemCount } = check;
  const amount = fromHundredths(check.hundredths);
  const outcome = isRefused ? 'refused' : dryRun ? 'would-load' : 'loaded';
  process.exitCode = isRefused ? 1 : problemCount > 0 ? LOADED_IN_PART : 0;
  if (json) {
    await write(`${JSON.stringify({ promotionId, outcome, rows, invalid: problemCount, amount })}\n`);
    return;
  }
  await write(shown(reports));
  if (isRefused) {
    await write(
      `${grouped(problemCount)} of ${grouped(rows + problemCount)} rows cannot be loaded, and so nothing is` +
        `${options.errors === undefined ? '; --errors <csv> writes all of them to a file' : ''}\n`,
    );
    return;
  }
  const does = dryRun ? 'would be loaded' : 'are loaded';
  const without = problemCount === 0 ? '' : `, ${rowsOf(problemCount)} left out`;
  await write(`${grouped(rows)} targets of promotion ${promotionId} ${does}, ${amount} in all${without}\n`);
}

function rowsOf(count: number): string {
  return count === 1 ? '1 row' : `${grouped(count)} rows`;
}

function shown({ first }: Reports): string {
  return table(
    first.list.map(({ line, column, reason }) => [`line ${line}`, column ?? '', reason]),
    [0],
  );
}

/** What the check says while it is at it, to whoever asked for it. */
class Reports implements Watcher {
  readonly first = new FirstProblems();
  readonly #line = progressLine(process.stderr);
  readonly #interruption = untilInterrupted();
  readonly #file: ErrorFile | undefined;
  readonly #json: boolean;

  constructor({ errors, json }: LoadOptions) {
    this.#file = errors === undefined ? undefined : new ErrorFile(errors);
    this.#json = json;
  }

  progress(what: string, done: number): void {
    this.#line.show(what, done);
  }

  async problems(problems: Parameters<Watcher['problems']>[0]): Promise<void> {
    if (problems.length === 0) return;
    this.#file?.add(problems);
    if (this.#json) await write(`${problems.map((problem) => JSON.stringify(problem)).join('\n')}\n`);
    else this.first.add(problems);
  }

  goOn(): void {
    if (this.#interruption.signal.aborted) throw new LoadInterrupted();
  }

  clear(): void {
    this.#line.clear();
  }

  close(): void {
    this.#line.clear();
    this.#interruption.end();
    this.#file?.close();
  }
}
