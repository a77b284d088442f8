import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { startJob } from '../../lambdas/jobs/app/start-job.ts';
import type { StartJobOutcome } from '../../lambdas/jobs/app/start-job.ts';
import { durationSeconds } from '../../lambdas/jobs/domain/job-run.ts';
import { nextRunAt } from '../../lambdas/jobs/domain/job-schedule.ts';
import { JOB_NAMES, isHourly, jobName } from '../../schema/jobs.ts';
import type { JobName } from '../../schema/jobs.ts';
import { isDate, toDateTime, withOffset } from '../../schema/seoul-time.ts';
import { REFUSED, refuse, running } from '../campaigns/run-command.ts';
import { CommandFailure } from '../failure.ts';
import { awaitRun } from '../jobs/await-run.ts';
import type { RunProgress } from '../jobs/await-run.ts';
import { dayText, endedText, historyText, listText, progressText } from '../jobs/job-text.ts';
import { JOBS } from '../jobs/jobs.ts';
import { openJobs } from '../jobs/open-jobs.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import { INTERRUPTED, untilInterrupted } from '../output/interruption.ts';
import { changedLines, drawnLine } from '../output/live-line.ts';
import { wholeNumber } from '../output/whole-number.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface JobsOptions extends WhereOptions {
  readonly json: boolean;
}

interface RunOptions extends JobsOptions {
  readonly runDate?: string;
  readonly targetHour?: number;
  readonly prune: boolean;
  readonly wait: boolean;
}

interface HistoryOptions extends JobsOptions {
  readonly last: number;
}

type Started = Extract<StartJobOutcome, { readonly kind: 'started' | 'already' }>;

/** It completed, and somebody is to look at what it found. */
const WITH_PROBLEMS = 3;

const EXIT_CODES = `
Exit codes:
  0  it is done
  1  refused: the job is not deployed
  2  it could not be done: a wrong option, no such job, no deployment, no database`;

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
    .description('Lists the jobs: which are deployed, how the last run ended, when the next one is.')
    .option('--json', 'one JSON object instead of a table', false);
  addWhereOptions(command)
    .addHelpText(
      'after',
      `\nTimes are those of Asia/Seoul.\n${EXIT_CODES}\n\nExample:\n  npx grantline jobs list --local`,
    )
    .action((options: JobsOptions) => running('jobs list', () => list(options)));
}

async function list(options: JobsOptions): Promise<void> {
  const { reader, machineArn, clock } = await openJobs(await openDeployment(options));
  const nowMs = clock.now();
  const found = await Promise.all(
    JOBS.map(async ({ name, description }) => {
      const stateMachineArn = machineArn(name) ?? null;
      const [lastRun = null] = await reader.runs(name, 1);
      const isDeployed = stateMachineArn !== null;
      return {
        name,
        description,
        isDeployed,
        stateMachineArn,
        lastRun,
        nextRunAt: isDeployed ? nextRunAt(name, nowMs) : null,
      };
    }),
  );
  if (!options.json) {
    process.stdout.write(listText(found));
    return;
  }
  const shown = found.map((job) => ({
    ...job,
    nextRunAt: job.nextRunAt === null ? null : withOffset(toDateTime(job.nextRunAt)),
  }));
  process.stdout.write(`${JSON.stringify({ jobs: shown })}\n`);
}

const RUN_HELP = `
It runs for the day for which the schedule would run it now: point-sync for today (it reports the day before),
coupon-usage-stats for yesterday, in Asia/Seoul; one that is for an hour for the hour that it is. What was done for a day that
failed is not done again: a run goes on after the last finished chunk. Asked again while it runs, it is the same run; asked
for otherwise, or while the schedule's runs, it is refused.

Exit codes:
  0    it is started; with --wait: it completed
  1    refused (not deployed, a day in the future, it runs already); with --wait also: it failed
  2    it could not be done: a wrong option, no such job, no deployment, no database
  3    with --wait: it completed with problems, which its figures name
  130  interrupted: the run goes on

Examples:
  npx grantline jobs run point-sync --local --wait
  npx grantline jobs run point-sync --run-date 2026-11-20 --prune --stage prod
  npx grantline jobs run coupon-usage-stats-fcm-send --run-date 2026-11-20 --target-hour 18 --local`;

function registerRun(jobs: Command): void {
  const command = jobs
    .command('run')
    .description('Runs a job now.')
    .addArgument(jobArgument())
    .option('--run-date <yyyy-MM-dd>', 'for this day', dateArgument)
    .addOption(new Option('--target-hour <hour>', 'for this hour, 0 to 23').argParser(wholeNumber(0, 23)))
    .option('--prune', 'point-sync: removes balances in Redis of users who are gone', false)
    .option('--wait', 'shows how far it is until it has ended, then its figures', false)
    .option('--json', 'one JSON object instead of text', false);
  addWhereOptions(command)
    .addHelpText('after', RUN_HELP)
    .action((name: string, options: RunOptions) => running('jobs run', () => run(jobOf(name), options)));
}

async function run(name: JobName, options: RunOptions): Promise<void> {
  const { runDate, targetHour, prune, wait, json } = options;
  if (targetHour !== undefined && !isHourly(name)) {
    throw new Error(`${name} is for a day: --target-hour is not for it`);
  }
  if (prune && name !== 'point-sync') throw new Error(`--prune is of point-sync only`);
  const jobs = await openJobs(await openDeployment(options));
  const started = startedOr(name, await startJob(jobs, { jobName: name, runDate, targetHour, prune }));
  const { of, executionName, executionArn, kind } = started;
  const { jobName: job, ...day } = of;
  const asJson = { job, ...day, outcome: kind, name: executionName, executionArn };
  if (wait) return awaitEnd(jobs, started, { json, asJson });
  const what = kind === 'started' ? 'runs' : 'runs already';
  process.stdout.write(
    json ? `${JSON.stringify(asJson)}\n` : `${name} ${what} for ${dayText(of)}: execution ${executionName}\n`,
  );
}

function startedOr(name: JobName, outcome: StartJobOutcome): Started {
  switch (outcome.kind) {
    case 'started':
    case 'already':
      return outcome;
    case 'invalid':
      return refuse('jobs run', outcome.why);
    case 'not-deployed':
      return refuseNotDeployed('jobs run', name);
    case 'running':
      return refuse(
        'jobs run',
        `${name} runs for ${dayText(outcome.of)} already, started otherwise: execution ${outcome.executionArn}`,
      );
    case 'worn-out':
      return refuse(
        'jobs run',
        `${outcome.attempts} executions were started by hand for ${dayText(outcome.of)}: start one in the console of Step Functions`,
      );
  }
}

async function awaitEnd(
  jobs: Jobs,
  started: Started,
  { json, asJson }: { readonly json: boolean; readonly asJson: object },
): Promise<void> {
  // What it comes to is on standard output, and nothing else.
  const screen = process.stderr;
  const format = (progress: RunProgress) => `${started.of.jobName}: ${progressText(progress)}`;
  const display = screen.isTTY ? drawnLine(screen, format) : changedLines(screen, format);
  const { signal, end } = untilInterrupted();
  try {
    const awaited = await awaitRun(jobs, started, { display, signal });
    display.end();
    if (json) process.stdout.write(`${JSON.stringify({ ...asJson, run: awaited.run ?? null })}\n`);
    if (!awaited.ended) throw new CommandFailure(`jobs run: it failed: ${awaited.why}`, REFUSED);
    if (!json) process.stdout.write(endedText(awaited.run, jobs.clock.now()));
    process.exitCode = awaited.run.status === 'COMPLETED' ? 0 : WITH_PROBLEMS;
  } catch (error) {
    if (!signal.aborted) throw error;
    display.end();
    process.exitCode = INTERRUPTED;
  } finally {
    end();
  }
}

function registerHistory(jobs: Command): void {
  const command = jobs
    .command('history')
    .description('Lists the runs of a job beside its executions, the newest first.')
    .addArgument(jobArgument())
    .option('--last <count>', 'so many at most', wholeNumber(1, 1_000), 20)
    .option('--json', 'one JSON object instead of a table', false);
  addWhereOptions(command)
    .addHelpText(
      'after',
      `
A run is of a day; each execution that goes on with it is an attempt, and skips the chunks that earlier ones finished. A
status in brackets is of an execution that is no run's last: it was refused, or another one went on. Figures are in --json.
Times are those of Asia/Seoul.
${EXIT_CODES}

Example:
  npx grantline jobs history point-sync --local`,
    )
    .action((name: string, options: HistoryOptions) =>
      running('jobs history', () => history(jobOf(name), options)),
    );
}

async function history(name: JobName, options: HistoryOptions): Promise<void> {
  const { reader, machineArn, executionsOf, clock } = await openJobs(await openDeployment(options));
  const stateMachineArn = machineArn(name);
  if (stateMachineArn === undefined) refuseNotDeployed('jobs history', name);
  const nowMs = clock.now();
  const [runs, executions] = await Promise.all([
    reader.runs(name, options.last),
    executionsOf(stateMachineArn, options.last),
  ]);
  if (options.json) {
    const shown = runs.map((each) => ({ ...each, durationSeconds: durationSeconds(each, nowMs) }));
    process.stdout.write(`${JSON.stringify({ job: name, runs: shown, executions })}\n`);
    return;
  }
  process.stdout.write(
    runs.length === 0 && executions.length === 0
      ? `${name} has not run yet\n`
      : historyText(runs, executions, { limit: options.last, nowMs }),
  );
}

function refuseNotDeployed(command: string, name: JobName): never {
  const output = JOBS.find((job) => job.name === name)?.output ?? '';
  refuse(command, `${name} is not deployed here: no stack has an output ${output}`);
}

function jobOf(name: string): JobName {
  return jobName.parse(name);
}

function jobArgument(): Argument {
  return new Argument('<job>', 'which').choices([...JOB_NAMES]);
}

function dateArgument(text: string): string {
  if (isDate(text)) return text;
  throw new InvalidArgumentError('It must be a date of the form yyyy-MM-dd.');
}
