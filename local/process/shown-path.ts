import { relative } from 'node:path';

/** A path as messages show it: from where the user stands, never the machine's own layout. */
export function shownPath(path: string): string {
  return relative(process.cwd(), path) || '.';
}
