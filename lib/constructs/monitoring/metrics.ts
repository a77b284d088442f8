/** The metrics that the dashboard shows and the alarms watch: our own, and AWS's of what runs here. */
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import type { JobName } from '../../../schema/jobs.ts';
import { GAUGES, METRIC_NAMESPACE, METRIC_SERVICE } from '../../../schema/metrics.ts';
import type { JobMetricName, MetricName } from '../../../schema/metrics.ts';

export interface MetricOptions {
  readonly statistic?: string;
  readonly period?: Duration;
  readonly label?: string;
}

const GAUGE_NAMES: readonly string[] = GAUGES;
const MINUTE = Duration.minutes(1);

/** Summed up, or for a gauge the highest, in each minute. */
export function ownMetric(stage: string, metricName: MetricName, options: MetricOptions = {}): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { service: METRIC_SERVICE, stage },
    statistic: GAUGE_NAMES.includes(metricName) ? Stats.MAXIMUM : Stats.SUM,
    period: MINUTE,
    ...options,
  });
}

/** Of a job: summed up in each period, or for the hours since one completed the most. */
export function jobMetric(
  stage: string,
  jobName: JobName,
  metricName: JobMetricName,
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { service: jobName, stage },
    statistic:
      metricName === 'JobHoursSinceCompleted' || metricName === 'JobDuration' ? Stats.MAXIMUM : Stats.SUM,
    period: MINUTE,
    ...options,
  });
}

export type FunctionMetric = 'Errors' | 'Throttles' | 'ConcurrentExecutions';

export function functionMetric(
  FunctionName: string,
  metricName: FunctionMetric,
  options: MetricOptions = {},
): Metric {
  const statistic = metricName === 'ConcurrentExecutions' ? Stats.MAXIMUM : Stats.SUM;
  const dimensionsMap = { FunctionName };
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap,
    statistic,
    period: MINUTE,
    ...options,
  });
}

export type QueueMetric =
  | 'ApproximateNumberOfMessagesVisible'
  | 'ApproximateNumberOfMessagesNotVisible'
  | 'ApproximateAgeOfOldestMessage';

export function queueMetric(QueueName: string, metricName: QueueMetric, options: MetricOptions = {}): Metric {
  return new Metric({
    namespace: 'AWS/SQS',
    metricName,
    dimensionsMap: { QueueName },
    statistic: Stats.MAXIMUM,
    period: MINUTE,
    ...options,
  });
}

export type ExecutionMetric =
  | 'ExecutionsStarted'
  | 'ExecutionsSucceeded'
  | 'ExecutionsFailed'
  | 'ExecutionsTimedOut'
  | 'ExecutionsAborted';

export function executionMetric(
  scope: IConstruct,
  stateMachineName: string,
  metricName: ExecutionMetric,
  options: MetricOptions = {},
): Metric {
  const StateMachineArn = Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: stateMachineName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return new Metric({
    namespace: 'AWS/States',
    metricName,
    dimensionsMap: { StateMachineArn },
    statistic: Stats.SUM,
    period: MINUTE,
    ...options,
  });
}

export type DatabaseMetric =
  'ACUUtilization' | 'ServerlessDatabaseCapacity' | 'CPUUtilization' | 'DatabaseConnections';

export function databaseMetric(
  DBClusterIdentifier: string,
  metricName: DatabaseMetric,
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace: 'AWS/RDS',
    metricName,
    dimensionsMap: { DBClusterIdentifier },
    statistic: Stats.MAXIMUM,
    period: MINUTE,
    ...options,
  });
}

export type CacheMetric =
  'EngineCPUUtilization' | 'DatabaseMemoryUsagePercentage' | 'Evictions' | 'ReplicationLag';

/** Of a cache cluster of one node, which ElastiCache numbers 0001. */
export function cacheMetric(
  CacheClusterId: string,
  metricName: CacheMetric,
  options: MetricOptions = {},
): Metric {
  return new Metric({
    namespace: 'AWS/ElastiCache',
    metricName,
    dimensionsMap: { CacheClusterId, CacheNodeId: '0001' },
    statistic: metricName === 'Evictions' ? Stats.SUM : Stats.MAXIMUM,
    period: MINUTE,
    ...options,
  });
}

/** @param usingMetrics by the names that the expression gives them */
export function math(
  expression: string,
  usingMetrics: Record<string, IMetric>,
  { label, period = MINUTE }: { readonly label: string; readonly period?: Duration },
): MathExpression {
  return new MathExpression({ expression, usingMetrics, label, period });
}

/**
 * What a queue has not got rid of. While it fails again and again a message is hidden for most of the time, and a standard
 * queue leaves one that was received three times out of ApproximateAgeOfOldestMessage: neither alone shows it.
 */
export function messagesKept(queueName: string): MathExpression {
  return math(
    'visible + hidden',
    {
      visible: queueMetric(queueName, 'ApproximateNumberOfMessagesVisible'),
      hidden: queueMetric(queueName, 'ApproximateNumberOfMessagesNotVisible'),
    },
    { label: 'messages in the queue' },
  );
}

/** A percentage; 0 while there are too few results for one. */
export function failureRate(stage: string, period: Duration, fewestResults: number): MathExpression {
  const of = (name: MetricName) => ownMetric(stage, name, { period });
  const results = '(granted + rejected + failed)';
  return math(
    `IF(${results} >= ${fewestResults}, 100 * (rejected + failed) / ${results}, 0)`,
    { granted: of('GrantsGranted'), rejected: of('GrantsRejected'), failed: of('GrantsFailed') },
    { label: '% of the grants that became final failed', period },
  );
}
