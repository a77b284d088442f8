/** A demo's run of a job: two starts at the same moment, and on demand a kill in the middle with what follows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { JOB_REFUSED } from '../../schema/errors.ts';
import type { JobInput } from '../../schema/jobs.ts';
import type { Runtime } from '../../local/runtime.ts';
import { messageOf } from '../lambda-cause.ts';
import { chunksOf, readProgress, readRuns } from './job-rows.ts';
import type { DemoJob, StepProgress } from './job-rows.ts';
import { killFunctions } from './kill.ts';
import type { JobMachine } from './machine.ts';

/** What the last state of the machine gives out. */
const runOutput = z.object({
  status: z.string(),
  problemCount: z.number(),
  figures: z.record(z.string(), z.number()),
});
export type RunOutput = z.output<typeof runOutput>;

export interface Kill {
  readonly processes: number;
  /** That were finished when it was killed. */
  readonly chunks: number;
}

export interface FinishedRun {
  readonly output: RunOutput;
  /** Why the second start was refused; undefined: it was not, or there was none. */
  readonly refusedBecause: string | undefined;
  /** Undefined: it was not killed, or it was over before it could be. */
  readonly kill: Kill | undefined;
  readonly steps: readonly StepProgress[];
  /** Of each state, over all executions. */
  readonly secondsByState: ReadonlyMap<string, number>;
  readonly wallSeconds: number;
}

export interface RunContext {
  readonly machine: JobMachine;
  readonly runtime: Runtime;
  readonly db: Pool;
  readonly job: DemoJob;
  /** The functions that the job's machine calls, without those of every job. */
  readonly functions: readonly string[];
  readonly input: JobInput;
  /** At the same moment; of two, one is to be refused. */
  readonly starts: 1 | 2;
  /** Asked again and again; undefined: it is not killed. */
  readonly isTimeToKill: ((steps: readonly StepProgress[]) => boolean | Promise<boolean>) | undefined;
  readonly onProgress: (steps: readonly StepProgress[]) => void;
  readonly say: (line: string) => void;
}

/** Chunks take some 20 ms. */
const KILL_POLL_MS = 5;

/** @throws Error with the execution's own cause when the run does not succeed */
export async function runJob(context: RunContext): Promise<FinishedRun> {
  const { machine, db, job, input, starts, onProgress } = context;
  const begun = performance.now();
  const { running, refusedBecause } =
    starts === 2
      ? await startTwice(machine, input)
      : { running: await machine.start(input), refusedBecause: undefined };
  const executions = [running];
  const kill = await killWhen(context, running);
  if (kill !== undefined) executions.push(await startAgain(context, running, kill));
  const last = executions.at(-1) ?? running;
  const ended = await machine.ended(last, async () => onProgress(await readProgress(db, job)));
  const wallSeconds = (performance.now() - begun) / 1000;
  if (ended.status !== 'SUCCEEDED') throw new Error(`${job.jobName} ended ${whyEnded(ended)}`);
  const steps = await readProgress(db, job);
  onProgress(steps);
  return {
    output: runOutput.parse(JSON.parse(ended.output ?? '{}')),
    refusedBecause,
    kill,
    steps,
    secondsByState: await secondsOfAll(machine, executions),
    wallSeconds,
  };
}

/** One of the two runs, whichever was faster. */
async function startTwice(machine: JobMachine, input: JobInput) {
  const [one, other] = await Promise.all([machine.start(input), machine.start(input)]);
  for (;;) {
    const [first, second] = await Promise.all([machine.describe(one), machine.describe(other)]);
    if (second.error === JOB_REFUSED) return { running: one, refusedBecause: messageOf(second.cause) };
    if (first.error === JOB_REFUSED) return { running: other, refusedBecause: messageOf(first.cause) };
    if (first.status !== 'RUNNING' && second.status !== 'RUNNING') {
      return { running: other, refusedBecause: undefined };
    }
    await sleep(50);
  }
}

async function killWhen(context: RunContext, execution: string): Promise<Kill | undefined> {
  const { machine, runtime, db, job, functions, isTimeToKill, onProgress } = context;
  if (isTimeToKill === undefined) return undefined;
  for (;;) {
    const progress = await readProgress(db, job);
    onProgress(progress);
    if (await isTimeToKill(progress)) {
      const processes = killFunctions(runtime, functions);
      await machine.stop(execution, 'stopped by hand: its functions were lost');
      return { processes, chunks: chunksOf(await readProgress(db, job)) };
    }
    if ((await machine.describe(execution)).status !== 'RUNNING') return undefined;
    await sleep(KILL_POLL_MS);
  }
}

/** As a person would: when the run is said to have failed. */
async function startAgain(context: RunContext, killed: string, kill: Kill): Promise<string> {
  const { machine, db, job, input, say } = context;
  say(`killed ${kill.processes} function processes after ${kill.chunks} chunks, and stopped the execution`);
  for (;;) {
    const run = (await readRuns(db, job)).at(-1);
    if (run?.status === 'FAILED') {
      say(`the run is ${run.status} (${run.error ?? ''}); starting it again`);
      return machine.start(input);
    }
    const { status } = await machine.describe(killed);
    if (status === 'SUCCEEDED') throw new Error('the execution that was stopped succeeded');
    await sleep(100);
  }
}

async function secondsOfAll(machine: JobMachine, executions: readonly string[]) {
  const sum = new Map<string, number>();
  for (const execution of executions) {
    for (const [state, seconds] of await machine.secondsByState(execution)) {
      sum.set(state, (sum.get(state) ?? 0) + seconds);
    }
  }
  return sum;
}

function whyEnded({ status, error, cause }: DescribeExecutionOutput): string {
  return `${status ?? ''}: ${error ?? ''} ${messageOf(cause)}`.trim();
}
