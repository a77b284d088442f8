import {
  AlarmStatusWidget,
  AlarmStatusWidgetSortBy,
  Color,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  PeriodOverride,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Alarm, IMetric, IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { FAILURE_RATE } from '../../../schema/failure-rate.ts';
import { MONEY_TIMEOUT_MS } from '../../../schema/money-api.ts';
import { METRICS } from '../../../schema/metrics.ts';
import type { JobMetricName, MetricName } from '../../../schema/metrics.ts';
import {
  cacheMetric,
  databaseMetric,
  executionMetric,
  failureRate,
  functionMetric,
  jobMetric,
  math,
  ownMetric,
  queueMetric,
} from './metrics.ts';
import type { ExecutionMetric } from './metrics.ts';
import { runbookOf } from './watched.ts';
import type { Watched } from './watched.ts';

export interface DashboardProps {
  readonly watched: Watched;
  readonly alarms: readonly Alarm[];
}

const WIDTH = 24;
const HEIGHT = 6;
/** A campaign lasts for minutes. */
const TEN_SECONDS = Duration.seconds(10);
const MINUTE = Duration.minutes(1);

/** One page for whoever watches a campaign: from what is paid down to what it runs on, with the jobs of the night. */
export class Dashboard extends Construct {
  private readonly watched: Watched;

  constructor(scope: Construct, id: string, { watched, alarms }: DashboardProps) {
    super(scope, id);
    this.watched = watched;
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: `grantline-${watched.config.stage}`,
      defaultInterval: Duration.hours(3),
      // As each widget says: ten seconds are no longer to be had of yesterday.
      periodOverride: PeriodOverride.AUTO,
      widgets: [
        this.headRow(alarms),
        this.campaignRow(),
        this.moneyRow(),
        this.breakerRow(),
        this.queueRow(),
        this.functionRow(),
        this.runRow(),
        this.jobRow(),
        this.jobWorkRow(),
        this.dataRow(),
        this.alertRow(),
      ].filter((row) => row.length > 0),
    });
  }

  private headRow(alarms: readonly Alarm[]): IWidget[] {
    const { stage, money, grants } = this.watched.config;
    return [
      new TextWidget({
        width: 8,
        height: 4,
        markdown: [
          `# Grantline ${stage}`,
          `Ceiling ${money.tps} calls a second, shared by ${grants.concurrency} environments.`,
          `Who is paid and why it waits: \`npx grantline status --stage ${stage}\`. What an alarm means and what to do: ${runbookOf(this.watched.config)}.`,
        ].join('\n\n'),
      }),
      new AlarmStatusWidget({
        title: 'Alarms',
        width: 16,
        height: 4,
        alarms: [...alarms],
        sortBy: AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
      }),
    ];
  }

  private campaignRow(): IWidget[] {
    const { money } = this.watched.config;
    return [
      new SingleValueWidget({
        title: 'Campaign being paid',
        width: 6,
        height: HEIGHT,
        sparkline: true,
        period: TEN_SECONDS,
        metrics: [
          this.own('CampaignTargets', TEN_SECONDS),
          this.own('CampaignFinal', TEN_SECONDS),
          this.own('CampaignFailed', TEN_SECONDS),
        ],
      }),
      this.graph('Progress', 8, TEN_SECONDS, [
        this.own('CampaignTargets', TEN_SECONDS),
        this.own('CampaignFinal', TEN_SECONDS),
        this.own('CampaignGranted', TEN_SECONDS),
        this.own('CampaignFailed', TEN_SECONDS),
      ]),
      this.graph(
        'Calls a second, and the ceiling',
        10,
        TEN_SECONDS,
        [
          math(
            'calls / PERIOD(calls)',
            { calls: this.own('MoneyCalls', TEN_SECONDS) },
            { label: 'Money calls a second', period: TEN_SECONDS },
          ),
          this.own('CampaignRate', TEN_SECONDS),
          this.own('MoneyCeiling', TEN_SECONDS),
        ],
        { line: { value: money.tps, label: 'ceiling of the stage', color: Color.RED } },
      ),
    ];
  }

  private moneyRow(): IWidget[] {
    const { stage } = this.watched.config;
    const latency = (percentile: number) =>
      ownMetric(stage, 'MoneyLatency', { statistic: Stats.p(percentile), label: `p${percentile}` });
    return [
      this.graph(
        'Grants, by outcome',
        8,
        MINUTE,
        this.sums('GrantsGranted', 'GrantsRetrying', 'GrantsRejected', 'GrantsFailed'),
        { stacked: true },
      ),
      this.graph('Failure rate', 8, MINUTE, [failureRate(stage, MINUTE, 1)], {
        line: { value: 100 * FAILURE_RATE, label: 'alarm', color: Color.RED },
      }),
      this.graph('Money API latency', 8, MINUTE, [latency(50), latency(90), latency(99)], {
        line: { value: MONEY_TIMEOUT_MS, label: 'timeout', color: Color.RED },
      }),
    ];
  }

  private breakerRow(): IWidget[] {
    return [
      this.graph('Breaker', 8, TEN_SECONDS, [this.own('BreakerOpen', TEN_SECONDS)], {
        right: [this.own('BreakerWait', MINUTE)],
        max: 1,
      }),
      this.graph(
        'Transient failures, by kind',
        8,
        MINUTE,
        this.sums(
          'MoneyTimeouts',
          'MoneyConnectionFailures',
          'MoneyServerErrors',
          'MoneyTooManyRequests',
          'MoneyUnexpectedAnswers',
          'MoneyKeyRefusals',
        ),
        { stacked: true },
      ),
      this.graph(
        'Dead letters, by cause',
        8,
        MINUTE,
        this.sums(
          'GrantsRejected',
          'GrantsFailed',
          'MalformedMessages',
          'UnknownTargets',
          'ReceivesExhausted',
        ),
        { stacked: true },
      ),
    ];
  }

  private queueRow(): IWidget[] {
    const { grantQueue, config } = this.watched;
    const { queue, deadLetterQueue } = grantQueue;
    const visible = 'ApproximateNumberOfMessagesVisible';
    const hidden = 'ApproximateNumberOfMessagesNotVisible';
    const backlogLimit = config.money.tps * config.publishing.backlogSeconds;
    return [
      this.graph(
        'Queue depth',
        6,
        MINUTE,
        [
          queueMetric(queue, visible, { label: 'waiting' }),
          queueMetric(queue, hidden, { label: 'at work, or postponed' }),
          this.own('CampaignBacklog', TEN_SECONDS),
        ],
        { line: { value: backlogLimit, label: 'publishing waits', color: Color.GREY } },
      ),
      this.graph('Age of the oldest message', 6, MINUTE, [
        queueMetric(queue, 'ApproximateAgeOfOldestMessage', { label: 'seconds' }),
      ]),
      this.graph('Dead-letter queue', 6, MINUTE, [
        queueMetric(deadLetterQueue, visible, { label: 'not collected yet' }),
        queueMetric(deadLetterQueue, hidden, { label: 'being collected, or to come again' }),
      ]),
      this.graph('Publishing', 6, MINUTE, [
        ...this.sums('TargetsPublished', 'TargetsInvalid', 'SendFailures'),
      ]),
    ];
  }

  private functionRow(): IWidget[] {
    const { functions, grantRewards, config } = this.watched;
    const short = (name: string) => name.replace(`grantline-${config.stage}-`, '');
    return [
      this.graph(
        'Function errors',
        8,
        MINUTE,
        functions.map((name) => functionMetric(name, 'Errors', { label: short(name) })),
        { stacked: true },
      ),
      this.graph(
        'Throttles',
        8,
        MINUTE,
        functions.map((name) => functionMetric(name, 'Throttles', { label: short(name) })),
        { stacked: true },
      ),
      this.graph(
        'GrantRewards: environments at work',
        8,
        MINUTE,
        [functionMetric(grantRewards, 'ConcurrentExecutions', { label: 'at work' })],
        { line: { value: config.grants.concurrency, label: 'reserved', color: Color.GREY } },
      ),
    ];
  }

  private runRow(): IWidget[] {
    const { campaignRun } = this.watched;
    return [
      this.graph('Executions of CampaignRun', 8, MINUTE, [
        executionMetric(this, campaignRun, 'ExecutionsStarted', { label: 'started' }),
        executionMetric(this, campaignRun, 'ExecutionsSucceeded', { label: 'succeeded' }),
        executionMetric(this, campaignRun, 'ExecutionsFailed', { label: 'failed' }),
        executionMetric(this, campaignRun, 'ExecutionsAborted', { label: 'stopped' }),
      ]),
      this.graph(
        'Runs, by outcome',
        8,
        MINUTE,
        this.sums('RunsCompleted', 'RunsStopped', 'RunsFailed', 'RunsRepeated'),
      ),
      this.graph(
        'Reconciler',
        8,
        MINUTE,
        this.sums('Reconciliations', 'RunsStarted', 'RunsRecovered', 'RunsClosed'),
      ),
    ];
  }

  private jobRow(): IWidget[] {
    const executions = (metricName: ExecutionMetric, label: string) =>
      this.watched.jobs.map(({ jobName, machine }) =>
        executionMetric(this, machine, metricName, { label: `${jobName}: ${label}` }),
      );
    return [
      this.graph('Jobs: runs, by outcome', 6, MINUTE, [
        ...this.ofJobs('JobRunsCompleted'),
        ...this.ofJobs('JobRunsWithProblems'),
        ...this.ofJobs('JobRunsFailed'),
      ]),
      this.graph('Jobs: hours since one completed', 6, MINUTE, this.ofJobs('JobHoursSinceCompleted')),
      this.graph('Jobs: duration', 6, MINUTE, this.ofJobs('JobDuration')),
      this.graph('Executions of jobs', 6, MINUTE, [
        ...executions('ExecutionsStarted', 'started'),
        ...executions('ExecutionsSucceeded', 'succeeded'),
        ...executions('ExecutionsFailed', 'failed'),
        ...executions('ExecutionsTimedOut', 'timed out'),
        ...executions('ExecutionsAborted', 'stopped'),
      ]),
    ];
  }

  private jobWorkRow(): IWidget[] {
    return [
      this.graph('Jobs: read and written', 12, MINUTE, [
        ...this.ofJobs('JobReads'),
        ...this.ofJobs('JobWrites'),
      ]),
      this.graph('Jobs: problems and skipped chunks', 12, MINUTE, [
        ...this.ofJobs('JobProblems'),
        ...this.ofJobs('JobSkippedChunks'),
      ]),
    ];
  }

  /** Of what is ours. */
  private dataRow(): IWidget[] {
    const { cluster, cacheNodes, config } = this.watched;
    const withoutCall = this.graph(
      'Messages without a call',
      6,
      MINUTE,
      this.sums('MessagesRepeated', 'MessagesReturned', 'MessagesUndecided'),
    );
    const database =
      cluster === undefined
        ? []
        : [
            this.graph(
              'Aurora: capacity',
              6,
              MINUTE,
              [databaseMetric(cluster, 'ServerlessDatabaseCapacity', { label: 'capacity units' })],
              { line: { value: config.database.capacity.max, label: 'maximum', color: Color.GREY } },
            ),
            this.graph(
              'Aurora: CPU and connections',
              6,
              MINUTE,
              [databaseMetric(cluster, 'CPUUtilization', { label: 'CPU %' })],
              { right: [databaseMetric(cluster, 'DatabaseConnections', { label: 'connections' })] },
            ),
          ];
    const redis = this.graph(
      'Redis',
      6,
      MINUTE,
      cacheNodes.flatMap((node) => [
        cacheMetric(node, 'EngineCPUUtilization', { label: `${node}: engine CPU %` }),
        cacheMetric(node, 'DatabaseMemoryUsagePercentage', { label: `${node}: memory %` }),
      ]),
      {
        right: [
          this.own('CountersLost', MINUTE),
          ...cacheNodes.map((node) => cacheMetric(node, 'Evictions', { label: `${node}: evicted` })),
        ],
      },
    );
    return [withoutCall, ...database, redis];
  }

  private alertRow(): IWidget[] {
    const { queue, deadLetterQueue } = this.watched.alertQueue;
    const visible = 'ApproximateNumberOfMessagesVisible';
    return [
      this.graph('Alerts on their way', WIDTH, MINUTE, [
        queueMetric(queue, visible, { label: 'waiting' }),
        queueMetric(queue, 'ApproximateNumberOfMessagesNotVisible', {
          label: 'being brought, or to come again',
        }),
        queueMetric(deadLetterQueue, visible, { label: 'given up' }),
      ]),
    ];
  }

  private ofJobs(name: JobMetricName): IMetric[] {
    const { config, jobs } = this.watched;
    return jobs.map(({ jobName }) =>
      jobMetric(config.stage, jobName, name, { label: `${jobName}: ${METRICS[name].says}` }),
    );
  }

  private own(name: MetricName, period: Duration): IMetric {
    return ownMetric(this.watched.config.stage, name, { period, label: METRICS[name].says });
  }

  private sums(...names: readonly MetricName[]): IMetric[] {
    return names.map((name) => this.own(name, MINUTE));
  }

  private graph(
    title: string,
    width: number,
    period: Duration,
    left: IMetric[],
    options: {
      readonly right?: IMetric[];
      readonly stacked?: boolean;
      readonly line?: { readonly value: number; readonly label: string; readonly color: string };
      readonly max?: number;
    } = {},
  ): IWidget {
    const { right, stacked = false, line, max } = options;
    return new GraphWidget({
      title,
      width,
      height: HEIGHT,
      period,
      left,
      stacked,
      liveData: true,
      leftYAxis: { min: 0, ...(max !== undefined && { max }) },
      ...(right && { right, rightYAxis: { min: 0 } }),
      ...(line && { leftAnnotations: [line] }),
    });
  }
}
