/** Seeds spread over threads, in chunks small enough for progress to be seen. */
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { Chunk, ChunkResult, FoundViolation } from './worker.ts';

const CHUNK_SIZE = 50;

const result: z.ZodType<ChunkResult> = z.object({
  from: z.int(),
  ran: z.int(),
  calls: z.int(),
  virtualSeconds: z.number(),
  violations: z.array(z.object({ seed: z.int(), invariant: z.int(), what: z.string(), at: z.number() })),
});

export interface SeedRange extends Omit<Chunk, 'from' | 'to'> {
  readonly from: number;
  readonly count: number;
}

export interface RangeResult {
  readonly ran: number;
  readonly calls: number;
  readonly virtualSeconds: number;
  /** In order of seed. */
  readonly violations: readonly FoundViolation[];
}

export class ThreadPool {
  readonly #workers: Worker[];

  constructor(threads: number) {
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(new URL('./worker.ts', import.meta.url)),
    );
  }

  /**
   * Runs the seeds of the range. After a violation that is in `until` no chunk is begun; those that were begun are run
   * to their end, so that the lowest seed that finds it is always the same.
   */
  async run(range: SeedRange, progress: (ran: number) => void): Promise<RangeResult> {
    const { from, count, ...rest } = range;
    const end = from + count;
    const violations: FoundViolation[] = [];
    const total = { ran: 0, calls: 0, virtualSeconds: 0 };
    let next = from;
    const work = async (worker: Worker) => {
      while (next < end && !violations.some(({ invariant }) => range.until.includes(invariant))) {
        const chunk = { ...rest, from: next, to: Math.min(next + CHUNK_SIZE, end) };
        next = chunk.to;
        const done = await ask(worker, chunk);
        total.ran += done.ran;
        total.calls += done.calls;
        total.virtualSeconds += done.virtualSeconds;
        violations.push(...done.violations);
        progress(total.ran);
      }
    };
    await Promise.all(this.#workers.map(work));
    return { ...total, violations: violations.sort((a, b) => a.seed - b.seed) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, chunk: Chunk): Promise<ChunkResult> {
  return new Promise((resolve, reject) => {
    const settle = (settled: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      settled();
    };
    const onMessage = (message: unknown) => settle(() => resolve(result.parse(message)));
    const onError = (error: Error) => settle(() => reject(error));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(chunk);
  });
}
