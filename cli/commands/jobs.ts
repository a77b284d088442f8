import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { endOfDay, toDateTime } from '../../schema/seoul-time.ts';
import { refuse, running } from '../campaigns/run-command.ts';
import { openJob } from '../jobs/job-machine.ts';
import type { JobExecution, JobMachine } from '../jobs/job-machine.ts';
import { JOBS, inputOf } from '../jobs/jobs.ts';
import type { Job } from '../jobs/jobs.ts';
import { duration } from '../output/duration.ts';
import { table } from '../output/table.ts';
import { wholeNumber } from '../output/whole-number.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface JobsOptions extends WhereOptions {
  readonly json: boolean;
}

interface RunOptions extends JobsOptions {
  readonly runDate?: string;
  readonly targetHour?: number;
}

interface HistoryOptions extends JobsOptions {
  readonly last: number;
}

const EXIT_CODES = `
Exit codes:
  0  it is done
  1  refused: the job is not deployed
  2  it could not be done: a wrong option, no such job, no deployment`;

export function registerJobs(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('The jobs beside the campaigns: point sync and coupon stats.');
  registerList(jobs);
  registerRun(jobs);
  registerHistory(jobs);
}

function registerList(jobs: Command): void {
  const command = jobs
    .command('list')
    .description('Lists the jobs, and says which of them are deployed.')
    .option('--json', 'one JSON object instead of a table', false);
  addWhereOptions(command)
    .addHelpText('after', `${EXIT_CODES}\n\nExample:\n  npx grantline jobs list --local`)
    .action((options: JobsOptions) =>
      running('jobs list', async () => {
        const deployment = await openDeployment(options);
        const found = await Promise.all(
          JOBS.map(async (job) => ({
            ...job,
            stateMachineArn: (await deployment.findOutput(job.stack, job.output)) ?? null,
          })),
        );
        if (options.json) {
          const shown = found.map(({ name, description, stateMachineArn }) => ({
            name,
            description,
            isDeployed: stateMachineArn !== null,
            stateMachineArn,
          }));
          process.stdout.write(`${JSON.stringify({ jobs: shown })}\n`);
          return;
        }
        const rows = found.map(({ name, description, stateMachineArn }) => [
          name,
          stateMachineArn === null ? 'not deployed' : 'deployed',
          description,
        ]);
        process.stdout.write(table(rows));
      }),
    );
}

const RUN_HELP = `
It runs for a day, which is yesterday in Asia/Seoul unless --run-date says so, and one that is for an hour for the hour
that it is unless --target-hour does. What was done for that day is not done again: a run goes on after the last
finished chunk. Asked again while it runs, it is the same run.
${EXIT_CODES}

Examples:
  npx grantline jobs run point-sync --local
  npx grantline jobs run coupon-usage-stats-fcm-send --run-date 2026-11-20 --target-hour 18 --local`;

function registerRun(jobs: Command): void {
  const command = jobs
    .command('run')
    .description('Runs a job now.')
    .addArgument(jobArgument())
    .option('--run-date <yyyy-MM-dd>', 'for this day', dateArgument)
    .addOption(new Option('--target-hour <hour>', 'for this hour, 0 to 23').argParser(wholeNumber(0, 23)))
    .option('--json', 'one JSON object instead of a line', false);
  addWhereOptions(command)
    .addHelpText('after', RUN_HELP)
    .action((name: string, options: RunOptions) =>
      running('jobs run', async () => {
        const job = jobOf(name);
        if (options.targetHour !== undefined && !job.isHourly) {
          throw new Error(`${name} is for a day: --target-hour is not for it`);
        }
        const machine = await deployed('jobs run', job, options);
        const input = inputOf(job, options, Date.now());
        const started = await machine.run(input);
        if (started === undefined)
          refuse('jobs run', `${name} ran too often for ${input.runDate}: start it by hand`);
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ job: name, ...input, ...started })}\n`
            : `${name} runs: execution ${started.name}\n`,
        );
      }),
    );
}

function registerHistory(jobs: Command): void {
  const command = jobs
    .command('history')
    .description('Lists the runs of a job, the newest first.')
    .addArgument(jobArgument())
    .option('--last <count>', 'so many at most', wholeNumber(1, 1_000), 20)
    .option('--json', 'one JSON object instead of a table', false);
  addWhereOptions(command)
    .addHelpText(
      'after',
      `\nTimes are those of Asia/Seoul.\n${EXIT_CODES}\n\nExample:\n  npx grantline jobs history point-sync --local`,
    )
    .action((name: string, options: HistoryOptions) =>
      running('jobs history', async () => {
        const machine = await deployed('jobs history', jobOf(name), options);
        const executions = await machine.history(options.last);
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ job: name, executions })}\n`
            : executions.length === 0
              ? `${name} has not run yet\n`
              : asTable(executions),
        );
      }),
    );
}

function asTable(executions: readonly JobExecution[]): string {
  const rows = executions.map(({ name, status, startedAt, endedAt }) => [
    toDateTime(startedAt.getTime()).slice(0, 19),
    status,
    endedAt === null ? '' : duration((endedAt.getTime() - startedAt.getTime()) / 1_000),
    name,
  ]);
  return table(rows, [2]);
}

async function deployed(command: string, job: Job, options: WhereOptions): Promise<JobMachine> {
  const machine = await openJob(await openDeployment(options), job);
  if (machine !== undefined) return machine;
  refuse(command, `${job.name} is not deployed here: no stack has an output ${job.output}`);
}

function jobOf(name: string): Job {
  const job = JOBS.find((each) => each.name === name);
  if (job === undefined) throw new Error(`there is no job ${name}`);
  return job;
}

function jobArgument(): Argument {
  return new Argument('<job>', 'which').choices(JOBS.map(({ name }) => name));
}

function dateArgument(text: string): string {
  if (endOfDay(text) !== undefined) return text;
  throw new InvalidArgumentError('It must be a date of the form yyyy-MM-dd.');
}
