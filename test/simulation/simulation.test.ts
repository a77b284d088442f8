import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hunt } from './bug-hunt.ts';
import { BUGS } from './bugs/all.ts';
import { formatTraceLine } from './engine/trace.ts';
import { ALL_FAULTS, parseFaults } from './faults.ts';
import { DEFAULT_TARGETS, EVERY_FAULT } from './plan.ts';
import { runSeed } from './run-seed.ts';
import { ThreadPool } from './thread-pool.ts';

const SEEDS = 600;
const SEEDS_FOR_A_BUG = 3000;

let pool: ThreadPool;
beforeAll(() => {
  pool = new ThreadPool(2);
});
afterAll(() => pool.close());

describe('a campaign', () => {
  it(`keeps every invariant over ${SEEDS} seeds with every fault`, { timeout: 60_000 }, async () => {
    const range = {
      from: 1,
      count: SEEDS,
      faults: [...ALL_FAULTS],
      bug: null,
      targets: DEFAULT_TARGETS,
      until: [],
    };

    const { ran, violations } = await pool.run(range, () => undefined);

    expect(violations).toEqual([]);
    expect(ran).toBe(SEEDS);
  });
});

describe('a planted bug', () => {
  it.each(BUGS.map((bug) => [bug.name, bug] as const))(
    `%s is found within ${SEEDS_FOR_A_BUG} seeds`,
    { timeout: 60_000 },
    async (_, bug) => {
      const { seed } = await hunt(pool, bug, { seeds: SEEDS_FOR_A_BUG, from: 1, targets: DEFAULT_TARGETS });

      expect(seed).toBeDefined();
    },
  );
});

describe('a seed', () => {
  it.each([1, 2, 3, 19, 75])('%i gives the same trace twice', async (seed) => {
    const traceOf = async () => {
      const options = { seed, targetCount: DEFAULT_TARGETS, faults: EVERY_FAULT, traced: true };
      return (await runSeed(options)).trace.map(formatTraceLine);
    };

    const first = await traceOf();

    expect(first.length).toBeGreaterThan(100);
    expect(await traceOf()).toEqual(first);
  });

  it('does the same whether it is traced or not', async () => {
    const options = { seed: 7, targetCount: DEFAULT_TARGETS, faults: EVERY_FAULT };

    const traced = await runSeed({ ...options, traced: true });
    const untraced = await runSeed(options);

    expect(untraced).toMatchObject({ calls: traced.calls, virtualSeconds: traced.virtualSeconds });
  });

  it('without a fault pays everybody once, in one run', async () => {
    const { violation, plan } = await runSeed({ seed: 5, targetCount: 20, faults: new Set() });

    expect(violation).toBeUndefined();
    expect(plan.deeds).toEqual([]);
  });
});

describe('the names of faults', () => {
  it('are groups or single ones', () => {
    expect(parseFaults('redis,stop-api')).toEqual(['redis-away', 'redis-down', 'redis-emptied', 'stop-api']);
    expect(parseFaults('none')).toEqual([]);
    expect(() => parseFaults('moony')).toThrow(/no fault 'moony'/);
  });
});
