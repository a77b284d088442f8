import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CDK = fileURLToPath(new URL('../../node_modules/aws-cdk/bin/cdk', import.meta.url));

/** Someone who was interrupted: 128 and SIGINT. */
const INTERRUPTED = 130;

/** The CDK CLI on this terminal. @returns its exit code */
export async function runCdk(args: readonly string[]): Promise<number> {
  // cdk.json says `node bin/grantline.ts`: that is to be this Node.
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  // Ctrl-C reaches CDK too, which ends in order; this process waits for it.
  process.on('SIGINT', () => undefined);
  const cdk = spawn(process.execPath, [CDK, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  await once(cdk, 'exit');
  return cdk.exitCode ?? INTERRUPTED;
}
