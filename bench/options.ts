import { Command, InvalidArgumentError, Option } from 'commander';
import { ranThrough, wholeNumber } from '../demo/command-line.ts';
import { WORKLOADS } from './workloads.ts';
import type { Workload } from './workloads.ts';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly peer: 'bullmq' | undefined;
  readonly rounds: number;
  readonly json: boolean;
}

interface RawOptions {
  readonly workload: readonly Workload[];
  readonly targets: number | undefined;
  readonly tps: number | undefined;
  readonly headroom: number | undefined;
  readonly peer: 'bullmq' | undefined;
  readonly rounds: number;
  readonly json: boolean;
}

/** The others take long: they are run when they are asked for. */
const USUAL = WORKLOADS.filter(({ name }) => ['W1', 'W2', 'W3'].includes(name));

/** @returns the exit code; a wrong option or a failure is one line on standard error. */
export async function benchCommand(run: (options: BenchOptions) => Promise<boolean>): Promise<number> {
  let exitCode = 0;
  const program = new Command('npm run bench --')
    .description(
      'Measures Grantline on the local runtime on this machine: figures to compare within one run, not with another\n' +
        `machine's.\n\n${WORKLOADS.map(({ name, targets, title }) => `${name}  ${targets.toLocaleString('en')} targets, ${title}`).join('\n')}`,
    )
    .option('--workload <names>', 'which of them, by comma', workloadsNamed, USUAL)
    .option(
      '--targets <count>',
      "targets of each, in place of the workload's own",
      wholeNumber(1, 10_000_000),
    )
    .option('--tps <calls>', "the ceiling, in place of the workload's own", wholeNumber(10, 50_000))
    .option('--headroom <ms>', "Grantline's pacing headroom, in place of the stage's", wholeNumber(0, 500))
    .addOption(new Option('--peer <name>', 'measures this one too, alternating').choices(['bullmq']))
    .option('--rounds <count>', 'how often', wholeNumber(1, 100), 1)
    .option('--json', 'the figures as JSON on standard output', false)
    .addHelpText('after', '\nExample:\n  npm run bench -- --peer bullmq --workload W2,W3 --rounds 3')
    .showHelpAfterError('(npm run bench -- --help lists the options)')
    .action(async ({ workload, targets, tps, headroom, peer, rounds, json }: RawOptions) => {
      if (peer !== undefined && workload.some(({ publishOnly }) => publishOnly)) {
        throw new Error('W6 has no peer: leave out --peer, or W6');
      }
      const workloads = workload.map((each) => ({
        ...each,
        targets: targets ?? each.targets,
        ceiling: tps ?? each.ceiling,
        headroomSeconds: headroom === undefined ? undefined : headroom / 1_000,
      }));
      exitCode = (await run({ workloads, peer, rounds, json })) ? 0 : 1;
    });
  return (await ranThrough(program, 'bench')) ? exitCode : 1;
}

function workloadsNamed(text: string): Workload[] {
  return text.split(',').flatMap((name) => {
    const named = WORKLOADS.filter((each) => each.name.toLowerCase() === name.trim().toLowerCase());
    if (named.length > 0) return named;
    const names = new Set(WORKLOADS.map((each) => each.name));
    throw new InvalidArgumentError(`It must be of ${[...names].join(', ')}.`);
  });
}
