/** What the servers themselves counted. */
import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';

const statusRows = z.tuple([z.array(z.object({ Value: z.coerce.number() })).min(1), z.unknown()]);

/** Statements that clients sent to the database since it was started. */
export async function databaseQuestions(db: Pool): Promise<number> {
  const [[row]] = statusRows.parse(await db.query("SHOW GLOBAL STATUS LIKE 'Questions'"));
  return row?.Value ?? 0;
}

/** Commands that clients sent to Redis since it was started. */
export async function redisCommands(redis: Redis): Promise<number> {
  const stats = await redis.info('stats');
  return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1] ?? 0);
}

/** How often each command ran since RESETSTAT, by its name in capitals, in scripts as well as sent. */
export async function redisCallsByCommand(redis: Redis): Promise<ReadonlyMap<string, number>> {
  const stats = await redis.info('commandstats');
  const calls = stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g);
  return new Map([...calls].map(([, name = '', count]) => [name.toUpperCase(), Number(count)]));
}
