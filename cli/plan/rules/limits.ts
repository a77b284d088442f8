/** What a run at its full pace would meet: AWS's quotas, the database's capacity, and what is merely unwise. */
import { AWS, ESTIMATES, GRANTLINE } from './assumptions.ts';
import type { Calls } from './calls.ts';
import type { Workload } from './duration.ts';
import type { Pace, Settings } from './pace.ts';
import { roundUp } from './round-up.ts';

/** `quota`: AWS refuses more. `capacity`: it gets slow. `advice`: it works, and something else is better. */
export type LimitKind = 'quota' | 'capacity' | 'advice';
/** `near`: four fifths of it and more. */
export type LimitStatus = 'ok' | 'near' | 'exceeded';

export interface Limit {
  readonly name: string;
  readonly kind: LimitKind;
  readonly need: number;
  readonly limit: number;
  /** need ÷ limit. */
  readonly share: number;
  readonly status: LimitStatus;
  /** The ceiling at which it is met; null where it does not grow with the ceiling. */
  readonly metAtTps: number | null;
  /** What to raise, or to do. */
  readonly remedy: string;
}

export interface Limits {
  readonly limits: readonly Limit[];
  /** The quota or capacity that is nearest, or passed the furthest. */
  readonly first: Limit;
}

const NEAR = 0.8;

type Need = Omit<Limit, 'share' | 'status' | 'metAtTps'> & { readonly growsWithTps?: boolean };

export function limitsOf(work: Workload, pace: Pace, calls: Calls, settings: Settings): Limits {
  const needs = [
    sqsRate(pace),
    sqsInFlight(pace, settings),
    lambdaConcurrency(settings),
    maximumConcurrency(settings),
    databaseStatements(pace, settings),
    history(calls),
    backlog(work, settings),
    callsOfOneEnvironment(pace, settings),
  ];
  const limits = needs.map((need) => limitOf(need, settings));
  // What is merely unwise binds nobody.
  const binding = limits.filter((limit) => limit.kind !== 'advice');
  return {
    limits,
    first: binding.reduce((worst, limit) => (limit.share > worst.share ? limit : worst)),
  };
}

function limitOf({ growsWithTps = false, ...need }: Need, { tps }: Settings): Limit {
  const share = need.need / need.limit;
  return {
    ...need,
    need: roundUp(need.need),
    share,
    status: share > 1 ? 'exceeded' : share >= NEAR ? 'near' : 'ok',
    metAtTps: growsWithTps ? Math.floor(Number((tps / share).toFixed(6))) : null,
  };
}

function sqsRate({ callsPerSecond }: Pace): Need {
  return {
    name: 'SQS messages a second',
    kind: 'quota',
    need: callsPerSecond,
    limit: AWS.sqsMessagesPerSecond,
    growsWithTps: true,
    remedy:
      `ask AWS for more FIFO high-throughput transactions a second than ${AWS.sqsCallsPerSecond} for each action ` +
      'in this region; a batch spans customers, so that SQS may count it as several',
  };
}

/** Received and not deleted: the batch that is paid, the next one, and what the mapping holds for each lane. */
function sqsInFlight({ batchSize }: Pace, { concurrency }: Settings): Need {
  return {
    name: 'SQS messages in flight',
    kind: 'quota',
    need: concurrency * (2 * batchSize + AWS.sqsBatchSize),
    limit: AWS.sqsInFlight,
    remedy: 'a lower --concurrency or --tps',
  };
}

function lambdaConcurrency({ concurrency }: Settings): Need {
  const reserved = concurrency + GRANTLINE.otherReservedConcurrency;
  return {
    name: 'Lambda reserved concurrency',
    kind: 'quota',
    need: reserved,
    limit: AWS.accountConcurrency - AWS.unreservedConcurrency,
    remedy: `raise the account's "Concurrent executions" to ${reserved + AWS.unreservedConcurrency} or more (${AWS.unreservedConcurrency} of them stay unreserved)`,
  };
}

function maximumConcurrency({ concurrency }: Settings): Need {
  return {
    name: 'Lambda MaximumConcurrency',
    kind: 'quota',
    need: concurrency,
    limit: AWS.largestMaximumConcurrency,
    remedy: 'AWS does not raise it: let each environment send more',
  };
}

function databaseStatements({ callsPerSecond, batchSize }: Pace, { maxCapacityUnits }: Settings): Need {
  const perGrant = 2 / batchSize + 3 / GRANTLINE.publishPageSize;
  return {
    name: 'Aurora statements a second',
    kind: 'capacity',
    need: callsPerSecond * perGrant,
    limit: maxCapacityUnits * ESTIMATES.statementsPerCapacityUnit,
    growsWithTps: true,
    remedy: `raise database.capacity.max of ${maxCapacityUnits} (the Data API itself has no request quota)`,
  };
}

function history({ stepFunctions }: Calls): Need {
  return {
    name: 'Step Functions history events',
    kind: 'quota',
    need: stepFunctions.historyEvents,
    limit: AWS.historyEvents,
    remedy: 'split the campaign: AWS does not raise it',
  };
}

/** SQS looks for work in the first messages of a queue only: customers behind them would wait. */
function backlog({ remaining }: Workload, { tps, backlogSeconds }: Settings): Need {
  return {
    name: 'messages kept in the queue',
    kind: 'advice',
    need: Math.min(remaining, tps * backlogSeconds),
    limit: AWS.sqsInFlight,
    growsWithTps: remaining > tps * backlogSeconds,
    remedy: `SQS looks for work in the first ${AWS.sqsInFlight} only: ${lowerBacklog(tps, backlogSeconds)}`,
  };
}

function lowerBacklog(tps: number, backlogSeconds: number): string {
  const fitting = Math.floor(AWS.sqsInFlight / tps);
  const seconds = Math.max(fitting, GRANTLINE.fewestBacklogSeconds);
  const least = fitting < seconds ? ', the least that it may be' : '';
  return `lower publishing.backlogSeconds from ${backlogSeconds} to ${seconds}${least}`;
}

function callsOfOneEnvironment(pace: Pace, { tps }: Settings): Need {
  const concurrency = Math.ceil(tps / ESTIMATES.callsWithEase);
  return {
    name: 'calls a second of one environment',
    kind: 'advice',
    need: pace.callsOfOneEnvironment,
    limit: ESTIMATES.mostCallsOfOneEnvironment,
    remedy: `1 GB has too little CPU for more: a --concurrency of about ${concurrency}, or more memory`,
  };
}
