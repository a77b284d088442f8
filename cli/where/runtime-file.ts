/**
 * The state file by which `npm run local` says where it is: .local/runtime.json in the repository, there while the
 * runtime is. It holds no password: the database is reached through the Data API alone.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';

export const RUNTIME_FILE = join('.local', 'runtime.json');

const runtimeState = z.object({
  pid: z.int().positive(),
  startedAt: z.iso.datetime(),
  region: z.string().min(1),
  endpoints: z.object({
    sqs: z.url(),
    rdsData: z.url(),
    lambda: z.url(),
    stepFunctions: z.url(),
    scheduler: z.url(),
    secretsManager: z.url(),
    sns: z.url(),
    cloudwatch: z.url(),
  }),
  moneyApi: z.object({ url: z.url(), isStandIn: z.boolean() }),
  /** Of all stacks, by name. */
  outputs: z.record(z.string(), z.string()),
});
export type RuntimeState = z.infer<typeof runtimeState>;

export async function writeRuntimeFile(path: string, state: RuntimeState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Renamed, so that nobody reads half of it.
  const unfinished = `${path}.${state.pid}`;
  await writeFile(unfinished, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, path);
}

/** Leaves one alone that another runtime has written since. */
export async function removeRuntimeFile(path: string, pid: number): Promise<void> {
  const found = parse(await readFile(path, 'utf8').catch(() => ''));
  if (found?.pid === pid) await rm(path, { force: true });
}

/**
 * That of the folder or the nearest one above it, as npm finds a package.
 * @throws Error of one line: there is none, it is no such file, or its process is gone
 */
export async function readRuntimeFile(folder: string): Promise<RuntimeState> {
  const { path, text } = await nearest(folder);
  const state = parse(text);
  if (state === undefined) throw new Error(`${path} is no state file of npm run local: start it anew`);
  if (!isAlive(state.pid)) {
    throw new Error(
      `npm run local is gone (process ${state.pid}, started ${state.startedAt}), only ${path} is left: start it again`,
    );
  }
  return state;
}

async function nearest(folder: string): Promise<{ path: string; text: string }> {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, RUNTIME_FILE);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return { path, text };
    if (dirname(at) === at) throw new Error('nothing runs here: start npm run local in this folder first');
  }
}

function parse(text: string): RuntimeState | undefined {
  try {
    return runtimeState.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
