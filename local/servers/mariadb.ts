import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-process.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { asServerUser, ensureDataDirectory, temporaryDirectory } from './mariadb-data-directory.ts';
import { COLLATION, MYSQL8_SQL_MODE, TIME_ZONE } from './mysql-defaults.ts';
import { endOrphan } from './orphan.ts';
import type { MariaDbPrograms } from './programs.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export interface MariaDbOptions {
  /** Made when it is not there; used again, after InnoDB's recovery where needed, when it is. */
  readonly dataDir: string;
  readonly logFile: string;
  readonly programs: MariaDbPrograms;
  readonly port?: number;
}

export interface RunningMariaDb extends GuardedProcess {
  /** mysql://root@127.0.0.1:port/grantline */
  readonly url: string;
}

const DATABASE = 'grantline';
/** InnoDB's recovery of a large log is part of a start. */
const START_TIMEOUT_MS = 120_000;
/** sun_path holds 108 bytes on Linux and 104 on macOS. */
const MAX_SOCKET_PATH = 100;

/**
 * A private MariaDB that listens on 127.0.0.1 only, with the defaults of MySQL 8 where the two differ.
 * @throws Error of one line when it does not come up.
 */
export async function startMariaDb(options: MariaDbOptions): Promise<RunningMariaDb> {
  const dataDir = resolve(options.dataDir);
  const pidFile = join(dataDir, 'mariadbd.pid');
  await endOrphan(dataDir, pidFile);
  await mkdir(temporaryDirectory(dataDir), { recursive: true });
  await ensureDataDirectory(dataDir, options.programs.mariadbInstallDb);

  const port = options.port ?? (await freePort());
  const server = await startGuarded({
    command: options.programs.mariadbd,
    args: [...serverArguments(dataDir, port), `--pid-file=${pidFile}`, ...asServerUser()],
    logFile: options.logFile,
  });
  const how = { name: `mariadbd on port ${port}`, logFile: options.logFile, timeoutMs: START_TIMEOUT_MS };
  await waitUntilReady(server, () => createDatabase(socketPath(dataDir)), how);
  return { ...server, url: `mysql://root@127.0.0.1:${port}/${DATABASE}` };
}

function serverArguments(dataDir: string, port: number): string[] {
  return [
    '--no-defaults',
    `--datadir=${dataDir}`,
    `--tmpdir=${temporaryDirectory(dataDir)}`,
    `--socket=${socketPath(dataDir)}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    `--collation-server=${COLLATION}`,
    `--sql-mode=${MYSQL8_SQL_MODE}`,
    `--default-time-zone=${TIME_ZONE}`,
    '--max-connections=500',
    // A Data API request is at most 4 MiB, but its text grows when it is escaped.
    '--max-allowed-packet=64M',
    '--innodb-buffer-pool-size=256M',
    '--innodb-log-file-size=256M',
    // Said though it is the default: a grant that was acknowledged survives a crash, as on Aurora.
    '--innodb-flush-log-at-trx-commit=1',
    // Aurora MySQL's level; MariaDB has the same default, but a distribution may change it.
    '--transaction-isolation=REPEATABLE-READ',
  ];
}

function socketPath(dataDir: string): string {
  const inside = join(dataDir, 'mariadbd.sock');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  return join(tmpdir(), `grantline-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.sock`);
}

/** By the socket, not the port: behind the port another server may answer. False while nobody accepts yet. */
async function createDatabase(socket: string): Promise<boolean> {
  try {
    const connection = await createConnection({ socketPath: socket, user: 'root', connectTimeout: 2_000 });
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`);
    await connection.end();
    return true;
  } catch {
    return false;
  }
}
