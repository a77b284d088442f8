import { checkLine } from '../checks.ts';
import type { Check } from '../checks.ts';
import type { PointSyncOptions } from './command.ts';
import { figuresText } from '../jobs/figures-text.ts';
import type { JobRunRow } from '../jobs/job-rows.ts';
import type { FinishedRun } from '../jobs/run.ts';

export interface PointSyncResult {
  readonly options: PointSyncOptions;
  readonly runDate: string;
  readonly finished: FinishedRun;
  readonly row: JobRunRow;
  readonly checks: readonly Check[];
  readonly setupSeconds: number;
}

const STATES: Readonly<Record<string, string>> = {
  'sync-balances': 'SyncBalances',
  'sweep-gone-users': 'SweepGoneUsers',
  'build-daily-report': 'BuildDailyReport',
};
/** They sum up others. */
const SUMS = ['corrected'];

/** Prints the table and the checks, and with --json the one object. @returns whether every check holds. */
export function printResults(result: PointSyncResult, out: NodeJS.WriteStream): boolean {
  const { finished, row, checks, options, runDate, setupSeconds } = result;
  const verified = checks.every(({ ok }) => ok);
  out.write(`\n${table(finished)}\n\n`);
  for (const check of checks) out.write(checkLine(check));
  out.write(verified ? '\nVERIFIED\n' : '\nNOT VERIFIED\n');
  if (options.json) {
    const summary = {
      pipeline: 'point-sync',
      runDate,
      users: options.users,
      transactions: options.transactions,
      status: row.status,
      attempts: row.attempts,
      killedAfterChunks: finished.kill?.chunks ?? null,
      skippedChunks: row.skippedChunks,
      problems: finished.output.problemCount,
      figures: finished.output.figures,
      steps: finished.steps.map(({ step, chunks }) => ({ step, chunks, seconds: secondsOf(finished, step) })),
      wallSeconds: round(finished.wallSeconds),
      setupSeconds: round(setupSeconds),
      failedChecks: checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`),
      verified,
    };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
  return verified;
}

const HEADINGS = ['step', 'seconds', 'chunks', 'figures'];

function table(finished: FinishedRun): string {
  const { steps, wallSeconds } = finished;
  const rows = [
    HEADINGS,
    ...steps.map((progress) => [
      progress.step,
      secondsOf(finished, progress.step).toFixed(1),
      String(progress.chunks),
      figuresText(progress.figures, SUMS),
    ]),
    ['the whole run', wallSeconds.toFixed(1), '', ''],
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([step = '', seconds = '', chunks = '', figures = '']) =>
      [
        step.padEnd(widths[0] ?? 0),
        seconds.padStart(widths[1] ?? 0),
        chunks.padStart(widths[2] ?? 0),
        figures,
      ]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function secondsOf({ secondsByState }: FinishedRun, step: string): number {
  return round(secondsByState.get(STATES[step] ?? step) ?? 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
