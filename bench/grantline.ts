/** Grantline as `cdk deploy` would create it, on the local runtime. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import type { DemoPromotion } from '../demo/campaigns/load.ts';
import { runCampaign } from '../demo/campaigns/run-campaign.ts';
import { redisAt } from '../demo/redis-at.ts';
import { startOn } from '../demo/world.ts';
import { synthesise } from '../demo/synthesise.ts';
import type { Contender } from './contender.ts';
import { leaveUnpaid } from './leave-unpaid.ts';

const LOOK_EVERY_MS = 100;

const summaryRows = z.tuple([z.array(z.object({ id: z.string() })), z.unknown()]);

/** More than these cores can pay: Grantline always has a ceiling. */
const NO_CEILING = { moneyTps: 10_000, grantConcurrency: 4 };

export const grantline: Contender = {
  name: 'Grantline',
  async start({ outside, workload, directory }) {
    const assemblyDirectory = join(directory, 'cdk.out');
    const logDirectory = join(directory, 'logs');
    await mkdir(logDirectory, { recursive: true });
    const { ceiling, headroomSeconds } = workload;
    await synthesise(assemblyDirectory, {
      ...(ceiling === undefined ? NO_CEILING : { moneyTps: ceiling }),
      ...(headroomSeconds === undefined ? {} : { pacingHeadroomSeconds: headroomSeconds }),
    });
    if (workload.publishOnly) await leaveUnpaid(assemblyDirectory);
    const runtime = await startOn(outside, { assemblyDirectory, logDirectory });
    const stateMachineArn = runtime.outputs.find(({ name }) => name === 'CampaignRunArn')?.value;
    if (typeof stateMachineArn !== 'string') throw new Error('no stack has an output CampaignRunArn');
    const db = createPool({ uri: outside.databaseUrl, connectionLimit: 1 });
    const redis = redisAt(outside.redisUrl);
    return {
      async pay(promotion) {
        const stepFunctionsUrl = runtime.endpoints.stepFunctions;
        const context = { db, redis, stepFunctionsUrl, stateMachineArn };
        const startedAt = performance.now();
        const ended = runCampaign(context, promotion.promotionId, () => undefined);
        await Promise.race([ended, published(context, promotion)]);
        const publishSeconds = (performance.now() - startedAt) / 1_000;
        if (workload.publishOnly) ended.catch(() => undefined);
        else await ended;
        return { publishSeconds };
      },
      async close() {
        redis.disconnect();
        await db.end();
        await runtime.close();
      },
    };
  },
};

/** Resolves when the campaign's counters say that every target is queued, or is invalid. */
async function published(
  { db, redis }: { readonly db: Pool; readonly redis: Redis },
  { promotionId, targets, invalid }: DemoPromotion,
): Promise<void> {
  let summaryId: string | undefined;
  for (;;) {
    // Looked up once: what we ask the database counts among its statements.
    summaryId ??= await readSummaryId(db, promotionId);
    const key = `campaign_promotion_summary:${summaryId ?? ''}`;
    if (Number(await redis.hget(key, 'published_count')) >= targets - invalid) return;
    await sleep(LOOK_EVERY_MS);
  }
}

async function readSummaryId(db: Pool, promotionId: string): Promise<string | undefined> {
  const [[summary]] = summaryRows.parse(
    await db.query(
      'SELECT CAST(promotion_summary_id AS CHAR) AS id FROM campaign_promotion_summary WHERE promotion_id = ?',
      [promotionId],
    ),
  );
  return summary?.id;
}
