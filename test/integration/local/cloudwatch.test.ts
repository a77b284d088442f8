import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { MetricDatum, PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCloudWatch } from '../../../local/services/cloudwatch/server.ts';
import type { CloudWatch } from '../../../local/services/cloudwatch/server.ts';

let service: CloudWatch;
let client: CloudWatchClient;

beforeEach(async () => {
  service = await startCloudWatch();
  client = new CloudWatchClient({
    endpoint: service.url,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await service.close();
});

const makeDatum = (overrides: Partial<MetricDatum> = {}): MetricDatum => ({
  MetricName: 'Granted',
  Dimensions: [{ Name: 'PromotionId', Value: '7' }],
  Unit: 'Count',
  Value: 1,
  ...overrides,
});

const put = (data: MetricDatum[], overrides: Partial<PutMetricDataCommandInput> = {}) =>
  client.send(new PutMetricDataCommand({ Namespace: 'Grantline', MetricData: data, ...overrides }));

const hours = (count: number) => new Date(Date.now() + count * 3_600_000);

describe('metrics that are put', () => {
  it('are seen with their last value, whatever the order of their dimensions', async () => {
    const a = { Name: 'A', Value: '1' };
    const b = { Name: 'B', Value: '2' };
    const at = new Date(Math.floor(Date.now() / 1000) * 1000);
    await put([makeDatum({ Dimensions: [a, b], Value: 1 }), makeDatum({ Dimensions: [a], Value: 5 })]);
    await put([makeDatum({ Dimensions: [b, a], Value: 2.5, Timestamp: at })]);

    const expected = [
      { namespace: 'Grantline', name: 'Granted', dimensions: { A: '1', B: '2' }, data: { value: 2.5 } },
      { namespace: 'Grantline', name: 'Granted', dimensions: { A: '1' }, data: { value: 5 } },
    ];
    expect(service.metricsSeen()).toMatchObject(expected);
    const shown = await (await fetch(`${service.url}/metrics-seen`)).json();
    expect(shown).toMatchObject([{ ...expected[0], unit: 'Count', at: at.toISOString() }, expected[1] ?? {}]);
  });

  it('may be values with counts, or statistics', async () => {
    const StatisticValues = { SampleCount: 3, Sum: 6, Minimum: 1, Maximum: 3 };
    await put([
      makeDatum({ MetricName: 'Values', Value: undefined, Values: [1, 2], Counts: [3, 4] }),
      makeDatum({ MetricName: 'Once', Value: undefined, Values: [1, 2] }),
      makeDatum({ MetricName: 'Statistics', Value: undefined, StatisticValues }),
    ]);

    expect(service.metricsSeen().map(({ data }) => data)).toEqual([
      { values: [1, 2], counts: [3, 4] },
      { values: [1, 2], counts: [1, 1] },
      { sampleCount: 3, sum: 6, minimum: 1, maximum: 3 },
    ]);
  });

  it('may be 1,000 in one request, which the SDK compresses', async () => {
    await put(Array.from({ length: 1_000 }, (_, index) => makeDatum({ MetricName: `m${index}` })));

    expect(service.metricsSeen()).toHaveLength(1_000);
  });
});

describe('what CloudWatch does not take', () => {
  const dimensions = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ Name: `d${index}`, Value: 'v' }));

  it.each<[string, MetricDatum, string, RegExp]>([
    [
      'more than 150 values',
      makeDatum({ Value: undefined, Values: Array.from({ length: 151 }, () => 1) }),
      'InvalidParameterValueException',
      /MetricData\.member\.1\.Values must not have a size greater than 150/,
    ],
    [
      'more than 30 dimensions',
      makeDatum({ Dimensions: dimensions(31) }),
      'InvalidParameterValueException',
      /Dimensions must not have a size greater than 30/,
    ],
    [
      'a dimension without a value',
      makeDatum({ Dimensions: [{ Name: 'PromotionId', Value: '' }] }),
      'InvalidParameterValueException',
      /Dimensions\.member\.1\.Value is invalid/,
    ],
    [
      'no number',
      makeDatum({ Value: NaN }),
      'InvalidParameterValueException',
      /The value NaN for parameter MetricData\.member\.1\.Value is invalid/,
    ],
    [
      'a number above 2^360',
      makeDatum({ Value: 2 ** 361 }),
      'InvalidParameterValueException',
      /Value is invalid/,
    ],
    [
      'counts that are not as many as the values',
      makeDatum({ Value: undefined, Values: [1, 2], Counts: [1] }),
      'InvalidParameterValueException',
      /must have the same length/,
    ],
    [
      'a value and values',
      makeDatum({ Values: [1] }),
      'InvalidParameterCombinationException',
      /mutually exclusive/,
    ],
    [
      'no value at all',
      makeDatum({ Value: undefined }),
      'MissingRequiredParameterException',
      /Value is required/,
    ],
    [
      'no name',
      makeDatum({ MetricName: undefined }),
      'MissingRequiredParameterException',
      /MetricData\.member\.1\.MetricName is required/,
    ],
    [
      'a time more than two hours ahead',
      makeDatum({ Timestamp: hours(3) }),
      'InvalidParameterValueException',
      /no more than two hours in the future/,
    ],
    [
      'a time more than two weeks ago',
      makeDatum({ Timestamp: hours(-15 * 24) }),
      'InvalidParameterValueException',
      /within the past two weeks/,
    ],
    [
      'a resolution of ten seconds',
      makeDatum({ StorageResolution: 10 }),
      'InvalidParameterValueException',
      /StorageResolution must be 1 or 60/,
    ],
  ])('is %s, and nothing of that request counts', async (_what, datum, name, message) => {
    await expect(put([datum, makeDatum()])).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message) as unknown,
    });
    expect(service.metricsSeen()).toEqual([]);
  });

  it.each<[string, Partial<PutMetricDataCommandInput>, string]>([
    ['a namespace of AWS', { Namespace: 'AWS/Lambda' }, 'InvalidParameterValueException'],
    ['a namespace that begins with a colon', { Namespace: ':mine' }, 'InvalidParameterValueException'],
    ['no metric', { MetricData: [] }, 'MissingRequiredParameterException'],
    [
      'more than 1,000 metrics',
      { MetricData: Array.from({ length: 1_001 }, () => makeDatum()) },
      'InvalidParameterValueException',
    ],
    ['entities, which are not kept here', { EntityMetricData: [] }, 'SerializationException'],
  ])('is %s', async (_what, overrides, name) => {
    await expect(put([makeDatum()], overrides)).rejects.toMatchObject({ name });
  });

  it('is more than 1 MB as it is sent', async () => {
    const headers = { 'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData' };
    const send = async (bytes: number) => {
      const body = JSON.stringify({ Namespace: 'Grantline', MetricData: [makeDatum()] }).padEnd(bytes);
      return (await fetch(service.url, { method: 'POST', headers, body })).status;
    };

    expect(await send(1024 * 1024)).toBe(200);
    expect(await send(1024 * 1024 + 1)).toBe(413);
  });

  it('is another operation', async () => {
    await expect(client.send(new ListMetricsCommand())).rejects.toMatchObject({
      message: 'the local CloudWatch takes PutMetricData in AWS JSON only',
    });
  });
});
