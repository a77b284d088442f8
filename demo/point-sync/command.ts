import { Command } from 'commander';
import { ranThrough, wholeNumber } from '../command-line.ts';
import { pipelineOption } from '../pipelines.ts';

export interface PointSyncOptions {
  readonly users: number;
  readonly transactions: number;
  readonly seed: number;
  readonly prune: boolean;
  readonly kill: boolean;
  readonly json: boolean;
}

interface RawOptions extends Omit<PointSyncOptions, 'transactions'> {
  readonly transactions?: number;
}

const TRANSACTIONS_A_USER = 3;

/** @returns the exit code; a wrong option or a failure is one line on standard error. */
export async function pointSyncCommand(run: (options: PointSyncOptions) => Promise<number>): Promise<number> {
  let exitCode = 0;
  const program = new Command('npm run demo -- --pipeline point-sync')
    .description(
      'Makes the balances in Redis equal to the database and reports the day before, on the topology that cdk deploy\n' +
        'would create, and checks Redis and the reports by plain code. Exit 0 only if every check holds.',
    )
    .addOption(pipelineOption())
    .option('--users <count>', 'users with a balance', wholeNumber(1, 10_000_000), 100_000)
    .option(
      '--transactions <count>',
      'transactions of the day (default: three a user)',
      wholeNumber(0, 100_000_000),
    )
    .option('--seed <number>', 'seed of the users and of the transactions', wholeNumber(0, 2 ** 31), 1)
    .option('--prune', 'remove the balances in Redis of users who are gone', false)
    .option(
      '--kill',
      'kill the functions with SIGKILL at a random moment, stop the execution and start it again',
      false,
    )
    .option('--json', 'the last line is one JSON object', false)
    .addHelpText(
      'after',
      '\nExternal servers are used when the environment names them, and have to be empty: DATABASE_URL, REDIS_URL.\n\n' +
        'Example:\n  npm run demo -- --pipeline point-sync --users 20000 --kill',
    )
    .showHelpAfterError('(npm run demo -- --pipeline point-sync --help lists the options)')
    .action(async ({ transactions, ...options }: RawOptions) => {
      exitCode = await run({ ...options, transactions: transactions ?? options.users * TRANSACTIONS_A_USER });
    });
  return (await ranThrough(program, 'demo')) ? exitCode : 1;
}
