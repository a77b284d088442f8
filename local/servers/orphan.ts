import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { shownPath } from '../process/shown-path.ts';

/** A server whose owner was killed is still being ended in order by its guardian for about this long. */
const SETTLING_MS = 10_000;
const ENDING_MS = 30_000;

/**
 * Makes sure that no server of an earlier run uses `dataDir` any more: two on one directory would harm it.
 * One without a guardian (it was killed as well) is ended.
 * @throws Error of one line when another run owns it, or when it does not end.
 */
export async function endOrphan(dataDir: string, pidFile: string): Promise<void> {
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).trim());
  if (!Number.isInteger(pid) || pid <= 0) return;
  if (await endsWithin(pid, dataDir, SETTLING_MS)) return;
  const owner = await processField(Number(await processField(pid, 'ppid')), 'args');
  if (owner.includes('guardian.ts')) {
    throw new Error(
      `${shownPath(dataDir)} is in use by another running Grantline (mariadbd ${pid}): stop that one first`,
    );
  }
  process.kill(pid, 'SIGTERM');
  if (!(await endsWithin(pid, dataDir, ENDING_MS))) {
    throw new Error(
      `${shownPath(dataDir)} is in use by mariadbd ${pid}, which does not end: run "kill -9 ${pid}"`,
    );
  }
}

async function endsWithin(pid: number, dataDir: string, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  // The number may belong to another process by now: only one that names our directory is meant.
  while ((await processField(pid, 'args')).includes(dataDir)) {
    if (performance.now() > deadline) return false;
    await sleep(200);
  }
  return true;
}

/** Empty when there is no such process. */
async function processField(pid: number, field: 'args' | 'ppid'): Promise<string> {
  const ps = promisify(execFile)('ps', ['-ww', '-o', `${field}=`, '-p', String(pid)]);
  return (await ps.catch(() => ({ stdout: '' }))).stdout.trim();
}
