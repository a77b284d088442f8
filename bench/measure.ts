/** Has a contender pay a promotion, and looks on. */
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { loadPromotion } from '../demo/campaigns/load.ts';
import type { DemoPromotion } from '../demo/campaigns/load.ts';
import type { Outside } from '../demo/outside.ts';
import { redisAt } from '../demo/redis-at.ts';
import type { RunningContender } from './contender.ts';
import { measurementOf } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { readStats, resetStats } from './probes/money.ts';
import { ProcessProbe } from './probes/processes.ts';
import { databaseQuestions, redisCommands } from './probes/servers.ts';
import type { Workload } from './workloads.ts';

const SEED = 1;
/** Paid before the clock starts: code is compiled, connections are open. */
const WARM_UP_TARGETS = 5_000;

const resultRows = z.tuple([
  z.array(z.object({ results: z.coerce.number(), successes: z.coerce.number() })).length(1),
  z.unknown(),
]);

export async function measure(
  contender: { readonly name: string; readonly running: RunningContender },
  workload: Workload,
  outside: Outside,
): Promise<Measurement> {
  const db = createPool({ uri: outside.databaseUrl, connectionLimit: 1, decimalNumbers: false });
  const redis = redisAt(outside.redisUrl);
  try {
    const load = (targets: number) =>
      loadPromotion(db, { promotionId: String(Date.now()), promotionType: 'POINT', targets, seed: SEED });
    if (!workload.publishOnly) await contender.running.pay(await load(WARM_UP_TARGETS));
    const promotion = await load(workload.targets);

    await resetStats(outside.money.url);
    const before = [await databaseQuestions(db), await redisCommands(redis)] as const;
    const processes = new ProcessProbe();
    const startedAt = performance.now();
    const { publishSeconds } = await contender.running.pay(promotion);
    const wallSeconds = (performance.now() - startedAt) / 1_000;
    const usage = processes.stop();
    const after = [await databaseQuestions(db), await redisCommands(redis)] as const;
    const money = await readStats(outside.money.url);

    return measurementOf({
      workload,
      contender: contender.name,
      targets: workload.targets,
      wallSeconds,
      publishSeconds,
      money,
      usage,
      databaseQuestions: after[0] - before[0],
      redisCommands: after[1] - before[1],
      isCorrect: workload.publishOnly || (await isCorrect(db, promotion, money.granted)),
    });
  } finally {
    redis.disconnect();
    await db.end();
  }
}

/** The Money API's stand-in grants each key once; so its count is that of the customers who were paid. */
async function isCorrect(db: Pool, promotion: DemoPromotion, granted: number): Promise<boolean> {
  const [[row]] = resultRows.parse(
    await db.query(
      `SELECT COUNT(*) AS results, COALESCE(SUM(process_status = 'SUCCESS'), 0) AS successes
       FROM campaign_promotion_point_results WHERE promotion_id = ? AND process_status IN ('SUCCESS', 'FAILED')`,
      [promotion.promotionId],
    ),
  );
  const due = promotion.targets - promotion.invalid;
  return row?.results === promotion.targets && row.successes === granted && granted <= due;
}
