import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version whose inner classes fauxqs.ts reaches by path and whose gaps this folder mends. */
export const pinnedFauxqsVersion = '2.4.1';

/** @throws Error in one line when the installed fauxqs is another version than the one mended here. */
export function requirePinnedFauxqs(installed = installedFauxqsVersion()): void {
  if (installed === pinnedFauxqsVersion) return;
  throw new Error(
    `the local SQS mends fauxqs ${pinnedFauxqsVersion} but ${installed} is installed: pin it in package.json`,
  );
}

function installedFauxqsVersion(): string {
  const manifest = readFileSync(
    new URL('../../../node_modules/fauxqs/package.json', import.meta.url),
    'utf8',
  );
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}
