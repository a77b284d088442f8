/** Starts a promotion through the CampaignRun state machine, as any AWS client would, and watches it to its end. */
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Pool } from 'mysql2/promise';
import { finishCampaignOutput } from '../../schema/campaign-run.ts';
import type { FinishCampaignOutput } from '../../schema/campaign-run.ts';
import { messageOf } from '../lambda-cause.ts';

export interface Progress {
  readonly granted: number;
  readonly failed: number;
}

const POLL_MS = 500;
const summaryRows = z.tuple([z.array(z.object({ id: z.string() })), z.unknown()]);

export interface RunContext {
  readonly db: Pool;
  readonly redis: Redis;
  readonly stepFunctionsUrl: string;
  readonly stateMachineArn: string;
}

/**
 * @param onProgress is told every half second what the Redis hash of the ERD says
 * @throws Error with the execution's own cause when it does not succeed
 */
export async function runCampaign(
  context: RunContext,
  promotionId: string,
  onProgress: (progress: Progress) => void,
): Promise<FinishCampaignOutput> {
  const client = new SFNClient({
    endpoint: context.stepFunctionsUrl,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const { executionArn } = await client.send(
      new StartExecutionCommand({
        stateMachineArn: context.stateMachineArn,
        input: JSON.stringify({ promotionId }),
      }),
    );
    for (;;) {
      const { status, output, error, cause } = await client.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      if (status === 'SUCCEEDED') return finishCampaignOutput.parse(JSON.parse(output ?? '{}'));
      if (status !== 'RUNNING') {
        throw new Error(
          `promotion ${promotionId} ended ${status ?? ''}: ${error ?? ''} ${messageOf(cause)}`.trim(),
        );
      }
      onProgress(await readProgress(context, promotionId));
      await sleep(POLL_MS);
    }
  } finally {
    client.destroy();
  }
}

async function readProgress({ db, redis }: RunContext, promotionId: string): Promise<Progress> {
  const [[summary]] = summaryRows.parse(
    await db.query(
      'SELECT CAST(promotion_summary_id AS CHAR) AS id FROM campaign_promotion_summary WHERE promotion_id = ?',
      [promotionId],
    ),
  );
  const counters =
    summary === undefined ? {} : await redis.hgetall(`campaign_promotion_summary:${summary.id}`);
  return { granted: Number(counters['success_count'] ?? 0), failed: Number(counters['fail_count'] ?? 0) };
}
