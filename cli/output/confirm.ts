import { createInterface } from 'node:readline/promises';
import { CommandFailure } from '../failure.ts';

/** Asks on a terminal; elsewhere nobody is there to answer. @throws CommandFailure when the answer is not yes */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<void> {
  if (yes || !process.stdin.isTTY || !process.stderr.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new CommandFailure('nothing was done', 1);
}
