import { Redis } from 'ioredis';

const CONNECT_TIMEOUT_MS = 1_000;

/** A command that Redis does not answer within this fails, and the caller goes on without. */
const HASTY = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 200 };

/** Long enough for a failover of a cache; who fails then is tried again by its state machine. */
const PATIENT = { enableOfflineQueue: true, maxRetriesPerRequest: 10, commandTimeout: 20_000 };

/**
 * For what must never wait: commands fail at once while Redis is away, and it is looked for in the background.
 * Resolves when the first try to connect has ended, well or not.
 */
export async function connectRedis(url: string, password?: string): Promise<Redis> {
  const redis = redisOf(url, password, HASTY);
  await redis.connect().catch(() => undefined);
  return redis;
}

/** For what has no use without Redis: commands wait a while for it to come back. Connects with the first one. */
export function connectPatientRedis(url: string, password?: string): Redis {
  return redisOf(url, password, PATIENT);
}

function redisOf(url: string, password: string | undefined, options: typeof HASTY): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 5_000),
    // After a failover the old primary refuses writes, and its connections stay: the name leads to the new one by then.
    // 2 sends the refused command again, which was not done.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(password !== undefined && { password }),
    ...options,
  });
  // Each failed command tells its caller; an 'error' event without a listener would end the process.
  redis.on('error', () => undefined);
  return redis;
}
