/** What a seed is: the campaigns, the machine, the faults and how often they strike, and what people do meanwhile. */
import type { Random } from './engine/random.ts';
import type { Fault } from './faults.ts';
import { ALL_FAULTS } from './faults.ts';

export interface Outage {
  readonly from: number;
  readonly to: number;
}

export type Deed =
  | { readonly kind: 'stop-status' | 'stop-api' | 'stop-execution' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'edit-defaults' }
  | { readonly kind: 'second-start' }
  | { readonly kind: 'redrive' }
  | { readonly kind: 'purge-queue' | 'poison-queue' | 'pass-deduplication' }
  | { readonly kind: 'empty-redis' }
  | { readonly kind: 'lose-runtime' };

export interface PlannedDeed {
  readonly at: number;
  readonly deed: Deed;
}

export interface Plan {
  readonly targetCount: number;
  readonly tps: number;
  readonly concurrency: number;
  readonly headroom: number;
  readonly backlogLimit: number;
  readonly maxReceiveCount: number;
  /** Of GrantRewards: short ones hand their lane over again and again. */
  readonly grantTimeoutSeconds: number;
  /** Of the functions that the state machine invokes. */
  readonly taskTimeoutSeconds: number;
  /** Of PublishPartition: short ones are invoked again and again. */
  readonly publishTimeoutSeconds: number;
  readonly intervalSeconds: number;
  /** Milliseconds of one round trip to the database, on average. */
  readonly databaseMs: number;
  readonly moneySeconds: number;
  /** Virtual seconds: after this nothing strikes any more. */
  readonly faultsEnd: number;
  readonly rates: ReadonlyMap<Fault, number>;
  readonly databaseDown: readonly Outage[];
  readonly moneyDown: readonly Outage[];
  readonly moneyUnauthorized: readonly Outage[];
  readonly redisDown: readonly Outage[];
  readonly deeds: readonly PlannedDeed[];
  readonly secondCampaign: boolean;
  /** A person resumes what is STOPPED or FAILED when the faults have ceased. */
  readonly resumes: boolean;
  readonly monotonicStandsStill: boolean;
}

/** Faults that strike a call now and then, with the highest probability of each that is drawn. */
const RATES: Partial<Record<Fault, number>> = {
  'money-lost-request': 0.3,
  'money-lost-answer': 0.3,
  'money-late': 0.3,
  'money-duplicated': 0.5,
  'money-429': 0.3,
  'money-500': 0.4,
  'money-503': 0.4,
  'money-reset': 0.3,
  'money-slow': 0.5,
  'money-breaks-contract': 0.3,
  'database-timeout': 0.03,
  'database-deadlock': 0.2,
  'database-lost-answer': 0.1,
  'database-broken': 0.03,
  'database-slow': 0.2,
  'queue-duplicate': 0.3,
  'queue-lost-delete': 0.3,
  'queue-early-visible': 0.3,
  'queue-partial-send': 0.4,
  'queue-throttled-send': 0.4,
  'queue-lost-answer': 0.3,
  'queue-stale-backlog': 0.5,
  'queue-receive-fails': 0.3,
  'queue-postpone-fails': 0.3,
  'topic-refuses': 0.5,
  'topic-lost-answer': 0.5,
  'platform-kill': 0.03,
  'platform-stall': 0.03,
  'platform-freeze': 1,
  'platform-clock-off': 0.5,
  'platform-throttle': 0.2,
  'platform-lost-event': 0.5,
  'platform-event-twice': 1,
  'platform-task-failed': 0.03,
};

export interface PlanOptions {
  readonly targetCount: number;
  readonly faults: ReadonlySet<Fault>;
}

export const DEFAULT_TARGETS = 50;
export const EVERY_FAULT: ReadonlySet<Fault> = new Set(ALL_FAULTS);

export function drawPlan(random: Random, options: PlanOptions): Plan {
  // A seed with few kinds of faults goes deep, one with many meets their combinations.
  const share = random.pick([0, 0.1, 0.2, 0.4]);
  const drawn = new Set(ALL_FAULTS.filter((fault) => random.chance(share) && options.faults.has(fault)));
  const faultsEnd = random.logBetween(20, 300);
  const during = () => random.logBetween(1, faultsEnd);
  const rates = new Map<Fault, number>();
  for (const fault of drawn) {
    const most = RATES[fault];
    if (most !== undefined) rates.set(fault, random.logBetween(most / 30, most));
  }
  const outages = (fault: Fault, shortest: number, longest: number): Outage[] => {
    if (!drawn.has(fault)) return [];
    return Array.from({ length: random.integer(1, 2) }, () => {
      const from = during();
      return { from, to: from + random.logBetween(shortest, longest) };
    });
  };
  const tps = random.pick([20, 30, 50, 100, 300, 1000]);
  return {
    targetCount: options.targetCount,
    tps,
    concurrency: random.integer(2, 5),
    headroom: 0.02,
    backlogLimit: random.pick([10, 40, 60_000]),
    maxReceiveCount: random.pick([1000, 1000, 1000, 8]),
    grantTimeoutSeconds: random.pick([300, 60, 35]),
    taskTimeoutSeconds: random.pick([900, 900, 300]),
    publishTimeoutSeconds: random.pick([900, 900, 120, 65]),
    intervalSeconds: 5,
    databaseMs: random.logBetween(1, 30),
    moneySeconds: random.logBetween(0.01, 0.5),
    faultsEnd,
    rates,
    databaseDown: outages('database-down', 1, 60),
    moneyDown: outages('money-down', 5, 120),
    moneyUnauthorized: outages('money-unauthorized', 0.5, 20),
    redisDown: redisOutages(random, drawn, outages),
    deeds: drawDeeds(random, drawn, during),
    secondCampaign: drawn.has('turn-second-campaign'),
    resumes: random.chance(0.8),
    monotonicStandsStill: drawn.has('platform-freeze') && random.chance(0.5),
  };
}

function redisOutages(
  random: Random,
  drawn: ReadonlySet<Fault>,
  outages: (fault: Fault, shortest: number, longest: number) => Outage[],
): Outage[] {
  const away = drawn.has('redis-away') ? [{ from: 0, to: random.logBetween(1, 600) }] : [];
  return [...away, ...outages('redis-down', 1, 120)];
}

function drawDeeds(random: Random, drawn: ReadonlySet<Fault>, during: () => number): PlannedDeed[] {
  const deeds: PlannedDeed[] = [];
  const once = (fault: Fault, ...kinds: readonly Deed[]) => {
    if (drawn.has(fault)) for (const deed of kinds) deeds.push({ at: during(), deed });
  };
  const stop = (kind: 'stop-status' | 'stop-api' | 'stop-execution') => {
    if (!drawn.has(kind)) return;
    const at = during();
    deeds.push({ at, deed: { kind } });
    // Often at once: what was under way meets its own resume.
    if (random.chance(0.7)) deeds.push({ at: at + random.logBetween(0.05, 60), deed: { kind: 'resume' } });
  };
  stop('stop-status');
  stop('stop-api');
  stop('stop-execution');
  once('stop-defaults-edited', { kind: 'edit-defaults' }, { kind: 'edit-defaults' });
  once('platform-second-start', { kind: 'second-start' }, { kind: 'second-start' });
  once('platform-runtime-lost', { kind: 'lose-runtime' });
  once('queue-purged', { kind: 'purge-queue' });
  once('queue-poison', { kind: 'poison-queue' });
  once('queue-deduplication-passed', { kind: 'pass-deduplication' });
  once('redis-emptied', { kind: 'empty-redis' });
  once('redrive-during', { kind: 'redrive' }, { kind: 'redrive' });
  return deeds.sort((a, b) => a.at - b.at);
}
