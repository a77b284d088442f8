/** Runs of jobs as text: pure. */
import { FIGURES, PROBLEMS } from '../../schema/jobs.ts';
import type { JobName } from '../../schema/jobs.ts';
import { epochMsOf, toDateTime } from '../../schema/seoul-time.ts';
import { durationSeconds } from '../../lambdas/jobs/domain/job-run.ts';
import type { JobFor } from '../../lambdas/jobs/domain/job-run.ts';
import type { JobRunRecord } from '../../lambdas/jobs/ports.ts';
import { duration } from '../output/duration.ts';
import { grouped } from '../output/grouped.ts';
import { table } from '../output/table.ts';
import type { RunProgress } from './await-run.ts';
import type { JobExecution } from './open-jobs.ts';

/** '2026-11-21', '2026-11-21 09:00'. */
export function dayText({ runDate, targetHour }: Pick<JobFor, 'runDate' | 'targetHour'>): string {
  return targetHour === null ? runDate : `${runDate} ${String(targetHour).padStart(2, '0')}:00`;
}

export function progressText({ run, steps }: RunProgress): string {
  if (run === undefined) return 'it begins';
  const parts = steps
    .filter((step) => step.chunkCount > 0)
    .map(
      ({ step, rangeCount, finishedRangeCount, chunkCount }) =>
        `${step} ${finishedRangeCount} of ${rangeCount} ranges, ${grouped(chunkCount)} chunks`,
    );
  return parts.length === 0 ? 'it plans' : parts.join('; ');
}

/** How it ended, and its figures, problems first. */
export function endedText(run: JobRunRecord, nowMs: number): string {
  const { jobName, status, attempt, skippedChunkCount, problemCount } = run;
  const figures = run.figures ?? {};
  const known: readonly string[] = [...PROBLEMS[jobName], ...FIGURES[jobName]];
  const names = new Set([...known, ...Object.keys(figures)]);
  const rows = [...names].flatMap((name) => {
    const count = figures[name];
    return count === undefined || count === 0 ? [] : [[grouped(count), name]];
  });
  const attempts =
    attempt === 1 ? '' : `, attempt ${attempt}: ${grouped(skippedChunkCount)} chunks were finished before`;
  const problems = problemCount === 0 ? '' : `, ${grouped(problemCount)} problems`;
  return `${jobName} ${dayText(run)} ${status}${problems} in ${duration(durationSeconds(run, nowMs))}${attempts}\n${table(rows, [0])}`;
}

interface Line {
  readonly startedMs: number;
  readonly cells: readonly string[];
}

const HEADINGS = ['STARTED', 'FOR', 'STATUS', 'ATTEMPT', 'SKIPPED', 'TOOK', 'PROBLEMS', 'EXECUTION'];
const RIGHT = [3, 4, 5, 6];

/** Runs, each with the execution that worked on it last, and executions that no run names, the newest first. */
export function historyText(
  runs: readonly JobRunRecord[],
  executions: readonly JobExecution[],
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): string {
  const named = new Set(runs.map((run) => run.executionId));
  const lines: Line[] = [
    ...runs.map((run) => ({
      startedMs: epochMsOf(run.startedAt),
      cells: [
        run.startedAt.slice(0, 19),
        dayText(run),
        run.status,
        String(run.attempt),
        grouped(run.skippedChunkCount),
        duration(durationSeconds(run, nowMs)),
        grouped(run.problemCount),
        executionName(run.executionId),
      ],
    })),
    ...executions
      .filter(({ executionArn }) => !named.has(executionArn))
      .map(({ name, status, startedAt, endedAt }) => ({
        startedMs: startedAt.getTime(),
        cells: [
          toDateTime(startedAt.getTime()).slice(0, 19),
          '',
          `(${status})`,
          '',
          '',
          endedAt === null ? '' : duration((endedAt.getTime() - startedAt.getTime()) / 1_000),
          '',
          name,
        ],
      })),
  ];
  const shown = lines.sort((a, b) => b.startedMs - a.startedMs).slice(0, limit);
  return table([HEADINGS, ...shown.map(({ cells }) => cells)], RIGHT);
}

export interface ListedJob {
  readonly name: JobName;
  readonly description: string;
  readonly isDeployed: boolean;
  readonly lastRun: JobRunRecord | null;
  /** Epoch milliseconds; null: it is not deployed. */
  readonly nextRunAt: number | null;
}

export function listText(jobs: readonly ListedJob[]): string {
  const rows = jobs.map(({ name, description, isDeployed, lastRun, nextRunAt }) => [
    name,
    isDeployed ? 'deployed' : 'not deployed',
    lastRun === null ? 'never ran' : `${lastRun.status} for ${dayText(lastRun)}`,
    nextRunAt === null ? '' : `next ${toDateTime(nextRunAt).slice(0, 16)}`,
    description,
  ]);
  return table(rows);
}

function executionName(executionArn: string): string {
  return executionArn.split(':').at(-1) ?? executionArn;
}
