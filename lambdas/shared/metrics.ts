/** Metrics as lines of the log, in CloudWatch's embedded metric format: no call, and nothing to wait for. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import { EVENT_METRICS, METRICS, METRIC_NAMESPACE, METRIC_SERVICE } from '../../schema/metrics.ts';
import type { MeteredEvent, MetricName, MetricService, MetricValues } from '../../schema/metrics.ts';

/**
 * @returns what writes the event's metrics as one line. A line takes a hundred values of a distribution, and is written
 *   with the last of them: what is more, and nothing else, comes in a further line.
 */
export function metricsOf<Event extends MeteredEvent>(
  event: Event,
  stage: string,
  service: MetricService = METRIC_SERVICE,
): (values: MetricValues<Event>) => void {
  const metrics = new Metrics({
    namespace: METRIC_NAMESPACE,
    serviceName: service,
    defaultDimensions: { stage },
  });
  return (values) => {
    // In this order: distributions are last, or the line that they fill would leave the others behind.
    const names: readonly (keyof MetricValues<Event> & MetricName)[] = EVENT_METRICS[event];
    for (const name of names) {
      const { unit, resolution } = METRICS[name];
      for (const value of [values[name]].flat()) metrics.addMetric(name, unit, value, resolution);
    }
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
}
