import { checkLine } from '../checks.ts';
import type { Check } from '../checks.ts';
import { figuresText } from '../jobs/figures-text.ts';
import type { CouponServiceStats } from '../../stand-ins/coupon-services/stats.ts';
import type { CouponStatsOptions } from './command.ts';
import type { ShownRun } from './run.ts';
import type { Stage } from './stage.ts';

export interface CouponStatsResult {
  readonly options: CouponStatsOptions;
  readonly stage: Stage;
  readonly runs: readonly ShownRun[];
  readonly checks: readonly Check[];
  /** What the stand-ins counted over all runs. */
  readonly serviceStats: CouponServiceStats | undefined;
  readonly setupSeconds: number;
}

/** Prints the table and the checks, and with --json the one object. @returns whether every check holds. */
export function printResults(result: CouponStatsResult, out: NodeJS.WriteStream): boolean {
  const { runs, checks, options } = result;
  const verified = checks.every(({ ok }) => ok);
  out.write(`\n${table(runs)}\n${servicesText(result.serviceStats)}\n`);
  for (const check of checks) out.write(checkLine(check));
  out.write(verified ? '\nVERIFIED\n' : '\nNOT VERIFIED\n');
  if (options.json) process.stdout.write(`${JSON.stringify(summary(result, verified))}\n`);
  return verified;
}

function summary(
  { options, stage, runs, checks, serviceStats, setupSeconds }: CouponStatsResult,
  verified: boolean,
) {
  const { spec, loaded } = stage;
  const { members, stores, faultRate } = options;
  const messages = runs.reduce((sum, run) => sum + run.messages.length, 0);
  return {
    pipeline: 'coupon-stats',
    runDate: spec.days.yesterday,
    pushDate: spec.days.today,
    targetHour: spec.days.targetHour,
    members,
    stores,
    faultRate,
    histories: loaded.histories,
    favourites: loaded.favourites,
    membersOfTheHour: loaded.pushes.size,
    messages,
    runs: runs.map(({ job, finished, messages: sent }) => ({
      job: job.jobName,
      status: finished.output.status,
      seconds: round(finished.wallSeconds),
      killedAfterChunks: finished.kill?.chunks ?? null,
      messages: sent.length,
      problems: finished.output.problemCount,
      figures: finished.output.figures,
    })),
    serviceCalls: serviceStats ?? null,
    setupSeconds: round(setupSeconds),
    failedChecks: checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`),
    verified,
  };
}

const HEADINGS = ['run', 'status', 'seconds', 'messages', 'figures'] as const;

function table(runs: readonly ShownRun[]): string {
  const rows: (readonly string[])[] = [
    HEADINGS,
    ...runs.map(({ job, finished, messages }) => [
      `${job.jobName}${finished.kill === undefined ? '' : ', killed'}`,
      finished.output.status,
      finished.wallSeconds.toFixed(1),
      job.targetHour === undefined ? '' : String(messages.length),
      figuresText(finished.output.figures),
    ]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number) => column === 2 || column === 3;
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** How often each operation was called, and how that ended. */
function servicesText(stats: CouponServiceStats | undefined): string {
  if (stats === undefined) return '';
  const lines = Object.values(stats).map(({ path, calls }) => {
    const text = Object.entries(calls).map(([outcome, count]) => `${outcome} ${count}×`);
    return `${path}: ${text.length === 0 ? 'not called' : text.join(', ')}`;
  });
  return `\n${lines.join('\n')}\n`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
