import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { shownPath } from '../process/shown-path.ts';

/** MariaDB refuses to run as root unless it is told to. */
export function asServerUser(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** One server's own: a server that starts removes every temporary table that it finds in its directory. */
export function temporaryDirectory(dataDir: string): string {
  return `${dataDir}.tmp`;
}

/**
 * Makes a new data directory whose root user needs no password.
 * It is made beside and renamed, so that a directory which is there is always a whole one.
 */
export async function ensureDataDirectory(dataDir: string, mariadbInstallDb: string): Promise<void> {
  if (existsSync(join(dataDir, 'mysql'))) return;
  const unfinished = `${dataDir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(temporaryDirectory(dataDir), { recursive: true });
  try {
    await promisify(execFile)(mariadbInstallDb, [
      '--no-defaults',
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      `--datadir=${unfinished}`,
      `--tmpdir=${temporaryDirectory(dataDir)}`,
      ...asServerUser(),
    ]);
    await rename(unfinished, dataDir);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').at(0) : String(error);
    throw new Error(`cannot make the database directory ${shownPath(dataDir)}: ${reason}`, { cause: error });
  }
}
