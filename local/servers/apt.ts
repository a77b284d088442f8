import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './find-program.ts';

/**
 * policy-rc.d is Debian's own way to install a package without starting its service: redis-server's postinst
 * would start one on port 6379. RUNLEVEL=1 reaches only invoke-rc.d, not systemd. A policy that is there
 * already (containers have one) is the owner's and stays.
 */
const INSTALL = `set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update
apt-get install -y --no-install-recommends "$@"`;

/** How this machine's user may install Debian packages: the command in front of a shell; undefined: not at all. */
export function aptPrivilege(directories: readonly string[], uid: number): readonly string[] | undefined {
  if (findProgram(['apt-get'], directories) === undefined) return undefined;
  if (uid === 0) return [];
  const sudo = findProgram(['sudo'], directories);
  // -n: a question for a password in the middle of a start would look like a hang.
  return sudo === undefined ? undefined : [sudo, '-n'];
}

/** @throws Error with apt's last line. */
export async function aptInstall(packages: readonly string[], privilege: readonly string[]): Promise<void> {
  const [command = 'sh', ...rest] = [...privilege, 'sh', '-c', INSTALL, 'apt', ...packages];
  try {
    await promisify(execFile)(command, rest, { maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new Error(output.trim().split('\n').at(-1) ?? 'apt-get failed', { cause: error });
  }
}
