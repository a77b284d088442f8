import { once } from 'node:events';

/** Writes to standard output and waits for whoever reads it: what nobody takes yet does not pile up in memory. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
