import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CDK = fileURLToPath(new URL('../node_modules/aws-cdk/bin/cdk', import.meta.url));

/** CDK's own rules are `npm run synth`'s to check: they change no template, and take as long as all the rest here. */
const QUICK = ['--quiet', '--no-validation'];

/**
 * `cdk synth` of the dev stage, as a deployment would do it.
 * @param context `-c name=value` overrides of the stage's configuration
 * @throws Error with what cdk said
 */
export async function synthesise(
  outputDirectory: string,
  context: Readonly<Record<string, string | number>>,
): Promise<void> {
  const overrides = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // cdk.json says `node bin/grantline.ts`: that is to be this Node.
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  try {
    await promisify(execFile)(
      process.execPath,
      [CDK, 'synth', ...QUICK, '--output', outputDirectory, '-c', 'stage=dev', ...overrides],
      { cwd: ROOT, env: { ...process.env, PATH: path, CI: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' } },
    );
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`cdk synth failed: ${said}`, { cause: error });
  }
}
