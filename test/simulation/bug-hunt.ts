/** Looks for a seed that shows a planted bug. */
import type { Bug } from './bugs/bug.ts';
import { ALL_FAULTS } from './faults.ts';
import type { ThreadPool } from './thread-pool.ts';

export interface Hunted {
  readonly name: string;
  readonly what: string | undefined;
  readonly invariant: number | undefined;
  /** The first seed that found it; undefined: none did. */
  readonly seed: number | undefined;
  readonly tried: number;
}

export async function hunt(
  pool: ThreadPool,
  bug: Bug,
  { seeds, from, targets }: { readonly seeds: number; readonly from: number; readonly targets: number },
): Promise<Hunted> {
  const range = {
    from,
    count: seeds,
    faults: [...ALL_FAULTS],
    bug: bug.name,
    targets,
    until: [...bug.caughtBy],
  };
  const { ran, violations } = await pool.run(range, () => undefined);
  const first = violations.find(({ invariant }) => bug.caughtBy.includes(invariant));
  return {
    name: bug.name,
    what: first?.what,
    invariant: first?.invariant,
    seed: first?.seed,
    tried: first === undefined ? ran : first.seed - from + 1,
  };
}
