import { grouped } from '../../output/grouped.ts';
import { columns } from '../../output/table.ts';
import type { RunPlan } from '../rules/plan-run.ts';
import { decimal, usd } from './units.ts';

export function costLines({ calls, cost, prices, settings }: RunPlan): string[] {
  const { lambda, sqs, dataApi, stepFunctions, logs, aurora } = calls;
  const rows = [
    [
      'Lambda',
      usd(cost.lambda),
      `${grouped(lambda.invocations)} invocations (GrantRewards ${grouped(lambda.grantRewards)}, publishers ` +
        `${grouped(lambda.publishPartition)}, trackers ${grouped(lambda.trackProgress)}, other steps ${grouped(lambda.otherSteps)}), ${decimal(lambda.gigabyteSeconds, 0)} GB-s`,
    ],
    [
      'SQS FIFO',
      usd(cost.sqs),
      `${grouped(sqs.billedRequests)} requests: send ${grouped(sqs.sendMessageBatch)}, receive ` +
        `${grouped(sqs.receiveMessage)}, delete ${grouped(sqs.deleteMessageBatch)}, attributes ${grouped(sqs.getQueueAttributes)}`,
    ],
    [
      'RDS Data API',
      usd(cost.dataApi),
      `${grouped(dataApi.requests)} requests, billed as ${grouped(dataApi.billedRequests)} of 32 KB`,
    ],
    ['Step Functions', usd(cost.stepFunctions), `${grouped(stepFunctions.transitions)} state transitions`],
    ['CloudWatch Logs', usd(cost.logs), `${decimal(logs.gigabytes, 4)} GB`],
    [
      'Aurora',
      usd(cost.aurora),
      `${decimal(aurora.capacityUnitHours, 2)} ACU-hours at most: ${settings.databaseInstances} × ${decimal(settings.maxCapacityUnits, 1)} ACU all the time`,
    ],
    ['together', usd(cost.total), ''],
  ];
  return [
    `AWS calls and their cost in USD (list prices of ${prices.region}, ${prices.date}, to be checked)`,
    ...columns(rows, [1]).map((line) => `  ${line}`),
    '  not counted: retries, free tiers, Aurora storage and I/O, Redis, traces, and what runs without a campaign too',
    '',
  ];
}
