import { ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { FAILURE_RATE, RESULTS_FOR_A_RATE } from '../../../schema/failure-rate.ts';
import { isHourly } from '../../../schema/jobs.ts';
import { MONEY_TIMEOUT_MS } from '../../../schema/money-api.ts';
import {
  databaseMetric,
  cacheMetric,
  executionMetric,
  failureRate,
  functionMetric,
  jobMetric,
  math,
  messagesKept,
  ownMetric,
  queueMetric,
} from './metrics.ts';
import type { CacheMetric } from './metrics.ts';
import type { Watched } from './watched.ts';

/** P1: somebody is woken. P2: within the hour while anybody is at work. P3: the next working day. */
export type Severity = 'P1' | 'P2' | 'P3';

export interface AlarmDefinition {
  /** Of docs/runbook.md. */
  readonly heading: string;
  readonly severity: Severity;
  /** Which of several alarms with this heading. */
  readonly of?: string;
  readonly means: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** Reached or passed, when not said. */
  readonly comparison?: ComparisonOperator;
  /** How many of the metric's periods are looked at, and how many of them must be bad: all, when not said. */
  readonly periods: number;
  readonly breachingPeriods?: number;
  readonly missing: TreatMissingData;
  /** Of a percentile: a few samples say nothing. */
  readonly ignoresFewSamples?: boolean;
}

const FIVE_MINUTES = Duration.minutes(5);
const QUARTER_OF_AN_HOUR = Duration.minutes(15);
/** After its time a job has so long: three tries of each step are within an hour. */
const GRACE_HOURS = 2;

/** After an outage messages come again within a quarter of an hour, and a backlog's work is done a minute later. */
const MINUTES_UNTIL_STUCK = 20;
const MESSAGE_AGE_SECONDS = 600;
/** Of the timeout: what is slower is about to fail. */
const SLOW_LATENCY = 0.8;
/** Lines are dated by the end of their batch: a window may hold calls of the one before, a batch for each environment. */
const CEILING_TOLERANCE = 1.02;
const FIRST_BATCH = 10;

// Nothing is paid most of the time, and what does not run tells nothing.
const { NOT_BREACHING, BREACHING, IGNORE } = TreatMissingData;

/** None of them fires in a campaign that goes as it should. */
export function alarmDefinitions(scope: IConstruct, watched: Watched): AlarmDefinition[] {
  return [
    ...payingAlarms(watched),
    ...moneyAlarms(watched),
    ...queueAlarms(watched),
    ...runAlarms(scope, watched),
    ...jobAlarms(scope, watched),
    ...functionAlarms(watched),
    ...dataAlarms(watched),
    ...cacheAlarms(watched),
    ...deliveryAlarms(watched),
  ];
}

function payingAlarms({ config: { stage, money, grants } }: Watched): AlarmDefinition[] {
  return [
    {
      heading: 'Failure rate above one percent',
      severity: 'P2',
      means: 'Of the grants that became final within five minutes, more than 1 % failed.',
      metric: failureRate(stage, FIVE_MINUTES, RESULTS_FOR_A_RATE),
      threshold: 100 * FAILURE_RATE,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      periods: 1,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Database does not answer',
      severity: 'P1',
      means:
        'In five of ten minutes GrantRewards did not learn what to pay, or could not write what it paid.',
      metric: ownMetric(stage, 'MessagesUndecided'),
      threshold: 1,
      // Few messages come again ever more rarely: that nobody asks for a minute is no answer.
      periods: 10,
      breachingPeriods: 5,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Ceiling exceeded',
      severity: 'P1',
      means: `More Money calls than ${money.tps} a second, over five minutes.`,
      metric: ownMetric(stage, 'MoneyCalls', { period: FIVE_MINUTES }),
      threshold:
        Math.ceil(money.tps * FIVE_MINUTES.toSeconds() * CEILING_TOLERANCE) +
        grants.concurrency * FIRST_BATCH,
      periods: 1,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Progress counters lost',
      severity: 'P3',
      means: 'Redis has not said for five minutes how far the campaign is: rows are counted instead.',
      metric: ownMetric(stage, 'CountersLost', { statistic: Stats.MINIMUM }),
      threshold: 1,
      periods: 5,
      missing: NOT_BREACHING,
    },
  ];
}

function moneyAlarms({ config: { stage } }: Watched): AlarmDefinition[] {
  return [
    {
      heading: 'Breaker open',
      severity: 'P1',
      means: 'The Money API has been down for five minutes: nothing is paid but one probe each 30 s.',
      metric: ownMetric(stage, 'BreakerOpen', { statistic: Stats.MINIMUM }),
      threshold: 1,
      periods: 5,
      // It is not closed because nobody looked.
      missing: IGNORE,
    },
    {
      heading: 'Money API key refused',
      severity: 'P1',
      means: 'The Money API answered 401 or 403: the campaign is stopped.',
      metric: ownMetric(stage, 'MoneyKeyRefusals'),
      threshold: 1,
      periods: 1,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Money API slow',
      severity: 'P2',
      means: `One in a hundred Money calls takes nearly as long as its timeout of ${MONEY_TIMEOUT_MS} ms.`,
      metric: ownMetric(stage, 'MoneyLatency', { statistic: Stats.p(99) }),
      threshold: MONEY_TIMEOUT_MS * SLOW_LATENCY,
      periods: 5,
      missing: NOT_BREACHING,
      ignoresFewSamples: true,
    },
    {
      heading: 'Too many requests',
      severity: 'P2',
      means: 'The Money API answered 429: somebody else uses our ceiling, or it is lower than we think.',
      metric: ownMetric(stage, 'MoneyTooManyRequests'),
      threshold: 1,
      periods: 1,
      missing: NOT_BREACHING,
    },
  ];
}

function queueAlarms({ config, grantQueue }: Watched): AlarmDefinition[] {
  const { stage, publishing } = config;
  const oldest = MESSAGE_AGE_SECONDS + publishing.backlogSeconds;
  return [
    {
      heading: 'Grants wait too long',
      severity: 'P1',
      means: `The breaker is closed, and for ${MINUTES_UNTIL_STUCK} minutes the oldest message has been older than ${oldest} s.`,
      metric: math(
        'IF(FILL(open, 0) < 1, age, 0)',
        {
          open: ownMetric(stage, 'BreakerOpen'),
          age: queueMetric(grantQueue.queue, 'ApproximateAgeOfOldestMessage'),
        },
        { label: 'seconds that the oldest message is old, while the breaker is closed' },
      ),
      threshold: oldest,
      periods: MINUTES_UNTIL_STUCK,
      // A queue without messages has no metrics after some hours.
      missing: NOT_BREACHING,
    },
    {
      heading: 'Grant dead letter queue not empty',
      severity: 'P2',
      means: 'CollectDeadLetters does not take what the queue gave up.',
      metric: messagesKept(grantQueue.deadLetterQueue),
      threshold: 1,
      periods: 5,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Messages given up by the queue',
      severity: 'P2',
      means: 'Messages were received a thousand times without an end: their consumer died with them.',
      metric: ownMetric(stage, 'ReceivesExhausted', { period: FIVE_MINUTES }),
      threshold: 1,
      periods: 1,
      missing: NOT_BREACHING,
    },
  ];
}

function failedExecutions(scope: IConstruct, machine: string): IMetric {
  const period = FIVE_MINUTES;
  return math(
    // There is no metric of what does not happen.
    'FILL(failed, 0) + FILL(timedOut, 0)',
    {
      failed: executionMetric(scope, machine, 'ExecutionsFailed', { period }),
      timedOut: executionMetric(scope, machine, 'ExecutionsTimedOut', { period }),
    },
    { label: 'executions that failed', period },
  );
}

function runAlarms(scope: IConstruct, { config, campaignRun, redrive }: Watched): AlarmDefinition[] {
  return [
    {
      heading: 'Campaign run failed',
      severity: 'P1',
      means: 'An execution of CampaignRun failed: its campaign is FAILED, or could not be started.',
      metric: failedExecutions(scope, campaignRun),
      threshold: 1,
      periods: 1,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Redrive failed',
      severity: 'P3',
      means: 'An execution of Redrive failed: some of the selected dead letters are not redriven.',
      metric: failedExecutions(scope, redrive),
      threshold: 1,
      periods: 1,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Reconciler not running',
      severity: 'P1',
      means: 'For ten minutes nobody has compared executions and schedules with the rows.',
      metric: ownMetric(config.stage, 'Reconciliations'),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 10,
      // It says so each minute that it ran.
      missing: BREACHING,
    },
  ];
}

function jobAlarms(scope: IConstruct, { config: { stage }, jobs }: Watched): AlarmDefinition[] {
  return jobs.flatMap(({ jobName, machine }): AlarmDefinition[] => {
    const missingAfter = isHourly(jobName) ? 1 + GRACE_HOURS : 24 + GRACE_HOURS;
    return [
      {
        heading: 'Job failed',
        of: jobName,
        severity: 'P2',
        means: `A run of ${jobName} failed: its tries are used up.`,
        metric: jobMetric(stage, jobName, 'JobRunsFailed', { period: FIVE_MINUTES }),
        threshold: 1,
        periods: 1,
        missing: NOT_BREACHING,
      },
      {
        heading: 'Job completed with problems',
        of: jobName,
        severity: 'P3',
        means: `A run of ${jobName} completed, and left out or found what somebody is to look at.`,
        metric: jobMetric(stage, jobName, 'JobRunsWithProblems', { period: FIVE_MINUTES }),
        threshold: 1,
        periods: 1,
        missing: NOT_BREACHING,
      },
      {
        heading: 'Job missing',
        of: jobName,
        severity: 'P2',
        means: `No run of ${jobName} has completed within ${missingAfter} hours, or nobody has looked for an hour.`,
        metric: jobMetric(stage, jobName, 'JobHoursSinceCompleted', { period: QUARTER_OF_AN_HOUR }),
        threshold: missingAfter,
        periods: 4,
        // It is told every five minutes, from rows: who does not tell it does not run.
        missing: BREACHING,
      },
      {
        heading: 'Job execution failed',
        of: jobName,
        severity: 'P3',
        means: `An execution of ${jobName} failed or timed out: its run failed, or was refused before it began.`,
        metric: failedExecutions(scope, machine),
        threshold: 1,
        periods: 1,
        missing: NOT_BREACHING,
      },
    ];
  });
}

function functionAlarms({ config, functions, grantRewards }: Watched): AlarmDefinition[] {
  const period = FIVE_MINUTES;
  return [
    {
      heading: 'GrantRewards fails',
      severity: 'P1',
      means:
        'Invocations of GrantRewards crashed or ran out of time, which none should: it catches what is expected.',
      metric: functionMetric(grantRewards, 'Errors', { period }),
      threshold: 3,
      periods: 1,
      missing: NOT_BREACHING,
    },
    {
      heading: 'GrantRewards throttled',
      severity: 'P3',
      means: `Lambda gives GrantRewards fewer than its ${config.grants.concurrency} environments: each throttled batch uses up a receive.`,
      metric: functionMetric(grantRewards, 'Throttles'),
      threshold: 1,
      periods: 5,
      breachingPeriods: 3,
      missing: NOT_BREACHING,
    },
    ...functions
      .filter((name) => name !== grantRewards)
      .map((name): AlarmDefinition => ({
        heading: 'Function fails',
        of: name.replace(`grantline-${config.stage}-`, ''),
        severity: 'P2',
        means: `${name} has been failing for a quarter of an hour: it is tried again, and fails again.`,
        metric: functionMetric(name, 'Errors', { period }),
        threshold: 1,
        // One that succeeds when it is tried again, or a campaign that is refused, is within one period.
        periods: 4,
        breachingPeriods: 3,
        missing: NOT_BREACHING,
      })),
  ];
}

/** Where Aurora is ours: whoever runs another one watches it. */
function dataAlarms({ cluster }: Watched): AlarmDefinition[] {
  if (cluster === undefined) return [];
  const options = { statistic: Stats.AVERAGE, period: FIVE_MINUTES };
  return [
    {
      heading: 'Database at maximum capacity',
      severity: 'P2',
      means: 'Aurora has used all of the capacity that it may take for a quarter of an hour.',
      metric: databaseMetric(cluster, 'ACUUtilization', options),
      threshold: 98,
      periods: 3,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Database CPU busy',
      severity: 'P3',
      means: "Aurora's CPU has been busy for more than 90 % over a quarter of an hour.",
      metric: databaseMetric(cluster, 'CPUUtilization', options),
      threshold: 90,
      periods: 3,
      missing: NOT_BREACHING,
    },
  ];
}

/** Where the cache is ours. The node that fares worst counts: a replica may be the next primary. */
function cacheAlarms({ cacheNodes }: Watched): AlarmDefinition[] {
  if (cacheNodes.length === 0) return [];
  const worst = (metricName: CacheMetric, label: string) => {
    const nodes = cacheNodes.map((node, index): [string, IMetric] => [
      `node${index + 1}`,
      cacheMetric(node, metricName, { statistic: Stats.AVERAGE, period: FIVE_MINUTES }),
    ]);
    const names = nodes.map(([name]) => name).join(', ');
    return math(`MAX([${names}])`, Object.fromEntries(nodes), { label, period: FIVE_MINUTES });
  };
  return [
    {
      heading: 'Redis memory nearly full',
      severity: 'P2',
      means: 'A node of Redis has used 80 % of its memory for a quarter of an hour: soon it drops balances.',
      metric: worst('DatabaseMemoryUsagePercentage', 'memory used, %'),
      threshold: 80,
      periods: 3,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Redis CPU busy',
      severity: 'P3',
      means: "The one thread of Redis' engine has been busy for more than 90 % over a quarter of an hour.",
      metric: worst('EngineCPUUtilization', 'engine CPU, %'),
      threshold: 90,
      periods: 3,
      missing: NOT_BREACHING,
    },
  ];
}

function deliveryAlarms({ alertQueue }: Watched): AlarmDefinition[] {
  return [
    {
      heading: 'Alerts late',
      severity: 'P2',
      means: 'Alerts have been waiting for Slack for a quarter of an hour.',
      metric: messagesKept(alertQueue.queue),
      threshold: 1,
      periods: 15,
      missing: NOT_BREACHING,
    },
    {
      heading: 'Alerts lost',
      severity: 'P1',
      means: 'Alerts were given up: people do not know of what they tell.',
      metric: queueMetric(alertQueue.deadLetterQueue, 'ApproximateNumberOfMessagesVisible'),
      threshold: 1,
      periods: 1,
      missing: NOT_BREACHING,
    },
  ];
}
