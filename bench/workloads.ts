import type { JobName } from '../schema/jobs.ts';
import type { MoneyApiOptions } from '../stand-ins/money-api/options.ts';

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly targets: number;
  /** Calls a second that the contenders pace themselves to, and the Money API admits; undefined: no limit. */
  readonly ceiling: number | undefined;
  readonly conditions: Omit<MoneyApiOptions, 'apiKey' | 'ceiling'>;
  /** Grantline's pacing headroom; undefined: the stage's. */
  readonly headroomSeconds?: number | undefined;
  /** Nobody pays: how fast the targets get into the queue. */
  readonly publishOnly?: boolean;
}

const NO_CEILING = { ceiling: undefined, conditions: {} } as const;
const WITH_TAIL = { latencyMs: 30, latencyTail: { share: 0.01, ms: 1_000 } };

export const WORKLOADS: readonly Workload[] = [
  { name: 'W1', title: 'no ceiling, no latency', targets: 50_000, ...NO_CEILING },
  {
    name: 'W2',
    title: '1,000 TPS, 30 ms and 1 % at 1 s',
    targets: 30_000,
    ceiling: 1_000,
    conditions: WITH_TAIL,
  },
  {
    name: 'W3',
    title: 'W2 with 2 % failures and 0.1 % granted and then timed out',
    targets: 30_000,
    ceiling: 1_000,
    conditions: { ...WITH_TAIL, failRate: 0.02, timeoutRate: 0.001 },
  },
  {
    name: 'W4',
    title: 'a million at 1,000 TPS',
    targets: 1_000_000,
    ceiling: 1_000,
    conditions: WITH_TAIL,
  },
  ...[10_000, 100_000, 1_000_000].map((targets) => ({ name: 'W5', title: 'growth', targets, ...NO_CEILING })),
  { name: 'W6', title: 'publishing alone', targets: 1_000_000, ...NO_CEILING, publishOnly: true },
];

/** A night of point sync: half of the users have transactions, six each on average. */
export interface PointSyncWorkload {
  readonly name: string;
  readonly title: string;
  readonly users: number;
}

export const POINT_SYNC_WORKLOADS: readonly PointSyncWorkload[] = [
  {
    name: 'P1',
    title: 'point sync: 5 % drift, then the report of 3,000,000 transactions of 500,000 of them',
    users: 1_000_000,
  },
  ...[100_000, 1_000_000].map((users) => ({ name: 'P2', title: 'growth of point sync', users })),
];

/** A job of coupon stats: with 20,000 stores, of which one in fifty is unknown to the store service. */
export interface CouponStatsWorkload {
  readonly name: string;
  readonly title: string;
  readonly job: Extract<JobName, `coupon-${string}`>;
  /** Histories, or members of the hour. */
  readonly size: number;
}

/** Each at a tenth, and in whole: memory is to be the same. */
export const COUPON_STATS_WORKLOADS: readonly CouponStatsWorkload[] = [
  ...[500_000, 5_000_000].map((size) => ({
    name: 'C1',
    title: 'coupon stats: a night, 20,000 stores and a tenth as many members',
    job: 'coupon-usage-stats' as const,
    size,
  })),
  ...[10_000, 100_000].map((size) => ({
    name: 'C2',
    title: 'coupon stats: an hour, to a fifth of all members',
    job: 'coupon-usage-stats-fcm-send' as const,
    size,
  })),
];
