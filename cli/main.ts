/** `grantline`: the operator's commands, one a file in commands/. */
import { Command, CommanderError } from 'commander';
import { registerDoctor } from './commands/doctor.ts';
import { registerFailures } from './commands/failures.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerLoad } from './commands/load.ts';
import { registerPlan } from './commands/plan.ts';
import { registerRate } from './commands/rate.ts';
import { registerRedrive } from './commands/redrive.ts';
import { registerResume } from './commands/resume.ts';
import { registerStart } from './commands/start.ts';
import { registerStatus } from './commands/status.ts';
import { registerStop } from './commands/stop.ts';
import { registerVerify } from './commands/verify.ts';
import { registerWatch } from './commands/watch.ts';
import { CommandFailure, oneLine } from './failure.ts';

/** A wrong option is no answer to what was asked: never the 1 that says "it does not hold". */
const USAGE_ERROR = 2;
/** Whoever read has seen enough: 128 and SIGPIPE, as every other program ends then. */
const NOBODY_READS = 141;

const program = new Command('grantline')
  .description('Operates Grantline, on this machine (--local) or on AWS (--stage).')
  .exitOverride();
const REGISTER = [
  registerLoad,
  registerPlan,
  registerStart,
  registerStatus,
  registerWatch,
  registerStop,
  registerResume,
  registerFailures,
  registerRedrive,
  registerVerify,
  registerJobs,
  registerRate,
  registerDoctor,
];
for (const register of REGISTER) register(program);

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error;
    process.exit(NOBODY_READS);
  });
}

process.exitCode = await run();

async function run(): Promise<number> {
  try {
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has said by then what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    process.stderr.write(`grantline: ${oneLine(error)}\n`);
    return error instanceof CommandFailure ? error.exitCode : 1;
  }
}
