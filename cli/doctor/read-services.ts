import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { patience } from '../../lambdas/shared/patience.ts';
import { oneLine } from '../failure.ts';
import type { Deployment } from '../where/deployment.ts';
import type { MachineFacts } from './rules/judge-campaigns.ts';
import type { QueueFacts } from './rules/judge-queues.ts';

/** Who asks how everything is does not want to wait for what is not there. */
const PATIENCE = patience(10_000, 3_000);
const MOST_RUNNING = 1_000;

export async function readMachine(deployment: Deployment, output: string): Promise<MachineFacts> {
  const stateMachineArn = await deployment.output('CampaignGrant', output);
  const client = new SFNClient({ ...deployment.clientSettings('stepFunctions'), requestHandler: PATIENCE });
  const [{ name = '', status = 'ACTIVE' }, { executions = [] }] = await Promise.all([
    client.send(new DescribeStateMachineCommand({ stateMachineArn })),
    client.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: MOST_RUNNING }),
    ),
  ]);
  return { name, status, running: executions.map(({ executionArn = '' }) => executionArn) };
}

export async function readQueue(deployment: Deployment, output: string): Promise<QueueFacts> {
  const QueueUrl = await deployment.output('CampaignGrant', output);
  const client = new SQSClient({ ...deployment.clientSettings('sqs'), requestHandler: PATIENCE });
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    waiting: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
    underWay: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    oldestSeconds: deployment.kind === 'aws' ? await oldestSeconds(QueueUrl) : null,
  };
}

/** SQS tells CloudWatch alone how old its oldest message is, and nothing while the queue is idle. */
async function oldestSeconds(queueUrl: string): Promise<number | null> {
  const now = Date.now();
  const { Datapoints = [] } = await new CloudWatchClient({ requestHandler: PATIENCE }).send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: queueUrl.split('/').at(-1) }],
      StartTime: new Date(now - 10 * 60_000),
      EndTime: new Date(now),
      Period: 60,
      Statistics: ['Maximum'],
    }),
  );
  const newest = Datapoints.sort((a, b) => Number(b.Timestamp) - Number(a.Timestamp))[0];
  return newest?.Maximum ?? null;
}

/** @returns undefined where it cannot be called from here */
export async function callMoneyApi({ moneyApiUrl: url }: Deployment) {
  if (url === undefined) return undefined;
  try {
    // Any answer will do: what it says to this is not asked.
    const response = await fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.timeout(PATIENCE.requestTimeout),
    });
    await response.body?.cancel();
    return { url, error: undefined };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { url, error: oneLine(cause) };
  }
}
