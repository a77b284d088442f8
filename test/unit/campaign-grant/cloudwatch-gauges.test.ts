import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { cloudWatchGauges } from '../../../lambdas/campaign-grant/adapters/cloudwatch-gauges.ts';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

function makeGauges(client = new CloudWatchClient({ region: 'ap-northeast-2', credentials: CREDENTIALS })) {
  const cloudWatch = mockClient(client);
  const failures: unknown[] = [];
  const time = { now: 1_000 };
  const gauges = cloudWatchGauges(
    { stage: 'dev', monotonic: () => time.now, onFailure: (error) => failures.push(error) },
    client,
  );
  const puts = () => cloudWatch.commandCalls(PutMetricDataCommand).map((call) => call.args[0].input);
  return { cloudWatch, gauges, failures, time, puts };
}

describe('gauges', () => {
  it('are one call, with the dimensions of every metric of ours, kept by the second', async () => {
    const { cloudWatch, gauges, puts } = makeGauges();
    cloudWatch.on(PutMetricDataCommand).resolves({});

    await gauges.report({ CampaignTargets: 1_000_000, CampaignRate: 975.4, BreakerOpen: 0 });

    const Dimensions = [
      { Name: 'service', Value: 'campaign-grant' },
      { Name: 'stage', Value: 'dev' },
    ];
    const shared = { Dimensions, StorageResolution: 1, Timestamp: expect.any(Date) as Date };
    expect(puts()).toEqual([
      {
        Namespace: 'Grantline',
        MetricData: [
          { MetricName: 'CampaignTargets', Value: 1_000_000, Unit: 'Count', ...shared },
          { MetricName: 'CampaignRate', Value: 975.4, Unit: 'Count/Second', ...shared },
          { MetricName: 'BreakerOpen', Value: 0, Unit: 'None', ...shared },
        ],
      },
    ]);
  });

  it('of which none is known are no call', async () => {
    const { gauges, puts } = makeGauges();

    await gauges.report({});

    expect(puts()).toEqual([]);
  });
});

describe('CloudWatch that fails', () => {
  it('is said once, asked again a minute later, and harms nobody', async () => {
    const { cloudWatch, gauges, failures, time, puts } = makeGauges();
    cloudWatch.on(PutMetricDataCommand).rejects(new Error('throttled'));

    for (const second of [0, 5, 59, 60, 65]) {
      time.now = 1_000 + second;
      await gauges.report({ BreakerOpen: 0 });
    }

    expect(puts()).toHaveLength(2);
    expect(failures).toEqual([expect.objectContaining({ message: 'throttled' })]);
  });

  it('is said anew when it had recovered', async () => {
    const { cloudWatch, gauges, failures, time } = makeGauges();
    cloudWatch
      .on(PutMetricDataCommand)
      .rejectsOnce(new Error('first'))
      .resolvesOnce({})
      .rejects(new Error('second'));

    for (const minute of [0, 1, 2]) {
      time.now = 1_000 + minute * 60;
      await gauges.report({ BreakerOpen: 0 });
    }

    expect(failures).toMatchObject([{ message: 'first' }, { message: 'second' }]);
  });

  it('by never answering is given up', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The port of a server that listens on one.
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const client = new CloudWatchClient({
      region: 'ap-northeast-2',
      credentials: CREDENTIALS,
      endpoint,
      maxAttempts: 1,
    });
    const failures: unknown[] = [];
    try {
      await cloudWatchGauges(
        { stage: 'dev', monotonic: () => 0, onFailure: (error) => failures.push(error) },
        client,
      ).report({ BreakerOpen: 1 });

      expect(failures).toHaveLength(1);
    } finally {
      client.destroy();
      server.closeAllConnections();
      server.close();
    }
  });
});
