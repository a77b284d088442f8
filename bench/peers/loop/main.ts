import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import * as z from 'zod';

const PAGE = 1_000;
const TTL_SECONDS = 3 * 24 * 60 * 60;

const addresses = z.object({ databaseUrl: z.string(), redisUrl: z.string() });
const page = z.tuple([z.array(z.object({ userId: z.string(), balance: z.string() })), z.unknown()]);

process.on('disconnect', () => process.exit(0));
process.once('message', (raw) => void start(addresses.parse(raw)));

async function start({ databaseUrl, redisUrl }: z.output<typeof addresses>): Promise<void> {
  const db = await createConnection({ uri: databaseUrl });
  const redis = new Redis(redisUrl);
  await redis.ping();
  process.on('message', () => void timed(db, redis));
  process.send?.({ ready: true });
}

async function timed(db: Connection, redis: Redis): Promise<void> {
  const startedAt = performance.now();
  const corrected = await syncAll(db, redis);
  process.send?.({ seconds: (performance.now() - startedAt) / 1_000, corrected });
}

/** @returns how many balances were not equal */
async function syncAll(db: Connection, redis: Redis): Promise<number> {
  let corrected = 0;
  let after = '0';
  for (;;) {
    const [rows] = page.parse(
      await db.query(
        `SELECT CAST(user_id AS CHAR) AS userId, CAST(balance AS CHAR) AS balance FROM point_balances
         WHERE user_id > ? ORDER BY user_id LIMIT ${PAGE}`,
        [after],
      ),
    );
    for (const { userId, balance } of rows) {
      const key = `point:balance:${userId}`;
      if ((await redis.get(key)) !== balance) corrected += 1;
      // In any case: who is equal is to live on as well.
      await redis.set(key, balance, 'EX', TTL_SECONDS);
    }
    after = rows.at(-1)?.userId ?? after;
    if (rows.length < PAGE) return corrected;
  }
}
