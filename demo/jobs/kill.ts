import type { Runtime } from '../../local/runtime.ts';

/** Of every job; others, that tell what happened, are none of a run's. */
const OF_EVERY_RUN = ['begin-job-run', 'end-job-run'];

/**
 * Ends what works on a run with SIGKILL, as a machine that is lost would.
 * @param names of the functions that the job's machine calls
 * @returns how many processes it were
 */
export function killFunctions(runtime: Pick<Runtime, 'functionProcesses'>, names: readonly string[]): number {
  const ofRun = [...OF_EVERY_RUN, ...names];
  const pids = runtime
    .functionProcesses()
    .filter(({ functionName }) => ofRun.some((name) => functionName.endsWith(`-${name}`)))
    .flatMap((fn) => fn.pids);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}
