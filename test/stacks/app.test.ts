/** bin/grantline.ts as the CDK CLI runs it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function refusal(context: object, environment: Readonly<Record<string, string>>): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, ['bin/grantline.ts'], {
      cwd: ROOT,
      env: { ...process.env, ...environment, CDK_CONTEXT_JSON: JSON.stringify(context) },
    });
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) return String(error.stderr);
    throw error;
  }
  throw new Error('it was not refused');
}

test('another account than that of the stage is refused in one line, before anything is built', async () => {
  const context = { stage: 'prod', account: '111122223333', region: 'ap-northeast-2' };
  const signedIn = { CDK_DEFAULT_ACCOUNT: '999988887777', CDK_DEFAULT_REGION: 'ap-northeast-2' };

  expect(await refusal(context, signedIn)).toBe(
    'stage prod: environment.account: is 111122223333, and the CDK CLI is signed in to 999988887777: choose the profile of that account (--profile, AWS_PROFILE), or correct config/stages.ts\n',
  );
});

test('a configuration that is wrong is refused by the names in it', async () => {
  expect(await refusal({ stage: 'dev', moneyTsp: '5' }, {})).toBe('context: Unrecognized key: "moneyTsp"\n');
});
