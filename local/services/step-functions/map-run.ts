/** The state of one run of a distributed Map: how many items are where, and how many may fail. Pure. */
import type { Json } from './json.ts';

export interface Tolerance {
  readonly count: number | undefined;
  readonly percentage: number | undefined;
}

export type ChildStatus = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
}

const FIELD = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const;

export class MapRun {
  readonly arn: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly maxConcurrency: number;
  readonly tolerance: Tolerance;
  readonly startDate = Date.now();
  readonly childArns: string[] = [];
  stopDate: number | undefined;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' = 'RUNNING';
  items: Counts;
  executions: Counts;
  redriveCount = 0;
  redriveDate: number | undefined;

  constructor(
    from: Pick<MapRun, 'arn' | 'executionArn' | 'stateMachineArn' | 'maxConcurrency' | 'tolerance'> & {
      totalItems: number;
      totalExecutions: number;
    },
  ) {
    this.arn = from.arn;
    this.executionArn = from.executionArn;
    this.stateMachineArn = from.stateMachineArn;
    this.maxConcurrency = from.maxConcurrency;
    this.tolerance = from.tolerance;
    this.items = allPending(from.totalItems);
    this.executions = allPending(from.totalExecutions);
  }

  /** Once more for the children that did not succeed. */
  redrive(): void {
    this.status = 'RUNNING';
    this.stopDate = undefined;
    this.redriveCount += 1;
    this.redriveDate = Date.now();
    this.items = unsuccessfulPending(this.items);
    this.executions = unsuccessfulPending(this.executions);
  }

  /** For the first time, or in a redrive again. */
  childStarted(itemCount: number): void {
    this.items = moved(this.items, 'pending', 'running', itemCount);
    this.executions = moved(this.executions, 'pending', 'running', 1);
  }

  childEnded(status: ChildStatus, itemCount: number): void {
    this.items = moved(this.items, 'running', FIELD[status], itemCount);
    this.executions = moved(this.executions, 'running', FIELD[status], 1);
  }

  end(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED'): void {
    this.status = status;
    this.stopDate = Date.now();
  }

  /** More items have failed than may. A child that someone stopped by hand counts: its item was not done. */
  get toleranceExceeded(): boolean {
    return exceeds(this.tolerance, this.items);
  }
}

/** Neither limit given: none may fail. One given: the other does not matter. */
export function exceeds({ count, percentage }: Tolerance, items: Counts): boolean {
  const failed = items.failed + items.timedOut + items.aborted;
  if (count === undefined && percentage === undefined) return failed > 0;
  if (count !== undefined && failed > count) return true;
  return percentage !== undefined && failed * 100 > percentage * items.total;
}

function allPending(total: number): Counts {
  return { total, pending: total, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0 };
}

function unsuccessfulPending({ total, pending, running, succeeded, ...rest }: Counts): Counts {
  const unsuccessful = rest.failed + rest.timedOut + rest.aborted;
  return { ...allPending(total), pending: pending + unsuccessful, running, succeeded };
}

function moved(counts: Counts, from: keyof Counts, to: keyof Counts, by: number): Counts {
  return { ...counts, [from]: counts[from] - by, [to]: counts[to] + by };
}

/** What an execution offers to its Map state, and keeps for a redrive of it. */
export interface MapRunHost {
  readonly run: MapRun;
  /**
   * Starts one child, or redrives it where it ended without success; aborting the signal stops it. Resolves at its end,
   * however it ends.
   */
  runChild(
    index: number,
    child: { readonly input: Json; readonly itemCount: number },
    signal: AbortSignal,
  ): Promise<Json | undefined>;
}
