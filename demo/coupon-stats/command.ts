import { Command, InvalidArgumentError } from 'commander';
import { ranThrough, wholeNumber } from '../command-line.ts';
import { pipelineOption } from '../pipelines.ts';

export interface CouponStatsOptions {
  readonly members: number;
  readonly stores: number;
  readonly seed: number;
  readonly faultRate: number;
  readonly kill: boolean;
  readonly json: boolean;
}

/** @returns the exit code; a wrong option or a failure is one line on standard error. */
export async function couponStatsCommand(
  run: (options: CouponStatsOptions) => Promise<number>,
): Promise<number> {
  let exitCode = 0;
  const program = new Command('npm run demo -- --pipeline coupon-stats')
    .description(
      "Finds each member's favourite district and hour, and sends the push messages of an hour, on the topology that\n" +
        'cdk deploy would create; checks every row and every message by plain code. Exit 0 only if every check holds.',
    )
    .addOption(pipelineOption())
    .option(
      '--members <count>',
      'members, with eight uses each on average',
      wholeNumber(100, 5_000_000),
      20_000,
    )
    .option('--stores <count>', 'stores, with the ids from 1 on', wholeNumber(200, 1_000_000), 2_000)
    .option('--seed <number>', 'seed of members, stores and faults', wholeNumber(0, 2 ** 31), 1)
    .option(
      '--fault-rate <share>',
      'share of the requests to the services that fail, and of questions that fail however often they are asked, the\n' +
        'first one of the hour always: a rerun without faults is to have something to send',
      share,
      0,
    )
    .option(
      '--kill',
      'kill the functions of both jobs with SIGKILL at random moments, and start them again',
      false,
    )
    .option('--json', 'the last line is one JSON object', false)
    .addHelpText(
      'after',
      '\nExternal servers are used when the environment names them: STORE_SERVICE_URL and NOTIFICATION_SERVICE_URL with\n' +
        'SYSTEM_TOKEN; DATABASE_URL, which has to be empty, and REDIS_URL.\n\n' +
        'Example:\n  npm run demo -- --pipeline coupon-stats --members 50000 --fault-rate 0.1',
    )
    .showHelpAfterError('(npm run demo -- --pipeline coupon-stats --help lists the options)')
    .action(async (options: CouponStatsOptions) => {
      exitCode = await run(options);
    });
  return (await ranThrough(program, 'demo')) ? exitCode : 1;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
