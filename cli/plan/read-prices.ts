import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { withPrices } from './prices.ts';
import type { Prices } from './prices.ts';

/** The list prices with what the file says in their place. @throws Error of one line that names the file */
export async function readPrices(path: string): Promise<Prices> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`the price file ${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  });
  try {
    return withPrices(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Error(`the price file ${path} is not JSON`, { cause: error });
    }
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const where = ['', ...(issue?.path ?? [])].join('.').slice(1);
    throw new Error(`the price file ${path}: ${where === '' ? '' : `${where}: `}${issue?.message ?? ''}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'there is none';
  return error instanceof Error ? error.message : String(error);
}
