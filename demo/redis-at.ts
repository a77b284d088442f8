import { Redis } from 'ioredis';

/** A connection for what looks on. Each failed command tells its caller; that Redis went away is nobody's to print. */
export function redisAt(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 3 });
  redis.on('error', () => undefined);
  return redis;
}
