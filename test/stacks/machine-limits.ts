/** What Step Functions allows, and what the largest executions that we know of come to: docs/limits.md. */
import { FAILED_TRY, historyBound } from './history-bound.ts';
import type { Assumed } from './history-bound.ts';
import type { Machine } from './machines.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const LIMITS = { historyEvents: 25_000, definitionBytes: 1024 * 1024, payloadBytes: 256 * 1024 };

/** Invocations of a week, each of which works for thirteen of its fifteen minutes at least. */
const A_WEEK = Math.ceil((7 * 24 * 60) / 13);
const PASSES = 10;
/** A retry of the campaign's machines, once it has slowed down. */
const RETRY_MINUTES = 5;

interface Largest extends Assumed {
  readonly what: string;
}

const looped = (names: readonly string[], times: number) =>
  Object.fromEntries(names.map((name) => [name, times]));

/** Ranges of a step, and how often each is invoked for. */
const step = (name: string, ranges: number, invocations: number) => ({
  [name]: ranges,
  ...looped([`${name}OfRange`, `Is${name}OfRangeFinished?`], invocations),
});

export const LARGEST: Readonly<Record<string, Largest>> = {
  'campaign-run': {
    what: 'a week in the queue, ten passes, a week of paying',
    failing: false,
    times: {
      ...looped(['WaitForTurn', 'IsItsTurn?'], A_WEEK),
      ...looped(
        [
          'BeginCampaign',
          'HasBegun?',
          'PublishAndTrack',
          'FinishCampaign',
          'IsAnythingLeft?',
          'PrepareNextPass',
        ],
        PASSES,
      ),
      ...looped(['TrackProgress', 'HasProgressEnded?'], Math.ceil(A_WEEK / PASSES)),
      ...looped(['PublishVoucherPartition', 'IsVoucherPartitionPublished?'], A_WEEK),
      ...looped(['PublishPointPartition', 'IsPointPartitionPublished?'], A_WEEK),
    },
  },
  redrive: {
    what: 'a week of redriving',
    failing: false,
    times: looped(['RedriveDeadLetters', 'AreAllRedriven?'], A_WEEK),
  },
  'point-sync': {
    what: '20 million balances, 50 million transactions of the day, each task failing as often as it may',
    failing: true,
    times: {
      ...step('SyncBalances', 200, 2),
      ...step('SweepGoneUsers', 1, 50),
      ...step('BuildDailyReport', 200, 2),
    },
  },
  'coupon-usage-stats': {
    what: '100 million uses in twenty days, each task failing as often as it may',
    failing: true,
    times: {
      ...step('CollectStores', 1, 50),
      ...step('LearnDistricts', 1, 50),
      ...step('AggregateUsage', 200, 2),
    },
  },
  'coupon-usage-stats-fcm-send': {
    what: '50 million favourites, each task failing as often as it may',
    failing: true,
    times: { ...step('CollectMembers', 200, 2), ...step('SendPushes', 200, 2) },
  },
};

export interface MachineFigures {
  readonly name: string;
  readonly bytes: number;
  readonly events: number;
  /** Of the longest execution that the machine has children by. */
  readonly childEvents: number | undefined;
}

export function figuresOf({ name, definition }: Machine): MachineFigures {
  const largest = LARGEST[name];
  if (largest === undefined) throw new Error(`${name}: nothing says how large its executions get`);
  const { events, children } = historyBound(definition, largest);
  const ofChildren = Object.values(children);
  return {
    name,
    bytes: Buffer.byteLength(definition),
    events,
    childEvents: ofChildren.length === 0 ? undefined : Math.max(...ofChildren),
  };
}

const number = (value: number) => Math.floor(value).toLocaleString('en-US');

/** docs/limits.md */
export function limitsPage(machines: readonly MachineFigures[]): string {
  const days = (events: number) =>
    number((((LIMITS.historyEvents - events) / FAILED_TRY) * RETRY_MINUTES) / (24 * 60));
  const rows = machines.map(({ name, bytes, events, childEvents }) => {
    const { what = '', failing } = LARGEST[name] ?? {};
    const outage = failing === true ? 'in the bound' : `${days(events)} days of failing tries`;
    const child = childEvents === undefined ? '—' : number(childEvents);
    return `| ${name} | ${number(bytes)} | ${what} | ${number(events)} | ${child} | ${outage} |`;
  });
  return `# Limits of the state machines

Computed from the definitions by test/stacks/machine-limits.test.ts, which fails when this page is out of date;
\`npm run snapshots\` writes it anew. Step Functions allows ${number(LIMITS.definitionBytes)} bytes of definition, ${number(LIMITS.historyEvents)} events of an execution and
${number(LIMITS.payloadBytes)} bytes between two states. Every state behind a choice is counted as if it were taken.

| machine | bytes | the largest execution | events at most | of a child | what is left for |
|---|---|---|---|---|---|
${rows.join('\n')}

A loop of WaitForTurn, TrackProgress or RedriveDeadLetters is an invocation of thirteen minutes and more, seven events. A
try that fails is three; tries of the campaign's machines are ${RETRY_MINUTES} minutes apart once they have slowed down, and each state
gives up after a thousand. The ranges of a job are thirty events each where everything fails as often as it may.
`;
}
