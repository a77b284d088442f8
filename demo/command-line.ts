import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

/** @returns whether the command ran through; a failure is one line on standard error, under the command's name. */
export async function ranThrough(program: Command, name: string): Promise<boolean> {
  try {
    await program.parseAsync();
    return true;
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

/** 128 and SIGPIPE, as every program ends whose reader has seen enough. */
export const NOBODY_READS = 141;

/** What runs is to be brought down in order, and not by the error of a write. What is still written goes nowhere. */
export function whenNobodyReads(end: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      end();
    });
  }
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
