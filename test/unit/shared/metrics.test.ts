import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { metricsOf } from '../../../lambdas/shared/metrics.ts';
import { EVENT_METRICS, METRICS } from '../../../schema/metrics.ts';
import type { MetricValues } from '../../../schema/metrics.ts';
import { useCapturedLines } from '../../support/captured-lines.ts';
import { embeddedMetrics } from '../../support/embedded-metrics.ts';

const lines = useCapturedLines();
const written = () => lines().map((line) => embeddedMetrics.parse(line));

function makeBatch(overrides: Partial<MetricValues<'batchPaid'>> = {}): MetricValues<'batchPaid'> {
  const zeros = Object.fromEntries(EVENT_METRICS.batchPaid.map((name) => [name, 0]));
  const values = z.custom<MetricValues<'batchPaid'>>().parse(zeros);
  return { ...values, MoneyLatency: [], ...overrides };
}

describe('an event', () => {
  it('is one line in the embedded metric format, with service and stage as its dimensions', () => {
    metricsOf('pagePublished', 'dev')({ TargetsPublished: 998, TargetsInvalid: 2, SendFailures: 0 });

    expect(written()).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number) as number,
          CloudWatchMetrics: [
            {
              Namespace: 'Grantline',
              Dimensions: [['service', 'stage']],
              Metrics: [
                { Name: 'TargetsPublished', Unit: 'Count' },
                { Name: 'TargetsInvalid', Unit: 'Count' },
                { Name: 'SendFailures', Unit: 'Count' },
              ],
            },
          ],
        },
        service: 'campaign-grant',
        stage: 'dev',
        TargetsPublished: 998,
        TargetsInvalid: 2,
        SendFailures: 0,
      },
    ]);
  });

  it('is counted apart from the one before', () => {
    const count = metricsOf('batchUndecided', 'dev');

    count({ MessagesUndecided: 3 });
    count({ MessagesUndecided: 4 });

    expect(written().map((line) => line['MessagesUndecided'])).toEqual([3, 4]);
  });

  it('is kept by the second where a minute would hide what happens', () => {
    metricsOf('batchPaid', 'dev')(makeBatch({ MoneyCalls: 7 }));

    const [line] = written();
    const resolutions = line?._aws.CloudWatchMetrics[0].Metrics.map(({ Name, StorageResolution }) => [
      Name,
      StorageResolution ?? 60,
    ]);
    expect(Object.fromEntries(resolutions ?? [])).toMatchObject({ MoneyCalls: 1, GrantsGranted: 60 });
  });
});

describe('a distribution', () => {
  it('is told with each of its values', () => {
    metricsOf('batchPaid', 'dev')(makeBatch({ MoneyLatency: [12, 15, 3000] }));

    expect(written()).toMatchObject([{ MoneyLatency: [12, 15, 3000] }]);
  });

  it('without values is left out, and the others are told', () => {
    metricsOf('batchPaid', 'dev')(makeBatch({ MoneyCalls: 0, MessagesReturned: 10 }));

    expect(written()).toMatchObject([{ MoneyCalls: 0, MessagesReturned: 10 }]);
    expect(written()[0]).not.toHaveProperty('MoneyLatency');
  });

  it('of a full batch is one line, together with everything else', () => {
    const latencies = Array.from({ length: 100 }, (_, index) => index);

    metricsOf('batchPaid', 'dev')(makeBatch({ MoneyCalls: 100, GrantsGranted: 99, MoneyLatency: latencies }));

    expect(written()).toMatchObject([{ MoneyCalls: 100, GrantsGranted: 99, MoneyLatency: latencies }]);
  });

  it('of more values than a line takes goes on in a further one, which counts nothing twice', () => {
    const latencies = Array.from({ length: 101 }, (_, index) => index);

    metricsOf('batchPaid', 'dev')(makeBatch({ MoneyCalls: 101, MoneyLatency: latencies }));

    expect(written()).toMatchObject([
      { MoneyCalls: 101, MoneyLatency: latencies.slice(0, 100) },
      { MoneyLatency: 100 },
    ]);
    expect(written()[1]).not.toHaveProperty('MoneyCalls');
  });

  it('comes last of the metrics of its event', () => {
    expect(EVENT_METRICS.batchPaid.at(-1)).toBe('MoneyLatency');
    const others = Object.values(EVENT_METRICS).flatMap((names) => names.slice(0, -1));
    expect(others.map((name) => METRICS[name].unit)).not.toContain('Milliseconds');
  });
});
