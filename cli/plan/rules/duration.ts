/** How long a run takes, and what makes it take so long. */
import { partitionCountFor, partitionSizes } from '../../../lambdas/campaign-grant/domain/partitions.ts';
import { ESTIMATES } from './assumptions.ts';
import type { Pace, Settings } from './pace.ts';

export interface Workload {
  /** Targets that are not settled: all of them are read by publishing. */
  readonly remaining: number;
  /** Those of them that can be paid. */
  readonly toPay: number;
  /** A customer's grants are paid one after the other. */
  readonly mostOfOneCustomer: number;
}

export type Bound = 'paying' | 'publishing' | 'one customer';

export interface Duration {
  readonly partitionSizes: readonly number[];
  readonly payingSeconds: number;
  readonly publishingRowsPerSecond: number;
  readonly publishingSeconds: number;
  /** The least that the customer with the most targets takes. */
  readonly oneCustomerSeconds: number;
  readonly bound: Bound;
  readonly startSeconds: number;
  /** The longest of the three: they go on beside each other. */
  readonly runSeconds: number;
  readonly endSeconds: number;
  readonly totalSeconds: number;
}

export function durationOf(work: Workload, pace: Pace, settings: Settings): Duration {
  const sizes = partitionSizes(work.remaining, partitionCountFor(work.remaining));
  const payingSeconds = work.toPay / pace.callsPerSecond;
  // The partitions are of one size: all publish until the end.
  const publishingRowsPerSecond = sizes.length * ESTIMATES.publishedRowsPerSecond;
  const publishingSeconds = sizes.length === 0 ? 0 : work.remaining / publishingRowsPerSecond;
  const oneCustomerSeconds = (work.mostOfOneCustomer * pace.meanLatencyMs) / 1_000;
  const runSeconds = Math.max(payingSeconds, publishingSeconds, oneCustomerSeconds);
  const endSeconds = settings.progressIntervalSeconds + ESTIMATES.finishSeconds;
  return {
    partitionSizes: sizes,
    payingSeconds,
    publishingRowsPerSecond,
    publishingSeconds,
    oneCustomerSeconds,
    bound:
      runSeconds === payingSeconds
        ? 'paying'
        : runSeconds === publishingSeconds
          ? 'publishing'
          : 'one customer',
    startSeconds: ESTIMATES.startSeconds,
    runSeconds,
    endSeconds,
    totalSeconds: ESTIMATES.startSeconds + runSeconds + endSeconds,
  };
}
