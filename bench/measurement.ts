/** What one contender did with one workload, and the ratios that are compared. */
import type { MoneyApiStats } from '../stand-ins/money-api/stats.ts';
import type { Usage } from './probes/processes.ts';
import type { Workload } from './workloads.ts';

export interface RawMeasurement {
  readonly workload: Workload;
  readonly contender: string;
  readonly targets: number;
  /** From the start of the campaign to the last result. */
  readonly wallSeconds: number;
  readonly publishSeconds: number;
  readonly money: MoneyApiStats;
  /** By role, and 'all'. */
  readonly usage: ReadonlyMap<string, Usage>;
  readonly databaseQuestions: number;
  readonly redisCommands: number;
  /** Every target has one result, and the ledger as many grants as there are successes. */
  readonly isCorrect: boolean;
}

export interface Measurement {
  readonly workload: string;
  readonly contender: string;
  readonly targets: number;
  readonly isCorrect: boolean;
  readonly wallSeconds: number;
  /** Targets ÷ the seconds from the start until all of them were queued. */
  readonly publishedPerSecond: number;
  readonly grantsPerSecond: number;
  /** Wall time ÷ targets ÷ ceiling; null without a ceiling. */
  readonly wallOverIdeal: number | null;
  /** Calls ÷ (seconds × ceiling), from one second after the first call to the last first attempt. */
  readonly utilisation: number | null;
  readonly maxWindow1s: number;
  readonly answers429: number;
  readonly latencyMs: MoneyApiStats['latencyMs'];
  /** CPU seconds per 1,000 targets. */
  readonly cpu: {
    /** Those that pay: GrantRewards, or the worker. */
    readonly payers: number;
    readonly publishers: number;
    readonly otherFunctions: number;
    readonly database: number;
    readonly redis: number;
    /** What stands in for AWS's services, and the Money API. */
    readonly standIns: number;
  };
  readonly peakRssMegabytes: number;
  readonly databaseQuestionsPer1000: number;
  readonly redisCommandsPer1000: number;
}

type Part = keyof Measurement['cpu'];

export function measurementOf(raw: RawMeasurement): Measurement {
  const { workload, targets, wallSeconds, money, usage } = raw;
  const { ceiling } = workload;
  const per1000 = (value: number) => (value / targets) * 1_000;
  const cpu = { payers: 0, publishers: 0, otherFunctions: 0, database: 0, redis: 0, standIns: 0 };
  for (const [role, { cpuSeconds }] of usage) {
    if (role !== 'all') cpu[partOf(role)] += per1000(cpuSeconds);
  }
  const { steady } = money;
  return {
    workload: workload.name,
    contender: raw.contender,
    targets,
    isCorrect: raw.isCorrect,
    wallSeconds,
    publishedPerSecond: targets / raw.publishSeconds,
    grantsPerSecond: targets / wallSeconds,
    wallOverIdeal: ceiling === undefined ? null : wallSeconds / (targets / ceiling),
    utilisation: ceiling === undefined || steady === null ? null : steady.calls / (steady.seconds * ceiling),
    maxWindow1s: money.maxWindow1s,
    answers429: money.requests['429'] ?? 0,
    latencyMs: money.latencyMs,
    cpu,
    peakRssMegabytes: (usage.get('all')?.peakRssBytes ?? 0) / 1024 ** 2,
    databaseQuestionsPer1000: per1000(raw.databaseQuestions),
    redisCommandsPer1000: per1000(raw.redisCommands),
  };
}

function partOf(role: string): Part {
  if (/mariadb|mysqld/.test(role)) return 'database';
  if (/redis|valkey/.test(role)) return 'redis';
  if (role.endsWith('-grant-rewards') || role === 'bullmq/worker.ts') return 'payers';
  if (role.endsWith('-publish-partition') || role === 'bullmq/publisher.ts') return 'publishers';
  return role.startsWith('grantline-') ? 'otherFunctions' : 'standIns';
}
