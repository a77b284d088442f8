import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ensurePrograms } from '../../local/servers/programs.ts';
import { startRedis } from '../../local/servers/redis.ts';

export interface TestRedis {
  /** redis://127.0.0.1:port */
  readonly url: string;
  readonly pid: number;
  /** Beside the code that is tested, for preparing and looking. */
  readonly look: Redis;
  close(): Promise<void>;
}

/** A new, empty Redis of the test's own; `close` ends it and removes its files. */
export async function startTestRedis(): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'grantline-redis-'));
  const { redisServer } = await ensurePrograms((line) => console.log(line), { mariadb: false, redis: true });
  if (redisServer === undefined) throw new Error('no redis-server');
  const server = await startRedis({
    dataDir: directory,
    logFile: join(directory, 'redis.log'),
    programs: { redisServer },
  });
  const look = new Redis(server.url);
  return {
    url: server.url,
    pid: server.pid,
    look,
    close: async () => {
      look.disconnect();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
