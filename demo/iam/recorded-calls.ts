/** What roles have called on this machine: every demo and `npm run local` adds to it, and tests that start one. */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callLogIn, parseCalls } from '../../local/iam/call-log.ts';
import type { LoggedCall } from '../../local/iam/call-log.ts';

const RECORD = fileURLToPath(new URL('../../.local/calls-of-roles.jsonl', import.meta.url));

/** @param logDirectory of a run that has ended */
export async function recordCalls(logDirectory: string, record = RECORD): Promise<void> {
  const known = new Set((await read(record)).split('\n'));
  const made = (await readFile(callLogIn(logDirectory), 'utf8')).split('\n').map(withoutExecution);
  const added = [...new Set(made)].filter((line) => !known.has(line)).map((line) => `${line}\n`);
  await mkdir(dirname(record), { recursive: true });
  await appendFile(record, added.join(''));
}

/** @throws Error of one line when nothing has run yet */
export async function recordedCalls(record = RECORD): Promise<LoggedCall[]> {
  const text = await read(record);
  if (text !== '') return parseCalls(text);
  throw new Error(
    'nothing has run here yet: npm run demo, with each --pipeline, and npm test record what is called',
  );
}

export async function forgetCalls(record = RECORD): Promise<void> {
  await rm(record, { force: true });
}

/** Each run has names of its own, and what is granted is granted for all: one line is enough. */
function withoutExecution(line: string): string {
  return line.replaceAll(/(:(?:execution|mapRun):[^":]+):[^"\s]+/g, '$1:any');
}

async function read(record: string): Promise<string> {
  return existsSync(record) ? readFile(record, 'utf8') : '';
}
