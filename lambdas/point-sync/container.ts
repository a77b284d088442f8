/** The only wiring: which adapter stands behind which port of each handler. Built once, on cold start. */
import type * as z from 'zod';
import type { databaseEnvironment, syncBalancesEnvironment } from '../../schema/environment.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { dataApi } from '../shared/data-api.ts';
import { sqlCheckpoints } from '../shared/jobs/checkpoints.ts';
import { logLine } from '../shared/log-line.ts';
import { readRedisAuthToken } from '../shared/redis-auth-token.ts';
import { connectPatientRedis } from '../shared/redis.ts';
import { redisBalanceCache } from './adapters/redis-balance-cache.ts';
import { sqlPointStore } from './adapters/sql-point-store.ts';
import type { GoneUsersLog } from './app/sweep-gone-users.ts';

export function databaseServices(env: z.output<typeof databaseEnvironment>) {
  const db = dataApi(env);
  return { store: sqlPointStore(db), checkpoints: sqlCheckpoints(db), clock };
}

export async function balanceServices(env: z.output<typeof syncBalancesEnvironment>) {
  const redis = connectPatientRedis(env.REDIS_URL, await readRedisAuthToken(env));
  return {
    ...databaseServices(env),
    cache: redisBalanceCache(redis, Math.random),
    log,
  };
}

/** A line of the log has 256 KB; a page of Redis's keys may have more ids than that. */
const IDS_A_LINE = 1_000;

const log: GoneUsersLog = {
  goneUsers(userIds, pruned) {
    for (let start = 0; start < userIds.length; start += IDS_A_LINE) {
      const some = userIds.slice(start, start + IDS_A_LINE);
      logLine('warn', 'balances in Redis of users who are gone', 'goneUsers', { pruned, userIds: some });
    }
  },
};
