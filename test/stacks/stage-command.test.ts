/** bin/stage.ts as `npm run deploy`, `diff`, `destroy` and `synth` run it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { chooseStage } from '../../bin/stage/choose-stage.ts';
import { cdkArguments } from '../../bin/stage/cdk-arguments.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing is signed in: neither by the machine that runs the tests nor by what it is. */
const SIGNED_OUT = {
  HOME: '/nonexistent',
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  AWS_EC2_METADATA_DISABLED: 'true',
};

function stage(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = { ...Object.fromEntries(inherited), ...SIGNED_OUT, ...environment };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['bin/stage.ts', ...args],
      { cwd: ROOT, env },
      (_, stdout, stderr) => resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

describe('CDK is told', () => {
  test.each([
    [
      ['deploy', '--stage', 'dev'],
      'cdk deploy --all --require-approval broadening --output cdk.out/dev -c stage=dev',
    ],
    [
      ['deploy', '-c', 'stage=staging', '--yes'],
      'cdk deploy --all --require-approval never --output cdk.out/staging -c stage=staging',
    ],
    [
      ['diff', '--stage', 'prod', '-c', 'moneyTps=500', '--profile', 'payments'],
      'cdk diff --output cdk.out/prod -c moneyTps=500 -c stage=prod --profile payments',
    ],
    [
      ['deploy', '--stage', 'dev', '--hotswap', '--concurrency', '3'],
      'cdk deploy --all --require-approval broadening --output cdk.out/dev -c stage=dev --hotswap --concurrency 3',
    ],
    [
      ['deploy', '--stage', 'dev', '--exclusively', 'Grantline-dev-Jobs', 'Grantline-dev-PointSync'],
      'cdk deploy --require-approval broadening --output cdk.out/dev -c stage=dev --exclusively Grantline-dev-Jobs Grantline-dev-PointSync',
    ],
    [
      ['destroy', '--stage', 'dev', 'Grantline-dev-Monitoring'],
      'cdk destroy --output cdk.out/dev -c stage=dev Grantline-dev-Monitoring',
    ],
    [['destroy', '--stage', 'dev'], 'cdk destroy --all --output cdk.out/dev -c stage=dev'],
    [['destroy', '--stage', 'dev', '--yes'], 'cdk destroy --all --force --output cdk.out/dev -c stage=dev'],
  ])('by %j', async (args, expected) => {
    expect(await stage([...args, '--dry-run'])).toEqual({ exitCode: 0, stdout: `${expected}\n`, stderr: '' });
  });

  test('what it is told it is, by the version that is pinned', async () => {
    const credentials = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
    const { exitCode, stdout } = await stage(['deploy', '--stage', 'dev', '--yes', '--version'], credentials);

    expect(stdout).toMatch(/^2\.\d+\.\d+ /);
    expect(exitCode).toBe(0);
  });

  test('and what it says and ends with is what is seen', async () => {
    const credentials = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
    const { exitCode, stderr } = await stage(['diff', '--stage', 'dev', '--app', 'exit 7'], credentials);

    expect(exitCode).toBe(1);
    expect(stderr).toContain('exit 7');
  });
});

describe('what is refused, in one line', () => {
  test.each([
    ['no stage', ['deploy'], 'which stage? --stage dev, staging, prod'],
    [
      'two stages',
      ['destroy', '--stage', 'dev', '-c', 'stage=prod'],
      'which stage? --stage says dev, and -c says prod',
    ],
    [
      'a stage that there is not',
      ['diff', '--stage', 'qa'],
      'context: stage: Invalid option: expected one of "dev"|"staging"|"prod"',
    ],
    [
      'an override that there is not',
      ['deploy', '--stage', 'dev', '-c', 'moneyTsp=1'],
      'context: Unrecognized key: "moneyTsp"',
    ],
    ['a synthesis of such', ['synth', '-c', 'moneyTsp=1'], 'context: Unrecognized key: "moneyTsp"'],
    [
      'to remove prod, also by who asks not to be asked',
      ['destroy', '--stage', 'prod', '--yes'],
      'stage prod: removable: is off, as for every stage that keeps its data: remove its stacks by hand in CloudFormation if you mean it',
    ],
    [
      'to remove dev where nobody can be asked',
      ['destroy', '--stage', 'dev'],
      'destroy: nobody is there to be asked: say --yes',
    ],
    [
      'to deploy where nobody can be asked',
      ['deploy', '--stage', 'dev'],
      'deploy: nobody is there to be asked: say --yes',
    ],
    [
      'to deploy without credentials',
      ['deploy', '--stage', 'dev', '--yes'],
      'no AWS credentials: sign in (aws sso login), or name a profile (--profile, AWS_PROFILE)',
    ],
    [
      'a profile that there is not',
      ['diff', '--stage', 'dev', '--profile', 'nobody'],
      'no AWS credentials of the profile nobody: sign in (aws sso login), or name a profile (--profile, AWS_PROFILE)',
    ],
  ])('%s', async (_name, args, expected) => {
    expect(await stage(args)).toEqual({ exitCode: 1, stdout: '', stderr: `${expected}\n` });
  });

  test.each([[['deploy', '-c', 'moneyTps']], [['remove', '--stage', 'dev']]])(
    'by the exit code of a wrong option: %j',
    async (args) => {
      expect((await stage(args)).exitCode).toBe(2);
    },
  );

  test('dev, where its configuration says that it is not removable', () => {
    const config = { ...chooseStage('dev', {}), removable: false };

    expect(() =>
      cdkArguments('destroy', config, { context: {}, others: [], yes: true, canAsk: true }),
    ).toThrow('stage dev: removable: is off');
  });
});

test.each(['synth', 'deploy', 'diff', 'destroy'])(
  '%s says how it is used, with an example',
  async (command) => {
    const { exitCode, stdout } = await stage([command, '--help']);

    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Example:\n  npm run ${command} -- --stage`);
  },
);
