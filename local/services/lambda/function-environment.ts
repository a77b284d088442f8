/** The environment variables of a function's process: the function's own and those that Lambda sets, no others. */
import { credentialsOf } from '../../iam/credentials.ts';
import type { LambdaFunction } from './local-function.ts';

export interface EnvironmentSources {
  readonly region: string;
  /** Set for every function: AWS_ENDPOINT_URL_* of the local services. */
  readonly endpointsEnv: Readonly<Record<string, string>>;
  /**
   * Values of this machine, by variable name. They replace a variable where the template gives the function one and
   * are never added: a function that lacks a variable on AWS lacks it here.
   */
  readonly overrides: Readonly<Record<string, string>>;
}

export function functionEnvironment(fn: LambdaFunction, sources: EnvironmentSources): Record<string, string> {
  const own = { ...fn.environment };
  for (const name of Object.keys(own)) own[name] = sources.overrides[name] ?? own[name] ?? '';
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: 'UTC',
    ...own,
    ...sources.endpointsEnv,
    _HANDLER: fn.handler,
    LAMBDA_TASK_ROOT: fn.codeDirectory,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: sources.region,
    AWS_DEFAULT_REGION: sources.region,
    ...credentialsOf(fn.roleArn),
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: fn.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  };
}
