/** Functions for the tests of the local Lambda service: bundles written to a directory that a test throws away. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LambdaFunction } from '../../../local/services/lambda/local-function.ts';

export const arnOfFunction = (name: string) => `arn:aws:lambda:ap-northeast-2:000000000000:function:${name}`;

/** Writes `code` as the bundle of a function in `directory`. */
export function makeFunction(
  directory: string,
  code: string,
  overrides: Partial<LambdaFunction> & { file?: string } = {},
): LambdaFunction {
  const { file = 'index.mjs', name = 'work', ...rest } = overrides;
  const codeDirectory = join(directory, name);
  mkdirSync(codeDirectory, { recursive: true });
  writeFileSync(join(codeDirectory, file), code);
  return {
    name,
    arn: arnOfFunction(name),
    handler: 'index.handler',
    codeDirectory,
    environment: {},
    timeoutSeconds: 10,
    memoryMegabytes: 128,
    reservedConcurrency: undefined,
    logGroupName: `/aws/lambda/${name}`,
    roleArn: `arn:aws:iam::000000000000:role/${name}`,
    ...rest,
  };
}
