import { Command, InvalidArgumentError, Option } from 'commander';
import { ranThrough, wholeNumber } from '../demo/command-line.ts';
import { COUPON_STATS_WORKLOADS, POINT_SYNC_WORKLOADS, WORKLOADS } from './workloads.ts';
import type { CouponStatsWorkload, PointSyncWorkload, Workload } from './workloads.ts';

const PEERS = ['bullmq', 'loop'] as const;
type Peer = (typeof PEERS)[number];

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly pointSyncs: readonly PointSyncWorkload[];
  readonly couponStats: readonly CouponStatsWorkload[];
  readonly peer: Peer | undefined;
  readonly rounds: number;
  readonly json: boolean;
}

interface RawOptions {
  readonly workload: readonly string[];
  readonly targets: number | undefined;
  readonly tps: number | undefined;
  readonly headroom: number | undefined;
  readonly peer: Peer | undefined;
  readonly rounds: number;
  readonly json: boolean;
}

/** The others take long: they are run when they are asked for. */
const USUAL = ['W1', 'W2', 'W3'];
const NAMES = [
  ...new Set([...WORKLOADS, ...POINT_SYNC_WORKLOADS, ...COUPON_STATS_WORKLOADS].map(({ name }) => name)),
];
/** What each of them goes through. */
const LINES = [
  ...WORKLOADS.map(({ targets, ...of }) => line(of, targets, 'targets')),
  ...POINT_SYNC_WORKLOADS.map(({ users, ...of }) => line(of, users, 'users')),
  ...COUPON_STATS_WORKLOADS.map(({ size, job, ...of }) =>
    line(of, size, job === 'coupon-usage-stats' ? 'histories' : 'members'),
  ),
];

/** @returns the exit code; a wrong option or a failure is one line on standard error. */
export async function benchCommand(run: (options: BenchOptions) => Promise<boolean>): Promise<number> {
  let exitCode = 0;
  const program = new Command('npm run bench --')
    .description(
      'Measures Grantline on the local runtime on this machine: figures to compare within one run, not with another\n' +
        `machine's.\n\n${LINES.join('\n')}`,
    )
    .option('--workload <names>', 'which of them, by comma', workloadsNamed, USUAL)
    .option(
      '--targets <count>',
      "targets, users, histories or members of each, in place of the workload's own",
      wholeNumber(1, 10_000_000),
    )
    .option('--tps <calls>', "the ceiling, in place of the workload's own", wholeNumber(10, 50_000))
    .option('--headroom <ms>', "Grantline's pacing headroom, in place of the stage's", wholeNumber(0, 500))
    .addOption(new Option('--peer <name>', 'measures this one too, alternating').choices(PEERS))
    .option('--rounds <count>', 'how often', wholeNumber(1, 100), 1)
    .option('--json', 'the figures as JSON on standard output', false)
    .addHelpText(
      'after',
      '\nExamples:\n  npm run bench -- --peer bullmq --workload W2,W3 --rounds 3\n' +
        '  npm run bench -- --peer loop --workload P1\n' +
        '  npm run bench -- --workload C1,C2',
    )
    .showHelpAfterError('(npm run bench -- --help lists the options)')
    .action(async ({ workload, targets, tps, headroom, peer, rounds, json }: RawOptions) => {
      const isNamed = ({ name }: { readonly name: string }) => workload.includes(name);
      const workloads = WORKLOADS.filter(isNamed).map((each) => ({
        ...each,
        targets: targets ?? each.targets,
        ceiling: tps ?? each.ceiling,
        headroomSeconds: headroom === undefined ? undefined : headroom / 1_000,
      }));
      const pointSyncs = POINT_SYNC_WORKLOADS.filter(isNamed).map((each) => ({
        ...each,
        users: targets ?? each.users,
      }));
      const couponStats = sized(COUPON_STATS_WORKLOADS.filter(isNamed), targets);
      refuseMisfit(peer, { workloads, pointSyncs, couponStats });
      exitCode = (await run({ workloads, pointSyncs, couponStats, peer, rounds, json })) ? 0 : 1;
    });
  return (await ranThrough(program, 'bench')) ? exitCode : 1;
}

function line(of: { readonly name: string; readonly title: string }, count: number, what: string): string {
  return `${of.name}  ${count.toLocaleString('en')} ${what}, ${of.title}`;
}

/** With a size that is asked for a workload is run once, not at each of its own. */
function sized(workloads: readonly CouponStatsWorkload[], size: number | undefined): CouponStatsWorkload[] {
  if (size === undefined) return [...workloads];
  return [...new Map(workloads.map((each) => [each.name, { ...each, size }])).values()];
}

/** @throws Error when a workload has no such peer */
function refuseMisfit(
  peer: Peer | undefined,
  { workloads, pointSyncs, couponStats }: Pick<BenchOptions, 'workloads' | 'pointSyncs' | 'couponStats'>,
): void {
  const without = {
    bullmq: [...workloads.filter(({ publishOnly }) => publishOnly), ...pointSyncs, ...couponStats],
    loop: [...workloads, ...couponStats],
  };
  const [misfit] = peer === undefined ? [] : without[peer];
  if (misfit === undefined) return;
  throw new Error(`${misfit.name} has no peer ${peer ?? ''}: leave out --peer, or ${misfit.name}`);
}

function workloadsNamed(text: string): string[] {
  return text.split(',').map((given) => {
    const name = given.trim().toUpperCase();
    if (NAMES.includes(name)) return name;
    throw new InvalidArgumentError(`It must be of ${NAMES.join(', ')}.`);
  });
}
