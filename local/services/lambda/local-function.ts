/** One function: its process, started at the first invocation and again after it ended, within its concurrency. */
import { join } from 'node:path';
import type { ConcurrencyPool } from './concurrency.ts';
import { FunctionProcess } from './function-process.ts';
import type { ProcessOptions } from './function-process.ts';
import { SYNC_PAYLOAD_LIMIT, throttled } from './outcome.ts';
import type { InvocationOutcome } from './outcome.ts';

/** What the service needs to know of a function; FunctionModel of local/template has it. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  readonly codeDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly reservedConcurrency: number | undefined;
  readonly logGroupName: string;
}

export class LocalFunction {
  readonly settings: LambdaFunction;
  readonly #pool: ConcurrencyPool;
  readonly #processOptions: ProcessOptions;
  #process: FunctionProcess | undefined;

  constructor(
    settings: LambdaFunction,
    pool: ConcurrencyPool,
    how: { readonly env: Record<string, string>; readonly logDirectory: string },
  ) {
    this.settings = settings;
    this.#pool = pool;
    const { codeDirectory, handler, memoryMegabytes, logGroupName } = settings;
    this.#processOptions = {
      host: {
        kind: 'options',
        codeDirectory,
        handler,
        functionName: settings.name,
        memoryMegabytes,
        logGroupName,
        logStreamName: how.env.AWS_LAMBDA_LOG_STREAM_NAME ?? 'local',
        responseLimit: SYNC_PAYLOAD_LIMIT,
      },
      env: how.env,
      timeoutMilliseconds: settings.timeoutSeconds * 1000,
      logFile: join(how.logDirectory, `${settings.name}.log`),
    };
  }

  /** The process's id while there is one, and how many environments it hosts. */
  get status(): { pid: number | undefined; environments: number } {
    return { pid: this.#process?.pid, environments: this.#process?.environments ?? 0 };
  }

  /** @throws LambdaServiceError TooManyRequestsException when no concurrency is left. */
  async invoke(payload: string): Promise<InvocationOutcome> {
    if (!this.#pool.take()) throw throttled();
    try {
      if (!this.#process || this.#process.over) this.#process = new FunctionProcess(this.#processOptions);
      return await this.#process.invoke(payload, this.settings.arn);
    } finally {
      this.#pool.release();
    }
  }

  async close(): Promise<void> {
    await this.#process?.kill();
  }
}
