import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { COULD_NOT, REFUSED } from '../campaigns/run-command.ts';
import { CommandFailure } from '../failure.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Asks on a terminal. Elsewhere nobody is there to answer, and silence is no yes.
 * @throws CommandFailure when the answer is not yes, or cannot be had
 */
export async function confirm(
  name: string,
  question: string,
  { yes }: { readonly yes: boolean },
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes) return;
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new CommandFailure(`${name}: nobody is there to be asked: say --yes`, COULD_NOT);
  }
  const terminal = createInterface({ input, output });
  try {
    // Ctrl-C and Ctrl-D close it, and leave the question without an answer.
    const closed = once(terminal, 'close').then(() => undefined);
    const asked = terminal.question(`${question} [y/N] `).catch(() => undefined);
    const answer = await Promise.race([asked, closed]);
    if (answer === undefined) output.write('\n');
    else if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new CommandFailure(`${name}: nothing was done`, REFUSED);
}
