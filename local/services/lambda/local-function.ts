/**
 * One function: its processes, started when they are needed and again after they ended, within its concurrency.
 * Its environments are spread over as many processes as there are cores, so that they work side by side as on Lambda.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Place } from '../../template/errors.ts';
import type { FunctionModel } from '../../template/model.ts';
import type { ConcurrencyPool } from './concurrency.ts';
import { FunctionProcess } from './function-process.ts';
import type { ProcessOptions } from './function-process.ts';
import { LambdaServiceError, SYNC_PAYLOAD_LIMIT, throttled } from './outcome.ts';
import type { InvocationOutcome } from './outcome.ts';

/** What the service needs to know of a function: all but where a template says it, and what AWS does around it. */
export type LambdaFunction = Omit<FunctionModel, keyof Place | 'isTraced' | 'isInVpc'>;

/** A process costs 100 MB and half a second: few environments share one. */
const ENVIRONMENTS_BEFORE_ANOTHER_PROCESS = 4;

export class LocalFunction {
  #settings: LambdaFunction;
  readonly #pool: ConcurrencyPool;
  #processOptions: ProcessOptions;
  #processes: FunctionProcess[] = [];
  /** Of older code, with invocations under way. */
  #retired: FunctionProcess[] = [];
  #closed = false;

  constructor(settings: LambdaFunction, pool: ConcurrencyPool, how: HowToRun) {
    this.#settings = settings;
    this.#pool = pool;
    this.#processOptions = processOptions(settings, how);
  }

  get settings(): LambdaFunction {
    return this.#settings;
  }

  /** From now on invocations run this; those under way end as they are, and count against the same concurrency. */
  deploy(settings: LambdaFunction, how: HowToRun): void {
    this.#settings = settings;
    this.#processOptions = processOptions(settings, how);
    const old = this.#processes.filter((process) => !process.over);
    for (const process of old) process.retire();
    this.#retired.push(...old);
    this.#processes = [];
  }

  /** The processes' ids while there are some, and how many environments they host. */
  get status(): { pids: number[]; environments: number } {
    return {
      pids: [...this.#retired, ...this.#processes].flatMap((process) => process.pid ?? []),
      environments: this.#processes.reduce((sum, process) => sum + process.environments, 0),
    };
  }

  /** @throws LambdaServiceError TooManyRequestsException when no concurrency is left. */
  async invoke(payload: string): Promise<InvocationOutcome> {
    // An execution that catches the end of its function would start a process that nobody ends.
    if (this.#closed) throw new LambdaServiceError('ServiceException', 500, 'The service is closing.');
    if (!this.#pool.take()) throw throttled();
    try {
      return await this.#choose().invoke(payload, this.#settings.arn);
    } finally {
      this.#pool.release();
    }
  }

  /** Starts so many environments ahead of their first invocation. */
  async provision(environments: number): Promise<void> {
    await Promise.all(Array.from({ length: environments }, () => this.#roomiest().provision()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#retired, ...this.#processes].map((process) => process.kill()));
  }

  /** One with an environment at rest; otherwise the one with the fewest, or a new one while those are well filled. */
  #choose(): FunctionProcess {
    this.#processes = this.#processes.filter((process) => !process.over);
    return this.#processes.find((process) => process.hasIdleEnvironment) ?? this.#roomiest();
  }

  #roomiest(): FunctionProcess {
    const [emptiest] = this.#processes.toSorted((a, b) => a.environments - b.environments);
    const full = !emptiest || emptiest.environments >= ENVIRONMENTS_BEFORE_ANOTHER_PROCESS;
    if (emptiest && (!full || this.#processes.length >= availableParallelism())) return emptiest;
    const started = new FunctionProcess(this.#processOptions);
    this.#processes.push(started);
    return started;
  }
}

export interface HowToRun {
  readonly env: Record<string, string>;
  readonly logDirectory: string;
  /** Behind those that are fed from a queue, which are kept as they are provisioned. */
  readonly yields: boolean;
  readonly restMilliseconds: number;
}

function processOptions(
  { name, codeDirectory, handler, memoryMegabytes, logGroupName, timeoutSeconds }: LambdaFunction,
  { env, logDirectory, yields, restMilliseconds }: HowToRun,
): ProcessOptions {
  return {
    host: {
      kind: 'options',
      codeDirectory,
      handler,
      functionName: name,
      memoryMegabytes,
      logGroupName,
      logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? 'local',
      responseLimit: SYNC_PAYLOAD_LIMIT,
      yields,
    },
    env,
    timeoutMilliseconds: timeoutSeconds * 1000,
    restMilliseconds: yields ? restMilliseconds : undefined,
    logFile: join(logDirectory, `${name}.log`),
  };
}
