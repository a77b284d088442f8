import * as z from 'zod';
import { printable } from './output/printable.ts';

/** Ends a command with one line on standard error and its exit code. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** What went wrong, in one line: a person reads it, and a stack trace helps nobody at three in the morning. */
export function oneLine(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `the database holds what no version of Grantline writes: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  }
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  // Several addresses that all refuse are an error without a message.
  const [message = ''] = (error.message || code || error.name).split('\n', 1);
  return printable(UNREACHABLE.has(code) ? `nothing answers: ${message}` : message);
}
