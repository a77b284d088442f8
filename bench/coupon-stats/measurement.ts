/** What a job of coupon stats did, and the ratios that are compared. */
import type { CouponServiceStats } from '../../stand-ins/coupon-services/stats.ts';
import type { Usage } from '../probes/processes.ts';
import type { StepSeconds } from '../run-machine.ts';
import type { CouponStatsWorkload } from '../workloads.ts';

export interface RawCouponMeasurement {
  readonly workload: CouponStatsWorkload;
  readonly wallSeconds: number;
  readonly stepSeconds: StepSeconds;
  /** By role, and 'all'. */
  readonly usage: ReadonlyMap<string, Usage>;
  readonly databaseQuestions: number;
  readonly serviceStats: CouponServiceStats;
  readonly results: number;
  /** Every row and message is the one that plain code expects, and there is no other. */
  readonly isCorrect: boolean;
}

/** Of the steps of both jobs; null: the other's. */
interface BySteps {
  readonly collectStores: number | null;
  readonly learn: number | null;
  readonly aggregate: number | null;
  readonly collectMembers: number | null;
  readonly send: number | null;
}

export interface CouponMeasurement {
  readonly workload: string;
  /** Histories in the window, or members of the hour. */
  readonly size: number;
  /** Favourites, or messages. */
  readonly results: number;
  readonly isCorrect: boolean;
  /** From the start of the execution to its end. */
  readonly wallSeconds: number;
  readonly stepSeconds: BySteps;
  /** Size ÷ the seconds from start to end. */
  readonly perSecond: number;
  /** CPU seconds for 1,000 histories or members. */
  readonly cpu: BySteps & {
    readonly otherFunctions: number;
    readonly database: number;
    /** The store and the notification service. */
    readonly services: number;
    /** What stands in for AWS's services, and what nobody asked anything. */
    readonly standIns: number;
  };
  /** Of the largest function's process, and of all of theirs with what stands in for AWS's services. */
  readonly peakRssMegabytes: { readonly function: number; readonly runtime: number };
  readonly databaseQuestions: number;
  readonly storeServiceCalls: number;
  readonly notificationServiceCalls: number;
}

/** By the end of a function's name, and the state that calls it. */
const STEPS = [
  ['collectStores', '-collect-stores', 'CollectStores'],
  ['learn', '-learn-districts', 'LearnDistricts'],
  ['aggregate', '-aggregate-usage', 'AggregateUsage'],
  ['collectMembers', '-collect-members', 'CollectMembers'],
  ['send', '-send-pushes', 'SendPushes'],
] as const;

export function couponMeasurementOf(raw: RawCouponMeasurement): CouponMeasurement {
  const { workload, wallSeconds, stepSeconds, usage, serviceStats } = raw;
  const { name, size } = workload;
  const bySteps = (of: (step: (typeof STEPS)[number]) => number | null): BySteps => {
    const values = { collectStores: null, learn: null, aggregate: null, collectMembers: null, send: null };
    return Object.assign(values, Object.fromEntries(STEPS.map((step) => [step[0], of(step)])));
  };
  const cpuOf = (isOf: (role: string) => boolean) => {
    const seconds = [...usage].map(([role, used]) => (role !== 'all' && isOf(role) ? used.cpuSeconds : 0));
    return (seconds.reduce((sum, value) => sum + value, 0) / size) * 1_000;
  };
  const peaks = [...usage].map(([role, { peakRssBytes }]) => ({ role, megabytes: peakRssBytes / 1024 ** 2 }));
  return {
    workload: name,
    size,
    results: raw.results,
    isCorrect: raw.isCorrect,
    wallSeconds,
    stepSeconds: bySteps(([, , state]) => stepSeconds.get(state) ?? null),
    perSecond: size / wallSeconds,
    cpu: {
      ...bySteps(([, ending, state]) =>
        stepSeconds.has(state) ? cpuOf((role) => role.endsWith(ending)) : null,
      ),
      otherFunctions: cpuOf(
        (role) => partOf(role) === 'function' && !STEPS.some(([, ending]) => role.endsWith(ending)),
      ),
      database: cpuOf((role) => partOf(role) === 'database'),
      services: cpuOf((role) => partOf(role) === 'service'),
      standIns: cpuOf((role) => partOf(role) === 'stand-in'),
    },
    peakRssMegabytes: {
      function: Math.max(
        0,
        ...peaks.filter(({ role }) => partOf(role) === 'function').map((of) => of.megabytes),
      ),
      runtime: peaks
        .filter(({ role }) => partOf(role) === 'function' || partOf(role) === 'stand-in')
        .reduce((sum, { megabytes }) => sum + megabytes, 0),
    },
    databaseQuestions: raw.databaseQuestions,
    storeServiceCalls:
      callsOf(serviceStats, 'findDongsOfStores') + callsOf(serviceStats, 'findStoresOfDongs'),
    notificationServiceCalls: callsOf(serviceStats, 'findFcmTokens'),
  };
}

function partOf(role: string): 'function' | 'database' | 'service' | 'stand-in' | 'all' {
  if (role === 'all') return 'all';
  if (/mariadb|mysqld/.test(role)) return 'database';
  if (role.startsWith('coupon-services/')) return 'service';
  return role.startsWith('grantline-') ? 'function' : 'stand-in';
}

/** Whatever they were answered. */
function callsOf(stats: CouponServiceStats, operationId: string): number {
  return Object.values(stats[operationId]?.calls ?? {}).reduce((sum, count) => sum + count, 0);
}
