/** The Lambda service of the local runtime: functions by name, in this process and over HTTP. */
import { mkdir } from 'node:fs/promises';
import { ALLOW_ALL } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import type { RunningService } from '../../process/child-service.ts';
import { functionNameOf } from '../../template/function-name.ts';
import { AsyncInvocations } from './async-invocations.ts';
import { concurrencyPools } from './concurrency.ts';
import { functionEnvironment } from './function-environment.ts';
import type { EnvironmentSources } from './function-environment.ts';
import { lambdaHttpApi } from './http-api.ts';
import { LocalFunction } from './local-function.ts';
import type { HowToRun, LambdaFunction } from './local-function.ts';
import { ASYNC_PAYLOAD_LIMIT, LambdaServiceError, SYNC_PAYLOAD_LIMIT } from './outcome.ts';
import type { FunctionError, InvocationOutcome } from './outcome.ts';

export interface LambdaServiceOptions extends EnvironmentSources {
  readonly functions: readonly LambdaFunction[];
  /** stdout and stderr of a function go to <function name>.log in it. Made when it is not there. */
  readonly logDirectory: string;
  /**
   * Names of functions that have to keep a pace. On Lambda each has its own CPU; here the others give way to them, or
   * whoever has a campaign's targets to publish would use up the time of those who pay them.
   */
  readonly paced?: ReadonlySet<string>;
  /** How long a process of the others is kept without an invocation. */
  readonly restMilliseconds?: number;
  /** 0, or none, takes a free port. */
  readonly port?: number;
  /** All concurrent executions of the account; AWS's default is 1,000. */
  readonly accountConcurrency?: number;
  /** Waits before an asynchronous invocation is tried again after an error; Lambda's are 1 and 2 minutes. */
  readonly asyncRetryMilliseconds?: readonly number[];
  readonly authorizer?: Authorizer;
}

export interface LambdaService extends RunningService {
  /**
   * Runs a function (name, ARN or qualified ARN) and gives its answer.
   * @throws Error whose name is the errorType of a failed invocation, or the code of the service's refusal
   *   (TooManyRequestsException, ResourceNotFoundException, RequestTooLargeException).
   */
  invoke(nameOrArn: string, payload: unknown): Promise<unknown>;
  /** The same with JSON text both ways; only the service's refusals are thrown. */
  invokeForResult(nameOrArn: string, payload: string): Promise<InvocationOutcome>;
  /** InvocationType Event: returns at once; errors are tried again twice and then only logged. */
  invokeAsync(nameOrArn: string, payload: string): void;
  /**
   * Starts environments of a function ahead of their first invocation. AWS starts them side by side in a second; on
   * two cores that would take the first seconds of the load instead.
   */
  provision(name: string, environments: number): Promise<void>;
  /** Other code or settings of a function that there is; its reserved concurrency stays. */
  deploy(settings: LambdaFunction): void;
  /** The processes of each function, for whoever watches memory. */
  processes(): { functionName: string; pids: number[]; environments: number }[];
}

/** A step that runs once in a campaign keeps no memory for the rest of it; what runs each minute is not started anew. */
const REST_MS = 90_000;

/** Starts the service on 127.0.0.1. No process of a function starts before its first invocation. */
export async function createLambdaService(options: LambdaServiceOptions): Promise<LambdaService> {
  await mkdir(options.logDirectory, { recursive: true });
  const pools = concurrencyPools(options.functions, options.accountConcurrency ?? 1000);
  const functions = new Map<string, LocalFunction>();
  const howToRun = (settings: LambdaFunction): HowToRun => ({
    env: functionEnvironment(settings, {
      ...options,
      endpointsEnv: { ...options.endpointsEnv, ...ownEndpoint },
    }),
    logDirectory: options.logDirectory,
    yields: options.paced !== undefined && !options.paced.has(settings.name),
    restMilliseconds: options.restMilliseconds ?? REST_MS,
  });
  const find = (nameOrArn: string): LocalFunction => {
    const found = functions.get(functionNameOf(nameOrArn));
    if (found) return found;
    throw new LambdaServiceError('ResourceNotFoundException', 404, `Function not found: ${nameOrArn}`);
  };
  const invokeForResult = (nameOrArn: string, payload: string): Promise<InvocationOutcome> => {
    checkSize(payload, SYNC_PAYLOAD_LIMIT);
    return find(nameOrArn).invoke(payload);
  };
  const background = new AsyncInvocations(options.asyncRetryMilliseconds ?? [60_000, 120_000]);
  const invokeAsync = (nameOrArn: string, payload: string): void => {
    checkSize(payload, ASYNC_PAYLOAD_LIMIT);
    const target = find(nameOrArn);
    background.start(target.settings.name, () => target.invoke(payload));
  };

  const api = lambdaHttpApi(
    { find, invokeForResult, invokeAsync, functions },
    options.authorizer ?? ALLOW_ALL,
  );
  const url = await api.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  // Functions are told where to invoke others, which is known only now.
  const ownEndpoint = { AWS_ENDPOINT_URL_LAMBDA: url };
  for (const settings of options.functions) {
    const pool = pools.get(settings.name);
    if (pool) functions.set(settings.name, new LocalFunction(settings, pool, howToRun(settings)));
  }
  return {
    url,
    invoke: async (nameOrArn, payload) => {
      const outcome = await invokeForResult(nameOrArn, JSON.stringify(payload ?? {}));
      if (!outcome.ok) throw thrownBy(outcome.error);
      const answer: unknown = JSON.parse(outcome.payload);
      return answer;
    },
    // A refusal is thrown and not returned as a rejection half of the time.
    invokeForResult: async (nameOrArn, payload) => invokeForResult(nameOrArn, payload),
    invokeAsync,
    deploy: (settings) => find(settings.name).deploy(settings, howToRun(settings)),
    provision: (name, environments) => find(name).provision(environments),
    processes: () => [...functions].map(([name, fn]) => ({ functionName: name, ...fn.status })),
    close: async () => {
      background.close();
      await api.close();
      await Promise.all([...functions.values()].map((fn) => fn.close()));
    },
  };
}

function thrownBy({ errorType, errorMessage, trace }: FunctionError): Error {
  const error = new Error(errorMessage);
  error.name = errorType;
  if (trace) error.stack = trace.join('\n');
  return error;
}

function checkSize(payload: string, limit: number): void {
  // A character is at least a byte: nothing is counted while it cannot matter.
  if (payload.length * 3 <= limit || Buffer.byteLength(payload) <= limit) return;
  throw new LambdaServiceError(
    'RequestTooLargeException',
    413,
    `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
  );
}
