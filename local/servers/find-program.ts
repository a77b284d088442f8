import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where servers live though a user's PATH often leaves it out: Debian's sbin, Homebrew on ARM and Intel. */
const BEYOND_PATH = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

export function programDirectories(path: string | undefined): string[] {
  return [...(path ?? '').split(delimiter).filter((directory) => directory !== ''), ...BEYOND_PATH];
}

/** The first of `names` (in order of preference) that can be run from one of the directories. */
export function findProgram(names: readonly string[], directories: readonly string[]): string | undefined {
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
