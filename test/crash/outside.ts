/** Database, Redis and Money API in processes of their own, which outlive the runtime and can be taken away; and Slack. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService } from '../../local/process/child-service.ts';
import { goFirst } from '../../local/process/priority.ts';
import { startMariaDb } from '../../local/servers/mariadb.ts';
import { ensurePrograms } from '../../local/servers/programs.ts';
import { startRedis } from '../../local/servers/redis.ts';
import type { MoneyApiOptions } from '../../stand-ins/money-api/options.ts';
import { moneyApiStats } from '../../stand-ins/money-api/stats.ts';
import type { MoneyApiStats } from '../../stand-ins/money-api/stats.ts';
import { startSlack } from '../../stand-ins/slack/server.ts';

const API_KEY = 'crash-test-key';

export interface Outside {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly money: { readonly url: string; readonly apiKey: string };
  readonly slack: { readonly webhookUrl: string };
  moneyStats(): Promise<MoneyApiStats>;
  controlMoney(change: Partial<MoneyApiOptions>): Promise<void>;
  /** SIGKILL; gone for so long, then back on the same port, empty. */
  takeRedisAway(seconds: number): Promise<void>;
  /** SIGKILL; gone for so long, then back on the same port and data, after InnoDB's recovery. */
  takeDatabaseAway(seconds: number): Promise<void>;
  /** Stopped as it stands: connections stay open and nobody answers. */
  freezeDatabase(seconds: number): Promise<void>;
  close(): Promise<void>;
}

export async function startOutside(
  directory: string,
  standIn: Omit<MoneyApiOptions, 'apiKey'>,
  report: (line: string) => void,
): Promise<Outside> {
  const { mariadbd, mariadbInstallDb, redisServer } = await ensurePrograms(report, {
    mariadb: true,
    redis: true,
  });
  const log = (name: string) => join(directory, 'logs', `${name}.log`);
  const databaseOptions = {
    dataDir: join(directory, 'mariadb'),
    logFile: log('mariadb'),
    programs: { mariadbd, mariadbInstallDb },
  };
  const redisOptions = {
    dataDir: join(directory, 'redis'),
    logFile: log('redis'),
    programs: { redisServer },
  };

  let database = await startMariaDb(databaseOptions);
  let redis = await startRedis(redisOptions);
  const money = await spawnService(
    new URL('../../stand-ins/money-api/main.ts', import.meta.url),
    { ...standIn, apiKey: API_KEY },
    { logFile: log('money-api') },
  );
  goFirst(money.pid);
  const slack = await startSlack();
  const portOf = (url: string) => Number(new URL(url).port);
  const { url: databaseUrl } = database;
  const { url: redisUrl } = redis;

  return {
    databaseUrl,
    redisUrl,
    money: { url: money.url, apiKey: API_KEY },
    slack: { webhookUrl: slack.webhookUrl },
    async moneyStats() {
      return moneyApiStats.parse(await (await fetch(`${money.url}/stats`)).json());
    },
    async controlMoney(change) {
      await fetch(`${money.url}/control`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(change),
      });
    },
    async takeRedisAway(seconds) {
      process.kill(redis.pid, 'SIGKILL');
      await redis.close();
      await sleep(seconds * 1000);
      redis = await startRedis({ ...redisOptions, port: portOf(redisUrl) });
    },
    async takeDatabaseAway(seconds) {
      process.kill(database.pid, 'SIGKILL');
      await database.close();
      await sleep(seconds * 1000);
      database = await startMariaDb({ ...databaseOptions, port: portOf(databaseUrl) });
    },
    async freezeDatabase(seconds) {
      process.kill(database.pid, 'SIGSTOP');
      await sleep(seconds * 1000);
      process.kill(database.pid, 'SIGCONT');
    },
    async close() {
      await Promise.all([database.close(), redis.close(), money.close(), slack.close()]);
    },
  };
}
