import { Command, InvalidArgumentError, Option } from 'commander';
import { findBug } from './bugs/all.ts';
import type { Bug } from './bugs/bug.ts';
import { ALL_FAULTS, FAULT_GROUPS, parseFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import { DEFAULT_TARGETS } from './plan.ts';

export interface SimulateOptions {
  readonly seeds: number;
  /** Only this one, with its trace. */
  readonly seed: number | undefined;
  readonly from: number;
  readonly faults: readonly Fault[];
  readonly bug: Bug | undefined;
  /** Every planted bug, and which seed finds it. */
  readonly bugs: boolean;
  readonly targets: number;
  readonly workers: number;
  readonly json: boolean;
}

const HELP = `
Examples:
  npm run simulate -- --seeds 100000             every fault, until a violation
  npm run simulate -- --seed 4711                one seed again, with its trace
  npm run simulate -- --seeds 1000 --faults money,platform-kill
  npm run simulate -- --bugs                     every planted bug must be found within 1,000 seeds
  npm run simulate -- --bug fresh-key --seed 3

Groups of faults: ${FAULT_GROUPS.join(', ')}.
Faults: ${ALL_FAULTS.join(', ')}.
It exits with 1 when an invariant is violated (with --bugs: when a bug is not found).`;

export function simulateCommand(run: (options: SimulateOptions) => Promise<void>): Command {
  return new Command('simulate')
    .description(
      'Runs campaigns under virtual time, with faults, and checks the invariants. A seed repeats exactly.',
    )
    .option('--seeds <count>', 'how many seeds', wholeNumber(1), 3000)
    .option('--from <seed>', 'the first of them', wholeNumber(0), 1)
    .option('--seed <seed>', 'only this one, with its trace', wholeNumber(0))
    .addOption(
      new Option('--faults <names>', 'faults or groups of them, or none')
        .default(ALL_FAULTS, 'all')
        .argParser(faults),
    )
    .option('--bug <name>', 'plants a bug', bugNamed)
    .option('--bugs', 'plants each bug in turn and shows which seed finds it', false)
    .option('--targets <count>', 'targets of a campaign', wholeNumber(1), DEFAULT_TARGETS)
    .option('--workers <count>', 'threads', wholeNumber(1), 2)
    .option('--json', 'the result as JSON on standard output', false)
    .addHelpText('after', HELP)
    .action(run);
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`must be a whole number of at least ${least}.`);
    }
    return value;
  };
}

function faults(text: string): Fault[] {
  try {
    return parseFaults(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function bugNamed(name: string): Bug {
  const bug = findBug(name);
  if (bug === undefined) throw new InvalidArgumentError('no such bug: see --bugs.');
  return bug;
}
