/** Has a contender run a night that was just loaded, and looks on. */
import { createPool } from 'mysql2/promise';
import type { Outside } from '../../demo/outside.ts';
import { redisAt } from '../../demo/redis-at.ts';
import { ProcessProbe } from '../probes/processes.ts';
import { databaseQuestions, redisCallsByCommand } from '../probes/servers.ts';
import type { PointSyncWorkload } from '../workloads.ts';
import type { RunningSyncContender, SyncContender } from './contender.ts';
import { loadRedis, unequalBalances, unequalReports } from './data.ts';
import type { Night } from './data.ts';
import { syncMeasurementOf } from './measurement.ts';
import type { SyncMeasurement } from './measurement.ts';

export async function measureSync(
  contender: Pick<SyncContender, 'name' | 'reports'> & { readonly running: RunningSyncContender },
  { workload, night, outside }: { workload: PointSyncWorkload; night: Night; outside: Outside },
): Promise<SyncMeasurement> {
  const db = createPool({ uri: outside.databaseUrl, connectionLimit: 1 });
  const redis = redisAt(outside.redisUrl);
  try {
    await loadRedis(redis, night);
    await redis.config('RESETSTAT');
    const questionsBefore = await databaseQuestions(db);
    const processes = new ProcessProbe();
    const startedAt = performance.now();
    const synced = await contender.running.run(night);
    const wallSeconds = (performance.now() - startedAt) / 1_000;
    const usage = processes.stop();
    const questions = (await databaseQuestions(db)) - questionsBefore;
    const redisCalls = await redisCallsByCommand(redis);

    const unequal = await unequalBalances(db, redis, night);
    const isCorrect = unequal === 0 && (!contender.reports || (await unequalReports(db, night)) === 0);
    return syncMeasurementOf({
      workload,
      contender: contender.name,
      wallSeconds,
      synced,
      usage,
      databaseQuestions: questions,
      redisCalls,
      isCorrect,
    });
  } finally {
    redis.disconnect();
    await db.end();
  }
}
