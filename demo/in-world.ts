import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NOBODY_READS, whenNobodyReads } from './command-line.ts';
import { startWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

const LOCAL = fileURLToPath(new URL('../.local/', import.meta.url));

export interface Setting {
  readonly world: World;
  readonly setupSeconds: number;
  /** Where people read: with --json, standard output carries the result and nothing else. */
  readonly out: NodeJS.WriteStream;
}

/**
 * Starts a world, has something shown in it, and ends it, also when it is interrupted.
 * @param show says whether all that was shown is verified; of what is not the logs are kept
 * @returns the exit code
 */
export async function inWorld(
  options: Pick<WorldOptions, 'context' | 'standIn' | 'coupons'> & { readonly json: boolean },
  show: (setting: Setting) => Promise<boolean>,
): Promise<number> {
  const { json, ...world } = options;
  const out = json ? process.stderr : process.stdout;
  const report = (line: string) => out.write(`${line}\n`);
  const begun = performance.now();
  await mkdir(LOCAL, { recursive: true });
  const dataDirectory = await mkdtemp(join(LOCAL, 'demo-'));

  let started: World | undefined;
  let verified = false;
  const stop = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
  interrupted.catch(() => undefined);
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  whenNobodyReads(() => stop.abort(NOBODY_READS));
  const nobodyReads = () => stop.signal.reason === NOBODY_READS;
  try {
    try {
      started = await startWorld({ ...world, dataDirectory, environment: process.env, report });
      const setupSeconds = (performance.now() - begun) / 1000;
      report(`ready after ${setupSeconds.toFixed(1)} s`);
      verified = await Promise.race([show({ world: started, setupSeconds, out }), interrupted]);
    } finally {
      await started?.close();
    }
    return verified ? 0 : 1;
  } catch (error) {
    verified = false;
    if (nobodyReads()) return NOBODY_READS;
    throw error;
  } finally {
    if (verified || nobodyReads()) await rm(dataDirectory, { recursive: true, force: true });
    else report(`the logs are in ${relative(process.cwd(), join(dataDirectory, 'logs'))}`);
  }
}
