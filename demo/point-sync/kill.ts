import type { Runtime } from '../../local/runtime.ts';

/** The functions that the machine calls. Others, that tell what happened, are none of a run's. */
const OF_A_RUN =
  /-(begin-job-run|plan-ranges|sync-balances|sweep-gone-users|build-daily-report|end-job-run)$/;

/** Ends what works on the run with SIGKILL, as a machine that is lost would. @returns how many processes it were */
export function killFunctions(runtime: Pick<Runtime, 'functionProcesses'>): number {
  const pids = runtime
    .functionProcesses()
    .filter(({ functionName }) => OF_A_RUN.test(functionName))
    .flatMap((fn) => fn.pids);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}
