import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedProcess } from './guarded-process.ts';
import { shownPath } from '../process/shown-path.ts';

const POLL_MS = 50;

/**
 * Asks `isReady` until it answers true.
 * @throws Error of one line, with what the log says, when the server ends before or takes longer than allowed.
 */
export async function waitUntilReady(
  server: GuardedProcess,
  isReady: () => Promise<boolean>,
  how: { readonly name: string; readonly logFile: string; readonly timeoutMs: number },
): Promise<void> {
  const state = { ended: false };
  void server.exited.then(() => {
    state.ended = true;
  });
  const deadline = performance.now() + how.timeoutMs;
  while (!(await isReady())) {
    const late = performance.now() > deadline;
    if (late) await server.close();
    if (state.ended || late) {
      const what = late ? `did not answer within ${how.timeoutMs / 1000} s` : 'ended at its start';
      throw new Error(
        `${how.name} ${what}: ${await lastErrorLine(how.logFile)} (log: ${shownPath(how.logFile)})`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function lastErrorLine(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n');
  return lines.findLast((line) => /error|fatal|# /i.test(line)) ?? lines.at(-1) ?? 'no log';
}
