import { CommandFailure, oneLine } from '../failure.ts';

/** It was asked for what the campaign's state does not allow, or for one that does not exist. */
export const REFUSED = 1;
/** It could not be done: a wrong option, no deployment, no database. */
export const COULD_NOT = 2;

export const EXIT_CODES = `
Exit codes:
  0  it is done
  1  refused: no such promotion, or its state does not allow it
  2  it could not be done: a wrong option, no deployment, no database`;

/** @throws CommandFailure of one line: what stopped the command says nothing about the campaign */
export async function running<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${name}: ${oneLine(error)}`, COULD_NOT, { cause: error });
  }
}

export function refuse(name: string, message: string): never {
  throw new CommandFailure(`${name}: ${message}`, REFUSED);
}
