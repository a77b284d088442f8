import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMariaDb } from '../../local/servers/mariadb.ts';
import { ensureMariaDb } from '../../local/servers/programs.ts';

export interface TestDatabase {
  /** mysql://root@127.0.0.1:port/grantline */
  readonly url: string;
  /** For mysql2's createConnection or createPool. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  readonly pid: number;
  close(): Promise<void>;
}

/** A new, empty MariaDB of the test's own (about 2 s); `close` ends it and removes its files. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'grantline-db-'));
  const server = await startMariaDb({
    dataDir: join(directory, 'data'),
    logFile: join(directory, 'mariadb.log'),
    programs: await ensureMariaDb((line) => console.log(line)),
  });
  const { hostname, port, username, pathname } = new URL(server.url);
  return {
    url: server.url,
    connection: { host: hostname, port: Number(port), user: username, database: pathname.slice(1) },
    pid: server.pid,
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
