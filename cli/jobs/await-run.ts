import { setTimeout as sleep } from 'node:timers/promises';
import { isCompleted } from '../../lambdas/jobs/domain/job-run.ts';
import type { JobFor } from '../../lambdas/jobs/domain/job-run.ts';
import type { JobRunRecord, StepProgress } from '../../lambdas/jobs/ports.ts';
import type { LiveLine } from '../output/live-line.ts';
import type { Jobs } from './open-jobs.ts';

const LOOK_EVERY_MS = 1_000;

export interface RunProgress {
  /** undefined: it has not begun. */
  readonly run: JobRunRecord | undefined;
  readonly steps: readonly StepProgress[];
}

export type AwaitedRun =
  | { readonly ended: true; readonly run: JobRunRecord }
  /** Its execution is over and did not complete it, or never began one. */
  | { readonly ended: false; readonly run: JobRunRecord | undefined; readonly why: string };

/** Looks at the rows until the execution has completed its run, or has ended without. */
export async function awaitRun(
  { store, reader, executions }: Pick<Jobs, 'store' | 'reader' | 'executions'>,
  { of, executionArn }: { readonly of: JobFor; readonly executionArn: string },
  { display, signal }: { readonly display: LiveLine<RunProgress>; readonly signal: AbortSignal },
): Promise<AwaitedRun> {
  for (;;) {
    // Before the rows: what an execution that is over has written is in them.
    const execution = await executions.describe(executionArn);
    const latest = await store.latestRun(of);
    const isOurs = latest?.executionId === executionArn;
    const run = isOurs ? await reader.run(latest.jobRunId) : undefined;
    display.show({ run, steps: run === undefined ? [] : await reader.progress(run.jobRunId) });
    if (run !== undefined && isCompleted(run)) return { ended: true, run };
    if (execution.status !== 'RUNNING') {
      const why = 'cause' in execution ? execution.cause : 'its execution is over, and left no run that is';
      return { ended: false, run, why };
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
