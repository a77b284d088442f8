import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { aptInstall, aptPrivilege } from './apt.ts';
import { findProgram, programDirectories } from './find-program.ts';

/** Paths of the server programs. */
export interface Programs {
  readonly mariadbd: string;
  readonly mariadbInstallDb: string;
  readonly redisServer: string;
}
export type MariaDbPrograms = Pick<Programs, 'mariadbd' | 'mariadbInstallDb'>;
export type RedisPrograms = Pick<Programs, 'redisServer'>;

/** What is to be there: leave one out when DATABASE_URL or REDIS_URL names a running server. */
export interface Needs {
  readonly mariadb: boolean;
  readonly redis: boolean;
}

/** What the search depends on; a test gives another one. */
export interface Machine {
  readonly directories: readonly string[];
  readonly uid: number;
}

const SERVERS = {
  mariadb: {
    packages: ['mariadb-server-core', 'mariadb-client-core'],
    brew: 'mariadb',
    urlVariable: 'DATABASE_URL',
  },
  redis: { packages: ['redis-server'], brew: 'redis', urlVariable: 'REDIS_URL' },
} as const;
type Server = keyof typeof SERVERS;

/**
 * Finds the needed server programs, and installs Debian's packages of those that are missing.
 * @param report is told, in one line, before anything is installed.
 * @throws Error of one line that says what to install, where that cannot be done here.
 */
export function ensurePrograms(
  report: (line: string) => void,
  needs?: { readonly mariadb: true; readonly redis: true },
  machine?: Machine,
): Promise<Programs>;
export function ensurePrograms(
  report: (line: string) => void,
  needs: Needs,
  machine?: Machine,
): Promise<Partial<Programs>>;
export async function ensurePrograms(
  report: (line: string) => void,
  needs: Needs = { mariadb: true, redis: true },
  machine: Machine = thisMachine(),
): Promise<Partial<Programs>> {
  const first = await findServers(machine);
  const missing = missingServers(needs, first);
  if (missing.length === 0) return { ...first.mariadb, ...first.redis };
  await install(missing, machine, report);
  const second = await findServers(machine);
  const stillMissing = missingServers(needs, second);
  if (stillMissing.length > 0)
    throw new Error(advice(stillMissing, 'the installed packages do not have them'));
  return { ...second.mariadb, ...second.redis };
}

/** As `ensurePrograms`, of the database alone. */
export async function ensureMariaDb(
  report: (line: string) => void,
  machine: Machine = thisMachine(),
): Promise<MariaDbPrograms> {
  const { mariadbd, mariadbInstallDb } = await ensurePrograms(
    report,
    { mariadb: true, redis: false },
    machine,
  );
  if (mariadbd === undefined || mariadbInstallDb === undefined)
    throw new Error(advice(['mariadb'], 'not found'));
  return { mariadbd, mariadbInstallDb };
}

/** As `ensurePrograms`, of Redis or Valkey alone. */
export async function ensureRedis(
  report: (line: string) => void,
  machine: Machine = thisMachine(),
): Promise<RedisPrograms> {
  const { redisServer } = await ensurePrograms(report, { mariadb: false, redis: true }, machine);
  if (redisServer === undefined) throw new Error(advice(['redis'], 'not found'));
  return { redisServer };
}

function thisMachine(): Machine {
  return { directories: programDirectories(process.env['PATH']), uid: process.getuid?.() ?? -1 };
}

interface Found {
  readonly mariadb?: MariaDbPrograms;
  readonly redis?: RedisPrograms;
}

async function findServers({ directories }: Machine): Promise<Found> {
  const mariadbd = findProgram(['mariadbd'], directories) ?? (await findMariaDbAsMysqld(directories));
  const mariadbInstallDb = findProgram(['mariadb-install-db', 'mysql_install_db'], directories);
  const redisServer = findProgram(['redis-server', 'valkey-server'], directories);
  return {
    ...(mariadbd !== undefined &&
      mariadbInstallDb !== undefined && { mariadb: { mariadbd, mariadbInstallDb } }),
    ...(redisServer !== undefined && { redis: { redisServer } }),
  };
}

/** Old MariaDB calls its server mysqld, and so does MySQL, whose options and data directory are others. */
async function findMariaDbAsMysqld(directories: readonly string[]): Promise<string | undefined> {
  const mysqld = findProgram(['mysqld'], directories);
  if (mysqld === undefined) return undefined;
  const { stdout } = await promisify(execFile)(mysqld, ['--version']).catch(() => ({ stdout: '' }));
  return stdout.includes('MariaDB') ? mysqld : undefined;
}

function missingServers(needs: Needs, found: Found): Server[] {
  return (['mariadb', 'redis'] as const).filter((server) => needs[server] && found[server] === undefined);
}

async function install(missing: readonly Server[], machine: Machine, report: (line: string) => void) {
  const packages = missing.flatMap((server) => [...SERVERS[server].packages]);
  const privilege = aptPrivilege(machine.directories, machine.uid);
  if (privilege === undefined)
    throw new Error(advice(missing, 'not found, and not installable by this user'));
  report(`installing ${packages.join(' ')} with apt-get (once, about 15 s)`);
  try {
    await aptInstall(packages, privilege);
  } catch (error) {
    throw new Error(
      advice(missing, `apt-get failed: ${error instanceof Error ? error.message : 'unknown'}`),
      {
        cause: error,
      },
    );
  }
}

function advice(missing: readonly Server[], why: string): string {
  const servers = missing.map((server) => SERVERS[server]);
  const apt = servers.flatMap((server) => server.packages).join(' ');
  const brew = servers.map((server) => server.brew).join(' ');
  const urls = servers.map((server) => server.urlVariable).join(' and ');
  return (
    `needs ${missing.join(' and ')} (${why}): run "apt-get install ${apt}" as root or "brew install ${brew}", ` +
    `or set ${urls} to a running server`
  );
}
