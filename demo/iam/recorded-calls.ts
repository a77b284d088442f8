/** What roles have called on this machine: every run of the local runtime adds to it. */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callLogIn, parseCalls } from '../../local/iam/call-log.ts';
import type { LoggedCall } from '../../local/iam/call-log.ts';

const RECORD = fileURLToPath(new URL('../../.local/calls-of-roles.jsonl', import.meta.url));

/** @param logDirectory of a run that has ended */
export async function recordCalls(logDirectory: string): Promise<void> {
  const known = new Set((await recorded()).split('\n'));
  const made = (await readFile(callLogIn(logDirectory), 'utf8')).split('\n');
  const added = made.filter((line) => !known.has(line)).map((line) => `${line}\n`);
  await mkdir(dirname(RECORD), { recursive: true });
  await appendFile(RECORD, added.join(''));
}

/** @throws Error of one line when nothing has run yet */
export async function recordedCalls(): Promise<LoggedCall[]> {
  const text = await recorded();
  if (text !== '') return parseCalls(text);
  throw new Error(
    'nothing has run here yet: npm run demo, with each --pipeline, and npm test record what is called',
  );
}

export async function forgetCalls(): Promise<void> {
  await rm(RECORD, { force: true });
}

async function recorded(): Promise<string> {
  return existsSync(RECORD) ? readFile(RECORD, 'utf8') : '';
}
