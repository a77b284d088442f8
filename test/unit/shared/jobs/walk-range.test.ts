import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walkRange } from '../../../../lambdas/shared/jobs/walk-range.ts';
import type { Chunk } from '../../../../lambdas/shared/jobs/walk-range.ts';
import { MemoryCheckpoints } from '../../../support/job-fakes.ts';
import { Death, faulty } from '../../../support/faults.ts';
import type { Fault } from '../../../support/faults.ts';

const STEP = { jobRunId: '1', step: 'step' };
const KEY = { ...STEP, rangeNumber: 0 };
const clock = { now: () => 0 };
const plenty = { remainingSeconds: () => 900 };

/** Ids 1 to `size` in chunks, the sizes of which depend on where they begin. */
class Range {
  readonly checkpoints = new MemoryCheckpoints();
  readonly #size: number;
  readonly #chunkSizes: readonly number[];
  /** Position of each chunk that was worked through, in order. */
  readonly worked: string[] = [];
  readonly reached = new Set<number>();

  constructor(size: number, chunkSizes: readonly number[]) {
    this.#size = size;
    this.#chunkSizes = chunkSizes;
  }

  async plan(): Promise<this> {
    await this.checkpoints.plan(STEP, () =>
      Promise.resolve([{ rangeNumber: 0, afterId: '0', toId: String(this.#size) }]),
    );
    return this;
  }

  work(position: string): Promise<Chunk> {
    this.worked.push(position);
    const from = Number(position);
    const chunkSize = this.#chunkSizes[from % this.#chunkSizes.length] ?? 1;
    const end = Math.min(from + chunkSize, this.#size);
    for (let id = from + 1; id <= end; id += 1) this.reached.add(id);
    // As a page by keyset: a full one may be the last, which only the empty one behind it says.
    const isLast = end - from < chunkSize;
    return Promise.resolve({ position: String(end), figures: { ids: end - from, chunks: 1 }, isLast });
  }

  async expectWhole(): Promise<void> {
    const { finished, figures, chunkCount } = await this.checkpoints.read(KEY);
    expect(finished).toBe(true);
    expect(figures['ids']).toBe(this.#size);
    expect(figures['chunks']).toBe(chunkCount);
    expect(chunkCount).toBe(new Set(this.worked).size);
    expect(this.reached.size).toBe(this.#size);
  }
}

async function untilFinished(walk: () => Promise<{ finished: boolean }>): Promise<number> {
  let deaths = 0;
  for (;;) {
    try {
      if ((await walk()).finished) return deaths;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      deaths += 1;
    }
  }
}

const chunkSizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
const faults = fc.array(fc.constantFrom<Fault | undefined>(undefined, undefined, 'before', 'after', 'lost'), {
  maxLength: 60,
});

function planOf(sequence: readonly (Fault | undefined)[]) {
  let call = 0;
  return () => sequence[call++];
}

describe('a worker that dies, however often and wherever', () => {
  it('comes to the same end: each chunk’s figures are kept once, and one chunk is repeated for each death', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), chunkSizes, faults, async (size, sizes, sequence) => {
        const range = await new Range(size, sizes).plan();
        const plan = planOf(sequence);
        const checkpoints = faulty(range.checkpoints, plan);
        const worker = faulty({ work: (position: string) => range.work(position) }, plan);
        const deaths = await untilFinished(() =>
          walkRange({ checkpoints, clock }, KEY, (position) => worker.work(position), plenty),
        );

        await range.expectWhole();
        const repeated = range.worked.length - new Set(range.worked).size;
        // A lost answer repeats what it is the answer of, and nothing else.
        const lost = sequence.filter((fault) => fault === 'lost').length;
        expect(repeated).toBeLessThanOrEqual(deaths + lost);
      }),
    );
  });
});

describe('two workers at the same range', () => {
  it('keep each chunk’s figures once, however they interleave and die', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.nat(25),
        chunkSizes,
        faults,
        faults,
        async (scheduler, size, sizes, ...sequences) => {
          const range = await new Range(size, sizes).plan();
          const walkers = sequences.map((sequence) => {
            const plan = planOf(sequence);
            const turn = () => scheduler.schedule(Promise.resolve());
            const checkpoints = faulty(
              {
                plan: range.checkpoints.plan.bind(range.checkpoints),
                read: async (...args: Parameters<MemoryCheckpoints['read']>) => {
                  await turn();
                  return range.checkpoints.read(...args);
                },
                save: async (...args: Parameters<MemoryCheckpoints['save']>) => {
                  await turn();
                  return range.checkpoints.save(...args);
                },
              },
              plan,
            );
            const worker = faulty(
              {
                work: async (position: string) => {
                  await turn();
                  return range.work(position);
                },
              },
              plan,
            );
            return untilFinished(() =>
              walkRange({ checkpoints, clock }, KEY, (position) => worker.work(position), plenty),
            );
          });

          await scheduler.waitFor(Promise.all(walkers));

          await range.expectWhole();
        },
      ),
    );
  });

  it('that overtook each other go on from where the range is', async () => {
    const range = await new Range(10, [3]).plan();
    let isFirst = true;
    const slow = walkRange(
      { checkpoints: range.checkpoints, clock },
      KEY,
      async (position) => {
        if (isFirst) {
          isFirst = false;
          await walkRange({ checkpoints: range.checkpoints, clock }, KEY, (at) => range.work(at), plenty);
        }
        return range.work(position);
      },
      plenty,
    );

    expect(await slow).toEqual({ finished: true });
    expect(range.worked).toEqual(['0', '3', '6', '9', '0']);
    await range.expectWhole();
  });
});

describe('the time of an invocation', () => {
  it('that is nearly up begins no chunk, and the next one goes on there', async () => {
    const range = await new Range(6, [2]).plan();
    const walk = (chunks: number) => {
      let asked = 0;
      const budget = { remainingSeconds: () => ((asked += 1) > chunks ? 119.9 : 120) };
      return walkRange({ checkpoints: range.checkpoints, clock }, KEY, (at) => range.work(at), budget);
    };

    expect(await walk(2)).toEqual({ finished: false });
    expect(range.worked).toEqual(['0', '2']);
    expect(await walk(0)).toEqual({ finished: false });
    expect(range.worked).toEqual(['0', '2']);
    expect(await walk(9)).toEqual({ finished: true });
    expect(range.worked).toEqual(['0', '2', '4', '6']);
  });
});

it('a range that is finished is not worked through again', async () => {
  const range = await new Range(5, [9]).plan();
  const walk = () =>
    walkRange({ checkpoints: range.checkpoints, clock }, KEY, (at) => range.work(at), plenty);
  await walk();

  expect(await walk()).toEqual({ finished: true });
  expect(range.worked).toEqual(['0']);
});

it('a chunk that fails leaves the range where it was', async () => {
  const range = await new Range(5, [2]).plan();
  const failing = (position: string) =>
    position === '2' ? Promise.reject(new Error('the database is away')) : range.work(position);

  await expect(walkRange({ checkpoints: range.checkpoints, clock }, KEY, failing, plenty)).rejects.toThrow(
    'the database is away',
  );
  expect(await range.checkpoints.read(KEY)).toMatchObject({ position: '2', chunkCount: 1, finished: false });
});
