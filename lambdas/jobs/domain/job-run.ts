/** For which day a job runs, and whether an execution may: pure. */
import { PROBLEMS, isHourly, sumOf } from '../../../schema/jobs.ts';
import type { Figures, JobInput, JobName, JobRunStatus } from '../../../schema/jobs.ts';
import { addDays, dateOf, epochMsOf, hourOf } from '../../../schema/seoul-time.ts';

/** What a run is of: there is one at a time. */
export interface JobFor {
  readonly jobName: JobName;
  /** yyyy-MM-dd. */
  readonly runDate: string;
  readonly targetHour: number | null;
}

export interface LatestRun {
  readonly jobRunId: string;
  readonly status: JobRunStatus;
  readonly executionId: string;
  readonly attempt: number;
}

export type JobOutcome =
  | {
      readonly status: 'COMPLETED' | 'COMPLETED_WITH_PROBLEMS';
      readonly figures: Figures;
      readonly problemCount: number;
    }
  | { readonly status: 'FAILED'; readonly error: string };

export type Asked =
  { readonly ok: true; readonly of: JobFor } | { readonly ok: false; readonly reason: string };

/**
 * The day and hour that the input says, or else those of the time for which it was scheduled: point-sync runs on the day
 * itself and reports the one before, coupon-usage-stats runs for the day before.
 */
export function jobFor(jobName: JobName, input: JobInput, nowMs: number): Asked {
  const atMs = input.scheduledAt === undefined ? nowMs : Date.parse(input.scheduledAt);
  const today = dateOf(nowMs);
  const scheduled = jobName === 'coupon-usage-stats' ? addDays(dateOf(atMs), -1) : dateOf(atMs);
  const runDate = input.runDate ?? scheduled;
  if (input.prune !== undefined && jobName !== 'point-sync') return refused('prune is of point-sync only');
  if (input.targetHour !== undefined && !isHourly(jobName))
    return refused(`${jobName} is for a day: it has no targetHour`);
  if (runDate > today) return refused(`runDate ${runDate} is in the future: today is ${today}`);
  const targetHour = isHourly(jobName) ? (input.targetHour ?? hourOf(atMs)) : null;
  return { ok: true, of: { jobName, runDate, targetHour } };
}

function refused(reason: string): Asked {
  return { ok: false, reason };
}

export function isCompleted({ status }: Pick<LatestRun, 'status'>): boolean {
  return status === 'COMPLETED' || status === 'COMPLETED_WITH_PROBLEMS';
}

/** From the begin of its first attempt to its end, or until now. */
export function durationSeconds(
  { startedAt, endedAt }: { readonly startedAt: string; readonly endedAt: string | null },
  nowMs: number,
): number {
  const end = endedAt === null ? nowMs : epochMsOf(endedAt);
  return Math.max(0, (end - epochMsOf(startedAt)) / 1_000);
}

export type Beginning = 'new-run' | 'carry-on' | 'go-on' | 'refuse';

/**
 * What an execution does about the latest run for the same day: makes a new one where there is none or it completed,
 * carries on with its own (Step Functions retries a task whose answer was lost), goes on with one that an execution left
 * undone, and is refused while another works.
 * @param isLatestAtWork whether the execution of the latest run still runs
 */
export function beginning(
  latest: LatestRun | undefined,
  executionId: string,
  isLatestAtWork: boolean,
): Beginning {
  if (latest === undefined) return 'new-run';
  if (latest.executionId === executionId && latest.status === 'RUNNING') return 'carry-on';
  if (isCompleted(latest)) return 'new-run';
  // Also a failed one: it may have been redriven.
  return isLatestAtWork ? 'refuse' : 'go-on';
}

export function completedWith(jobName: JobName, figures: Figures): JobOutcome {
  const problemCount = sumOf(PROBLEMS[jobName], figures);
  return { status: problemCount === 0 ? 'COMPLETED' : 'COMPLETED_WITH_PROBLEMS', figures, problemCount };
}
