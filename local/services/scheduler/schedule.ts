/** One schedule under way: its timer, its target, its retries. */
import { randomUUID } from 'node:crypto';
import type { Expression } from './expression.ts';

export interface ScheduleTarget {
  /** A function's, a state machine's or a universal target's ARN. */
  readonly arn: string;
  /** JSON text; without it the target gets Scheduler's own event. */
  readonly input: string | undefined;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  /** By which Scheduler starts it. */
  readonly roleArn: string;
}

export interface ScheduleSettings {
  readonly name: string;
  readonly groupName: string;
  readonly arn: string;
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly target: ScheduleTarget;
}

/** Starts the target; a rejection is tried again within the target's retry policy. */
export type StartTarget = (target: ScheduleTarget, input: string) => Promise<void>;

/** setTimeout's longest wait, a little under 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;
const LONGEST_RETRY = 60_000;

/**
 * Runs a schedule from now on. A rate() without a start date is due at once, an at() of the past too: the real one
 * takes it without a word, however long past it is.
 * @returns Stops it.
 */
export function runSchedule(
  schedule: ScheduleSettings,
  expression: Expression,
  how: {
    readonly startTarget: StartTarget;
    readonly completed: () => void;
    readonly log: (line: string) => void;
  },
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const waitUntil = (time: number, then: () => void) => {
    const wait = Math.max(0, time - Date.now());
    timer = setTimeout(
      () => (wait > LONGEST_TIMER ? waitUntil(time, then) : then()),
      Math.min(wait, LONGEST_TIMER),
    );
  };
  const due = (time: number) => {
    const next = dueAfter(expression, time);
    if (next !== undefined) waitUntil(next, () => due(next));
    void deliver(schedule, time, how, () => stopped).then(() => {
      if (expression.kind === 'at' && !stopped) how.completed();
    });
  };

  if (schedule.enabled) {
    const first = firstDue(expression, Date.now());
    if (first !== undefined) waitUntil(first, () => due(first));
  }
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function firstDue(expression: Expression, now: number): number | undefined {
  switch (expression.kind) {
    case 'at':
      return expression.time;
    case 'rate':
      return now;
    case 'cron':
      return expression.nextAfter(now);
  }
}

/** It comes from the time before and not from the clock, so that a rate does not drift. */
function dueAfter(expression: Expression, time: number): number | undefined {
  switch (expression.kind) {
    case 'at':
      return undefined;
    case 'rate':
      return time + expression.everyMilliseconds;
    case 'cron':
      // A laptop that slept is late: what it slept through is not made up for, as on AWS a disabled schedule is not.
      return expression.nextAfter(Math.max(time, Date.now()));
  }
}

async function deliver(
  schedule: ScheduleSettings,
  time: number,
  how: { readonly startTarget: StartTarget; readonly log: (line: string) => void },
  stopped: () => boolean,
): Promise<void> {
  const { target } = schedule;
  const giveUpAt = Date.now() + target.maximumEventAgeSeconds * 1000;
  const executionId = randomUUID();
  for (let attempt = 1; !stopped(); attempt++) {
    try {
      await how.startTarget(target, inputFor(schedule, time, executionId, attempt));
      return;
    } catch (error) {
      const wait = Math.min(1000 * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY);
      if (attempt > target.maximumRetryAttempts || Date.now() + wait > giveUpAt) {
        how.log(`schedule ${schedule.name}: its target could not be started: ${String(error)}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, wait).unref());
    }
  }
}

/** The template's input with Scheduler's context attributes filled in, or the event that Scheduler sends without one. */
function inputFor(schedule: ScheduleSettings, time: number, executionId: string, attempt: number): string {
  const scheduledTime = new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
  const { input } = schedule.target;
  if (input !== undefined) {
    return input
      .replaceAll('<aws.scheduler.schedule-arn>', schedule.arn)
      .replaceAll('<aws.scheduler.scheduled-time>', scheduledTime)
      .replaceAll('<aws.scheduler.execution-id>', executionId)
      .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
  }
  const [, , , region, account] = schedule.arn.split(':');
  return JSON.stringify({
    version: '0',
    id: executionId,
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account,
    time: scheduledTime,
    region,
    resources: [schedule.arn],
    detail: '{}',
  });
}
