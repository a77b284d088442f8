/** The only wiring: which adapter stands behind which port of each handler. Built once, on cold start. */
import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import type {
  databaseEnvironment,
  learnDistrictsEnvironment,
  sendPushesEnvironment,
} from '../../schema/environment.ts';
import { cached } from '../shared/cached.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { dataApi } from '../shared/data-api.ts';
import { sqlCheckpoints } from '../shared/jobs/checkpoints.ts';
import { logLine } from '../shared/log-line.ts';
import { readSecret } from '../shared/secret.ts';
import { httpNotificationService, httpStoreService } from './adapters/http-services.ts';
import { snsCouponTopic } from './adapters/sns-coupon-topic.ts';
import { sqlPushStore } from './adapters/sql-push-store.ts';
import { sqlUsageStore } from './adapters/sql-usage-store.ts';

/** One that was refused and then replaced is known to an environment that lives on, within so long. */
const TOKEN_KEPT_SECONDS = 60;

function systemToken(env: { readonly SYSTEM_TOKEN_SECRET_ARN: string }): () => Promise<string> {
  return cached(() => readSecret(env.SYSTEM_TOKEN_SECRET_ARN), {
    seconds: TOKEN_KEPT_SECONDS,
    monotonic: () => clock.monotonic(),
  });
}

export function usageServices(env: z.output<typeof databaseEnvironment>) {
  const db = dataApi(env);
  return { store: sqlUsageStore(db), checkpoints: sqlCheckpoints(db), clock };
}

export function learnDistrictsServices(env: z.output<typeof learnDistrictsEnvironment>) {
  const token = systemToken(env);
  return {
    ...usageServices(env),
    storeService: httpStoreService({ baseUrl: env.STORE_SERVICE_URL, token }),
    log: {
      districtsNotSaid: (reason: string, storeIds: readonly string[]) =>
        logLine('warn', 'districts that the store service did not say', 'districtsNotSaid', {
          reason,
          storeIds,
        }),
    },
  };
}

export function pushServices(env: z.output<typeof databaseEnvironment>) {
  const db = dataApi(env);
  return { pushes: sqlPushStore(db), checkpoints: sqlCheckpoints(db), clock };
}

export function sendPushesServices(env: z.output<typeof sendPushesEnvironment>) {
  const token = systemToken(env);
  return {
    ...pushServices(env),
    storeService: httpStoreService({ baseUrl: env.STORE_SERVICE_URL, token }),
    notificationService: httpNotificationService({ baseUrl: env.NOTIFICATION_SERVICE_URL, token }),
    topic: snsCouponTopic(env.COUPON_TOPIC_ARN),
    newToken: () => randomUUID(),
    log: {
      skipped: (reason: string, memberIds: readonly string[]) =>
        logLine('warn', 'members who get no message', 'membersSkipped', { reason, memberIds }),
    },
  };
}
