import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'mysql2/promise';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort } from '../../../local/servers/free-port.ts';
import { startMariaDb } from '../../../local/servers/mariadb.ts';
import { ensureMariaDb, ensurePrograms, ensureRedis } from '../../../local/servers/programs.ts';
import { startRedis } from '../../../local/servers/redis.ts';

let directory: string;
let closers: (() => Promise<void>)[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grantline-servers-'));
  closers = [];
});

afterEach(async () => {
  await Promise.all(closers.map((close) => close()));
  await rm(directory, { recursive: true, force: true });
});

const silent = () => undefined;

async function mariaDb(dataDir = join(directory, 'data')) {
  const programs = await ensureMariaDb(silent);
  const server = await startMariaDb({ dataDir, logFile: join(directory, 'mariadb.log'), programs });
  closers.push(() => server.close());
  return server;
}

async function select(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function hasEnded(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) await sleep(100);
  return !isAlive(pid);
}

const ownerReport = z.tuple([z.object({ pid: z.number(), url: z.string() })]).rest(z.unknown());

/** Runs an owner of a server in a process of its own, so that it can be killed. */
async function ownerProcess(dataDir: string) {
  const owner = fork(new URL('../../support/mariadb-owner.ts', import.meta.url), [dataDir], { execArgv: [] });
  const messages: unknown = await once(owner, 'message');
  const { pid, url } = ownerReport.parse(messages)[0];
  closers.push(async () => {
    owner.kill('SIGKILL');
    await hasEnded(pid);
  });
  return { pid, url, kill: () => owner.kill('SIGKILL') };
}

// Each test makes a data directory or two, on a machine that may be busy.
describe('MariaDB', { timeout: 60_000 }, () => {
  test('has the rules of MySQL 8, utf8mb4 and the time of Seoul', async () => {
    // Prepare
    const { url } = await mariaDb();

    // Act
    const rows = await select(
      url,
      `SELECT @@sql_mode LIKE '%ONLY_FULL_GROUP_BY%' AS strict, @@character_set_server AS charset,
        @@global.time_zone AS zone, @@innodb_flush_log_at_trx_commit AS flush, DATABASE() AS db`,
    );

    // Assess
    expect(rows).toEqual([{ strict: 1, charset: 'utf8mb4', zone: '+09:00', flush: 1, db: 'grantline' }]);
  });

  test('keeps its rows over a restart', async () => {
    // Prepare
    const first = await mariaDb();
    await select(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');

    // Act
    await first.close();
    const second = await mariaDb();

    // Assess
    expect(isAlive(first.pid)).toBe(false);
    expect(await select(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  test('starts in a directory whose path is too long for a socket', async () => {
    const { url } = await mariaDb(join(directory, 'd'.repeat(120), 'data'));
    expect(await select(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('recovers what a killed server left', async () => {
    // Prepare
    const killed = await mariaDb();
    await select(killed.url, 'CREATE TABLE kept AS SELECT 1 AS n');

    // Act
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    const next = await mariaDb();

    // Assess
    expect(await select(next.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  test('ends when its owner is killed, and the directory can be used again', async () => {
    // Prepare
    const dataDir = join(directory, 'data');
    const owner = await ownerProcess(dataDir);

    // Act
    owner.kill();
    const next = await mariaDb(dataDir);

    // Assess
    expect(await hasEnded(owner.pid)).toBe(true);
    expect(await select(next.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('is not started on a directory that another run uses', async () => {
    // Prepare
    const dataDir = join(directory, 'data');
    const owner = await ownerProcess(dataDir);

    // Act
    const attempt = mariaDb(dataDir);

    // Assess
    await expect(attempt).rejects.toThrow(/in use by another running Grantline \(mariadbd \d+\)/);
    expect(await select(owner.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('that cannot start says why in one line', async () => {
    // Prepare
    const other = await mariaDb();

    // Act
    const attempt = startMariaDb({
      dataDir: join(directory, 'second'),
      logFile: join(directory, 'second.log'),
      programs: await ensureMariaDb(silent),
      port: Number(new URL(other.url).port),
    });

    // Assess
    await expect(attempt).rejects.toThrow(/^mariadbd on port \d+ ended at its start: .*second\.log\)$/);
  });
});

describe('Redis', () => {
  test('answers on its port, and ends when closed', async () => {
    // Prepare
    const programs = await ensureRedis(silent);
    const server = await startRedis({ dataDir: directory, logFile: join(directory, 'redis.log'), programs });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');

    // Act
    socket.write('SET a 1\r\nGET a\r\n');
    await sleep(100);
    const answer: unknown = socket.read();
    socket.destroy();
    await server.close();

    // Assess
    expect(String(answer)).toBe('+OK\r\n$1\r\n1\r\n');
    expect(isAlive(server.pid)).toBe(false);
  });

  test('does not take another server on its port for itself', async () => {
    // Prepare
    const programs = await ensureRedis(silent);
    const how = { dataDir: directory, logFile: join(directory, 'redis.log'), programs };
    const other = await startRedis(how);
    closers.push(() => other.close());

    // Act
    const attempt = startRedis({ ...how, port: Number(new URL(other.url).port) });

    // Assess
    await expect(attempt).rejects.toThrow(/^redis on port \d+ ended at its start: /);
  });

  test('that is no program says so in one line', async () => {
    const programs = { redisServer: join(directory, 'no-such-program') };
    const attempt = startRedis({ dataDir: directory, logFile: join(directory, 'redis.log'), programs });
    await expect(attempt).rejects.toThrow(/^cannot start .*no-such-program: .*ENOENT$/);
  });
});

describe('programs', () => {
  const bareMachine = { directories: [], uid: 1_000 };

  test('that are there are found, without a word', async () => {
    // Act
    const lines: string[] = [];
    const programs = await ensurePrograms((line) => lines.push(line));

    // Assess
    expect(Object.keys(programs).toSorted()).toEqual(['mariadbInstallDb', 'mariadbd', 'redisServer']);
    expect(lines).toEqual([]);
  });

  test('that are missing and cannot be installed are told with what to do', async () => {
    await expect(ensurePrograms(silent, { mariadb: true, redis: true }, bareMachine)).rejects.toThrow(
      /apt-get install mariadb-server-core mariadb-client-core redis-server.*brew install mariadb redis.*DATABASE_URL and REDIS_URL/,
    );
    await expect(ensureRedis(silent, bareMachine)).rejects.toThrow(
      /^needs redis .*set REDIS_URL to a running server$/,
    );
  });

  test('that are not needed are not looked for', async () => {
    expect(await ensurePrograms(silent, { mariadb: false, redis: false }, bareMachine)).toEqual({});
  });
});

test('a free port can be listened on', async () => {
  expect(await freePort()).toBeGreaterThan(1_023);
});
