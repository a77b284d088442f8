import { Command, InvalidArgumentError, Option } from 'commander';
import { ranThrough, wholeNumber } from '../command-line.ts';
import { pipelineOption } from '../pipelines.ts';
import type { PromotionType } from '../../schema/promotion.ts';

export interface DemoOptions {
  readonly types: readonly PromotionType[];
  readonly targets: number;
  readonly tps: number;
  readonly latency: number;
  readonly failRate: number;
  readonly seed: number;
  readonly ledger: string | undefined;
  readonly json: boolean;
}

interface RawOptions extends Omit<DemoOptions, 'types'> {
  readonly type: 'both' | 'voucher' | 'point';
}

const TYPES = { both: ['VOUCHER', 'POINT'], voucher: ['VOUCHER'], point: ['POINT'] } as const;

/** @returns the exit code; a wrong option or a failure is one line on standard error. */
export async function campaignsCommand(run: (options: DemoOptions) => Promise<number>): Promise<number> {
  let exitCode = 0;
  const program = new Command('npm run demo --')
    .description(
      'Pays demo campaigns on this machine, on the topology that cdk deploy would create, and checks the result\n' +
        "against the Money API's own ledger. Exit 0 only if every check holds.",
    )
    .addOption(pipelineOption())
    .addOption(
      new Option('--type <type>', 'which campaigns to run')
        .choices(['both', 'voucher', 'point'])
        .default('both'),
    )
    .option('--targets <count>', 'targets of each campaign', wholeNumber(1, 100_000_000), 10_000)
    .option('--tps <calls>', "the Money API's ceiling, calls a second", wholeNumber(2, 50_000), 1_000)
    .option('--latency <ms>', 'mean latency of the Money API stand-in', wholeNumber(0, 2_000), 30)
    .option('--fail-rate <share>', 'share of Money calls that the stand-in fails, 0 to 1', share, 0)
    .option('--seed <number>', 'seed of the targets and of the faults', wholeNumber(0, 2 ** 31), 1)
    .option('--ledger <url>', 'ledger (NDJSON) of an external Money API, to check against')
    .option('--json', 'the last line is one JSON object', false)
    .addHelpText(
      'after',
      '\nExternal servers are used when the environment names them: DATABASE_URL, REDIS_URL, MONEY_API_URL with\n' +
        'MONEY_API_KEY.\n\nExample:\n  npm run demo -- --type point --targets 50000 --fail-rate 0.02 --json',
    )
    .showHelpAfterError('(npm run demo -- --help lists the options)')
    .action(async ({ type, ...options }: RawOptions) => {
      exitCode = await run({ ...options, ledger: options.ledger, types: TYPES[type] });
    });
  return (await ranThrough(program, 'demo')) ? exitCode : 1;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
