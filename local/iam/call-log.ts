/** Every different call that roles made in a run, by all services: a line of JSON each. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const loggedCall = z
  .object({
    role: z.string(),
    action: z.string(),
    resource: z.string(),
    context: z.record(z.string(), z.string()).optional(),
    /** Why it was refused, and what is missing; undefined when it was allowed. */
    refusal: z.string().optional(),
  })
  .transform(({ context, refusal, ...call }) => ({
    ...call,
    ...(context === undefined ? {} : { context }),
    ...(refusal === undefined ? {} : { refusal }),
  }));
export type LoggedCall = z.output<typeof loggedCall>;

export function callLogIn(logDirectory: string): string {
  return join(logDirectory, 'calls-of-roles.jsonl');
}

/** By one write, so that lines of several processes do not mix. */
export function logCall(file: string, call: LoggedCall): void {
  appendFileSync(file, `${JSON.stringify(call)}\n`);
}

export function readCalls(file: string): LoggedCall[] {
  return parseCalls(readFileSync(file, 'utf8'));
}

/** A line that is not ended is being written. */
export function parseCalls(text: string): LoggedCall[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => loggedCall.parse(JSON.parse(line)));
}
