/** What one contender did in one night, and the ratios that are compared. */
import type { Usage } from '../probes/processes.ts';
import type { PointSyncWorkload } from '../workloads.ts';
import type { Synced } from './contender.ts';

export interface RawSyncMeasurement {
  readonly workload: PointSyncWorkload;
  readonly contender: string;
  readonly wallSeconds: number;
  readonly synced: Synced;
  /** By role, and 'all'. */
  readonly usage: ReadonlyMap<string, Usage>;
  readonly databaseQuestions: number;
  /** By name, in capitals; what a script runs within Redis counts as well. */
  readonly redisCalls: ReadonlyMap<string, number>;
  /** Redis is equal to the database, and each user's report to his transactions. */
  readonly isCorrect: boolean;
}

export interface SyncMeasurement {
  readonly workload: string;
  readonly contender: string;
  readonly users: number;
  readonly isCorrect: boolean;
  /** From the start of the execution to its end. */
  readonly wallSeconds: number;
  readonly syncSeconds: number;
  readonly sweepSeconds: number | null;
  readonly reportSeconds: number | null;
  /** Users ÷ the seconds of the sync. */
  readonly usersPerSecond: number;
  /** CPU seconds per 1,000 users. */
  readonly cpu: {
    /** SyncBalances, or the loop. */
    readonly sync: number;
    readonly sweep: number;
    readonly report: number;
    readonly otherFunctions: number;
    readonly database: number;
    readonly redis: number;
    /** What stands in for AWS's services. */
    readonly standIns: number;
  };
  /** Of the largest of the processes that are the contender's own. */
  readonly peakRssMegabytes: number;
  readonly databaseQuestionsPer1000: number;
  readonly redisCommandsPer1000: number;
  readonly redisRoundTripsPer1000: {
    readonly sync: number;
    readonly sweep: number;
  };
}

type Part = keyof SyncMeasurement['cpu'];

export function syncMeasurementOf(raw: RawSyncMeasurement): SyncMeasurement {
  const { workload, synced, usage, redisCalls } = raw;
  const { users } = workload;
  const per1000 = (value: number) => (value / users) * 1_000;
  const cpu = { sync: 0, sweep: 0, report: 0, otherFunctions: 0, database: 0, redis: 0, standIns: 0 };
  let peakRssBytes = 0;
  for (const [role, { cpuSeconds, peakRssBytes: bytes }] of usage) {
    if (role === 'all') continue;
    cpu[partOf(role)] += per1000(cpuSeconds);
    if (isOwn(role)) peakRssBytes = Math.max(peakRssBytes, bytes);
  }
  return {
    workload: workload.name,
    contender: raw.contender,
    users,
    isCorrect: raw.isCorrect,
    wallSeconds: raw.wallSeconds,
    ...synced,
    usersPerSecond: users / synced.syncSeconds,
    cpu,
    peakRssMegabytes: peakRssBytes / 1024 ** 2,
    databaseQuestionsPer1000: per1000(raw.databaseQuestions),
    redisCommandsPer1000: per1000([...redisCalls.values()].reduce((sum, count) => sum + count, 0)),
    redisRoundTripsPer1000: roundTrips(redisCalls, per1000),
  };
}

/**
 * The sync settles each page that it read (MGET) by one pipeline of scripts, which run commands of their own. The sweep
 * waits for each SCAN and each UNLINK, the loop for each GET and each SET.
 */
function roundTrips(redisCalls: ReadonlyMap<string, number>, per1000: (value: number) => number) {
  const calls = (name: string) => redisCalls.get(name) ?? 0;
  const pages = calls('MGET');
  return {
    sync: per1000(pages === 0 ? calls('GET') + calls('SET') : pages * 2),
    sweep: per1000(calls('SCAN') + calls('UNLINK')),
  };
}

function isOwn(role: string): boolean {
  return role.startsWith('grantline-') || role === 'loop/main.ts';
}

function partOf(role: string): Part {
  if (/mariadb|mysqld/.test(role)) return 'database';
  if (/redis|valkey/.test(role)) return 'redis';
  if (role.endsWith('-sync-balances') || role === 'loop/main.ts') return 'sync';
  if (role.endsWith('-sweep-gone-users')) return 'sweep';
  if (role.endsWith('-build-daily-report')) return 'report';
  return role.startsWith('grantline-') ? 'otherFunctions' : 'standIns';
}

/** How many times faster Grantline's sync was than another's in the same round; undefined without another. */
export function timesFaster(measurements: readonly SyncMeasurement[]): number | undefined {
  const ours = measurements.find(({ contender }) => contender === 'Grantline');
  const other = measurements.find(({ contender }) => contender !== 'Grantline');
  return ours === undefined || other === undefined ? undefined : other.syncSeconds / ours.syncSeconds;
}
