import { Redis } from 'ioredis';

/** A command that Redis does not answer within this fails, and the caller goes on without. */
const COMMAND_TIMEOUT_MS = 200;
const CONNECT_TIMEOUT_MS = 1_000;

/**
 * For what must never wait: commands fail at once while Redis is away, and it is looked for in the background.
 * Resolves when the first try to connect has ended, well or not.
 */
export async function connectRedis(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 5_000),
  });
  // Each failed command tells its caller; an 'error' event without a listener would end the process.
  redis.on('error', () => undefined);
  await redis.connect().catch(() => undefined);
  return redis;
}
