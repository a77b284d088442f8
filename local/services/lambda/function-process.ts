/** One running process of a function, seen from the service. It ends once and is never started again. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { z } from 'zod';
import type { HostOptions, ParentMessage } from './host-messages.ts';
import type { FunctionError, InvocationOutcome } from './outcome.ts';

/**
 * How long the code outside the handler may take. Lambda's limit is 10 s for an environment on its own; here the
 * imports of a burst of cold starts share one thread.
 */
const INIT_MILLISECONDS = 60_000;

const hostMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('initialised'), requestId: z.string() }),
  z.object({ kind: z.literal('result'), requestId: z.string(), payload: z.string() }),
  z.object({
    kind: z.literal('error'),
    requestId: z.string(),
    error: z.object({
      errorType: z.string(),
      errorMessage: z.string(),
      trace: z.array(z.string()).optional(),
    }),
    environmentLost: z.boolean(),
  }),
  z.object({ kind: z.literal('provisioned'), environment: z.number(), ok: z.boolean() }),
]);

export interface ProcessOptions {
  readonly host: HostOptions;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMilliseconds: number;
  /** It ends when it has had nothing to do for so long; undefined: it is kept. */
  readonly restMilliseconds: number | undefined;
  readonly logFile: string;
}

interface Invocation {
  readonly environment: number;
  readonly finish: (outcome: InvocationOutcome) => void;
  deadline: NodeJS.Timeout;
}

export class FunctionProcess {
  readonly #options: ProcessOptions;
  readonly #child: ChildProcess;
  readonly #invocations = new Map<string, Invocation>();
  /** Environments at rest, the one used last at the end: Lambda too keeps the warmest busy. */
  readonly #idle: number[] = [];
  readonly #provisioning = new Map<number, () => void>();
  #environments = 0;
  #over = false;
  #retired = false;
  #rest: NodeJS.Timeout | undefined;
  readonly exited: Promise<void>;

  constructor(options: ProcessOptions) {
    this.#options = options;
    const log = openSync(options.logFile, 'a');
    this.#child = fork(new URL('./function-host.ts', import.meta.url), {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...options.env },
      // Sharing a bundle's compiled code is an experiment of Node's; the developer need not be told each time.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    closeSync(log);
    this.exited = once(this.#child, 'exit').then(
      ([code, signal]: unknown[]) => this.#end(typeof signal === 'string' ? signal : Number(code)),
      (error: unknown) => this.#end(String(error)),
    );
    this.#child.on('message', (raw) => {
      this.#receive(hostMessage.parse(raw));
    });
    // A send to a process that has just died; its exit settles what was sent.
    this.#child.on('error', () => undefined);
    this.#send(options.host);
  }

  /** Whether the process has ended, or is being killed: a new invocation needs a new process. */
  get over(): boolean {
    return this.#over;
  }

  /** While it lives: of a process that has ended the number may be another's. */
  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  get hasIdleEnvironment(): boolean {
    return this.#idle.length > 0;
  }

  /** How many execution environments were started. */
  get environments(): number {
    return this.#environments;
  }

  /** Runs one invocation in a free environment, or in a new one. The caller bounds the concurrency. */
  invoke(payload: string, invokedFunctionArn: string): Promise<InvocationOutcome> {
    const requestId = randomUUID();
    const { timeoutMilliseconds } = this.#options;
    clearTimeout(this.#rest);
    const warm = this.#idle.pop();
    const environment = warm ?? this.#environments++;
    return new Promise((finish) => {
      // A cold start has its own time; the function's starts when the host reports that it is up.
      const allowed = timeoutMilliseconds + (warm === undefined ? INIT_MILLISECONDS : 0);
      const deadline = this.#deadline(requestId, allowed);
      this.#invocations.set(requestId, { environment, finish, deadline });
      this.#send({
        kind: 'invoke',
        requestId,
        environment,
        invokedFunctionArn,
        timeoutMilliseconds,
        payload,
      });
    });
  }

  /** Starts an environment that no invocation has asked for yet; resolves when it is up, or could not come up. */
  async provision(): Promise<void> {
    const environment = this.#environments++;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#provisioning.set(environment, () => resolve(undefined));
    this.#send({ kind: 'provision', environment });
    await Promise.race([promise, this.exited]);
  }

  /** Ends the process at once; what is under way fails with Runtime.ExitError. */
  async kill(): Promise<void> {
    this.#over = true;
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** Takes no new invocation; it ends when those under way have ended, as an environment of older code does. */
  retire(): void {
    this.#over = true;
    this.#retired = true;
    if (this.#invocations.size === 0) void this.kill();
  }

  #send(message: ParentMessage): void {
    if (this.#child.connected) this.#child.send(message);
  }

  #receive(message: z.infer<typeof hostMessage>): void {
    if (message.kind === 'provisioned') {
      if (message.ok) this.#idle.push(message.environment);
      this.#provisioning.get(message.environment)?.();
      this.#provisioning.delete(message.environment);
      return;
    }
    const invocation = this.#invocations.get(message.requestId);
    if (!invocation) return;
    clearTimeout(invocation.deadline);
    if (message.kind === 'initialised') {
      invocation.deadline = this.#deadline(message.requestId, this.#options.timeoutMilliseconds);
      return;
    }
    this.#invocations.delete(message.requestId);
    if (this.#invocations.size === 0) this.#endAfterRest();
    if (message.kind === 'result' || !message.environmentLost) this.#idle.push(invocation.environment);
    invocation.finish(
      message.kind === 'result'
        ? { ok: true, payload: message.payload }
        : { ok: false, error: message.error },
    );
    if (this.#retired && this.#invocations.size === 0) void this.kill();
  }

  #endAfterRest(): void {
    const { restMilliseconds } = this.#options;
    if (restMilliseconds === undefined) return;
    this.#rest = setTimeout(() => void this.kill(), restMilliseconds).unref();
  }

  #deadline(requestId: string, milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      const seconds = (this.#options.timeoutMilliseconds / 1000).toFixed(2);
      this.#fail(requestId, 'Sandbox.Timedout', `Task timed out after ${seconds} seconds`);
      // Harsher than Lambda, which kills one environment: this kills all that share the process, as a crash does.
      // Nothing less stops code that is under way, and code that must survive a crash survives this.
      void this.kill();
    }, milliseconds);
  }

  #end(how: string | number): void {
    this.#over = true;
    const killed = how === 'SIGKILL' ? 'signal: killed' : `signal: ${how}`;
    const reason = typeof how === 'number' ? `exit status ${how}` : killed;
    for (const requestId of this.#invocations.keys()) {
      this.#fail(requestId, 'Runtime.ExitError', `Runtime exited with error: ${reason}`);
    }
  }

  #fail(requestId: string, errorType: string, what: string): void {
    const invocation = this.#invocations.get(requestId);
    this.#invocations.delete(requestId);
    clearTimeout(invocation?.deadline);
    if (!invocation) return;
    const error: FunctionError = { errorType, errorMessage: `RequestId: ${requestId} Error: ${what}` };
    appendFileSync(this.#options.logFile, `${new Date().toISOString()} ${errorType} ${error.errorMessage}\n`);
    invocation.finish({ ok: false, error });
  }
}
