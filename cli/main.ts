/** `grantline`: the operator's commands, one a file in commands/. */
import { Command, CommanderError } from 'commander';
import { CommandFailure, oneLine } from './failure.ts';

/** A wrong option is no answer to what was asked: never the 1 that says "it does not hold". */
const USAGE_ERROR = 2;
/** Whoever read has seen enough: 128 and SIGPIPE, as every other program ends then. */
const NOBODY_READS = 141;

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  load: async () => (await import('./commands/load.ts')).registerLoad,
  plan: async () => (await import('./commands/plan.ts')).registerPlan,
  start: async () => (await import('./commands/start.ts')).registerStart,
  status: async () => (await import('./commands/status.ts')).registerStatus,
  watch: async () => (await import('./commands/watch.ts')).registerWatch,
  stop: async () => (await import('./commands/stop.ts')).registerStop,
  resume: async () => (await import('./commands/resume.ts')).registerResume,
  failures: async () => (await import('./commands/failures.ts')).registerFailures,
  redrive: async () => (await import('./commands/redrive.ts')).registerRedrive,
  verify: async () => (await import('./commands/verify.ts')).registerVerify,
  token: async () => (await import('./commands/token.ts')).registerToken,
  jobs: async () => (await import('./commands/jobs.ts')).registerJobs,
  rate: async () => (await import('./commands/rate.ts')).registerRate,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
};

const program = new Command('grantline')
  .description('Operates Grantline, on this machine (--local) or on AWS (--stage).')
  .exitOverride();

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(NOBODY_READS);
  });
}

process.exitCode = await run();

async function run(): Promise<number> {
  try {
    for (const register of await asked(process.argv[2])) register(program);
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has said by then what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    process.stderr.write(`grantline: ${oneLine(error)}\n`);
    return error instanceof CommandFailure ? error.exitCode : 1;
  }
}

/** The command that is asked for: the libraries of all of them take longer to load than most take to run. */
function asked(name: string | undefined): Promise<((program: Command) => void)[]> {
  const load = name === undefined ? undefined : COMMANDS[name];
  return Promise.all((load === undefined ? Object.values(COMMANDS) : [load]).map((each) => each()));
}
