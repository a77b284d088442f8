import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GAUGES, METRICS, METRIC_NAMESPACE, METRIC_SERVICE } from '../../../schema/metrics.ts';
import type { CampaignGauges } from '../ports.ts';

/** Whoever reports has other work. */
const DEADLINE_MS = 1_000;
/** So long it is not asked again after it did not answer. */
const REST_SECONDS = 60;

export interface GaugeOptions {
  readonly stage: string;
  /** Seconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Called at the first failure after a success. */
  readonly onFailure: (error: unknown) => void;
}

/** One call each time, whatever the number of gauges. */
export function cloudWatchGauges(
  { stage, monotonic, onFailure }: GaugeOptions,
  client: CloudWatchClient = new CloudWatchClient({ maxAttempts: 1 }),
): CampaignGauges {
  const dimensions = [
    { Name: 'service', Value: METRIC_SERVICE },
    { Name: 'stage', Value: stage },
  ];
  let restsUntil = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  return {
    async report(gauges) {
      if (monotonic() < restsUntil) return;
      const timestamp = new Date();
      const data = GAUGES.flatMap((name) => {
        const value = gauges[name];
        if (value === undefined) return [];
        const { unit, resolution } = METRICS[name];
        return [
          {
            MetricName: name,
            Dimensions: dimensions,
            Timestamp: timestamp,
            Value: value,
            Unit: unit,
            StorageResolution: resolution,
          },
        ];
      });
      if (data.length === 0) return;
      try {
        await client.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData: data }), {
          abortSignal: AbortSignal.timeout(DEADLINE_MS),
        });
        isFailing = false;
      } catch (error) {
        restsUntil = monotonic() + REST_SECONDS;
        if (!isFailing) onFailure(error);
        isFailing = true;
      }
    },
  };
}
