/** A thread that runs the seeds it is given, a chunk at a time. */
import { parentPort } from 'node:worker_threads';
import * as z from 'zod';
import { findBug } from './bugs/all.ts';
import { parseFaults } from './faults.ts';
import { runSeed } from './run-seed.ts';
import type { SeedOptions } from './run-seed.ts';
import type { Violation } from './checks/violation.ts';

/** What a thread is asked: names, because a bug is made of functions. */
export const chunk = z.object({
  from: z.int(),
  to: z.int(),
  faults: z.array(z.string()),
  bug: z.string().nullable(),
  targets: z.int(),
  /** The first violation of one of these invariants ends the chunk. */
  until: z.array(z.int()),
});
export type Chunk = z.infer<typeof chunk>;

export interface FoundViolation extends Violation {
  readonly seed: number;
}

export interface ChunkResult {
  readonly from: number;
  readonly ran: number;
  readonly calls: number;
  readonly virtualSeconds: number;
  readonly violations: readonly FoundViolation[];
}

// A simulated failure is thrown thousands of times a second, and nobody reads where.
Error.stackTraceLimit = 0;

parentPort?.on('message', (message: unknown) => {
  void runChunk(chunk.parse(message)).then((result) => parentPort?.postMessage(result));
});

async function runChunk({ from, to, faults, bug, targets, until }: Chunk): Promise<ChunkResult> {
  const options = {
    faults: new Set(parseFaults(faults.join(','))),
    bug: bug === null ? undefined : findBug(bug),
    targetCount: targets,
  };
  const violations: FoundViolation[] = [];
  let ran = 0;
  let calls = 0;
  let virtualSeconds = 0;
  for (let seed = from; seed < to; seed += 1) {
    const outcome = await runSeed({ ...options, seed });
    ran += 1;
    calls += outcome.calls;
    virtualSeconds += outcome.virtualSeconds;
    if (outcome.violation === undefined) continue;
    // What the seed shows without the bug as well is not the bug's.
    if (options.bug !== undefined && (await isViolatedAnyway(options, seed))) continue;
    violations.push({ seed, ...outcome.violation });
    if (until.includes(outcome.violation.invariant)) break;
  }
  return { from, ran, calls, virtualSeconds, violations };
}

async function isViolatedAnyway(options: Omit<SeedOptions, 'seed'>, seed: number): Promise<boolean> {
  const { violation } = await runSeed({ ...options, bug: undefined, seed });
  return violation !== undefined;
}
