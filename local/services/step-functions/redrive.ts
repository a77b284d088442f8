/** Which executions may be redriven, in the words of RedriveExecution's and DescribeExecution's references. */
import type { Execution } from './execution.ts';
import { MAX_HISTORY_EVENTS } from './history.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const REDRIVABLE_MS = 14 * DAY_MS;
const MAX_OPEN_MS = 365 * DAY_MS;

export type Redrivability =
  | { readonly status: 'REDRIVABLE' | 'REDRIVABLE_BY_MAP_RUN' }
  | { readonly status: 'NOT_REDRIVABLE'; readonly reason: string };

export function redrivability(execution: Execution, nowMs: number): Redrivability {
  const { spec, status, startDate, stopDate = nowMs, history } = execution;
  if (status === 'RUNNING' || status === 'SUCCEEDED') {
    return notRedrivable(`Execution is ${status} and cannot be redriven`);
  }
  if (spec.isExpress) return notRedrivable('Executions of EXPRESS state machines cannot be redriven');
  // Room for ExecutionRedriven and one event more.
  if (history.events.length >= MAX_HISTORY_EVENTS - 1) {
    return notRedrivable('Execution history event limit exceeded');
  }
  if (nowMs - startDate > MAX_OPEN_MS) return notRedrivable('Execution has exceeded the max execution time');
  if (nowMs - stopDate > REDRIVABLE_MS) return notRedrivable('Execution redrivable period exceeded');
  return { status: spec.mapRun === undefined ? 'REDRIVABLE' : 'REDRIVABLE_BY_MAP_RUN' };
}

function notRedrivable(reason: string): Redrivability {
  return { status: 'NOT_REDRIVABLE', reason };
}
