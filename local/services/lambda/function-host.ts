/**
 * The process of one function: hosts its execution environments, each a module instance of the deployed bundle.
 * What Lambda keeps apart and one process does not: process.env and globalThis are shared by the environments,
 * MemorySize is not enforced, and an idle environment is not frozen.
 */
import { constants, getPriority, setPriority } from 'node:os';
import { loadHandler } from './load-handler.ts';
import type { Handler } from './load-handler.ts';
import type { HostMessage, HostOptions, InvokeMessage, ParentMessage } from './host-messages.ts';

const YIELDING_NICENESS = 10;
const LOWEST_PRIORITY = constants.priority.PRIORITY_LOW;

let options: HostOptions | undefined;
const environments = new Map<number, Handler>();

// The parent ends without a word when it is killed; nothing of a function may go on then.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent decides when a function ends.
process.on('SIGINT', () => undefined);

process.on('message', (message) => {
  if (!isParentMessage(message)) return;
  if (message.kind === 'options') {
    options = message;
    if (message.yields) setPriority(Math.min(getPriority() + YIELDING_NICENESS, LOWEST_PRIORITY));
  } else if (!options) return;
  else if (message.kind === 'invoke') void run(options, message);
  else void provision(options, message.environment);
});

async function provision(host: HostOptions, environment: number): Promise<void> {
  try {
    await handlerOf(host, environment);
    report({ kind: 'provisioned', environment, ok: true });
  } catch {
    report({ kind: 'provisioned', environment, ok: false });
  }
}

async function handlerOf(host: HostOptions, environment: number): Promise<Handler> {
  const handler = await loadHandler(host.codeDirectory, host.handler, environment);
  environments.set(environment, handler);
  return handler;
}

async function run(host: HostOptions, message: InvokeMessage): Promise<void> {
  const { requestId, environment } = message;
  try {
    let handler = environments.get(environment);
    if (!handler) {
      handler = await handlerOf(host, environment);
      report({ kind: 'initialised', requestId });
    }
    const event: unknown = JSON.parse(message.payload);
    // What JSON has no word for (undefined, a function) becomes null.
    const payload = asJson(await handler(event, context(host, message))) ?? 'null';
    if (payload.length > host.responseLimit && Buffer.byteLength(payload) > host.responseLimit) {
      throw namedError(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${host.responseLimit} bytes).`,
      );
    }
    report({ kind: 'result', requestId, payload });
  } catch (error) {
    report({
      kind: 'error',
      requestId,
      error: describe(error),
      environmentLost: !environments.has(environment),
    });
  }
}

/** JSON.stringify's declared type leaves out that it answers undefined for what JSON cannot say. */
function asJson(value: unknown): string | undefined {
  return JSON.stringify(value);
}

function context(host: HostOptions, message: InvokeMessage): object {
  const deadline = Date.now() + message.timeoutMilliseconds;
  return {
    awsRequestId: message.requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: host.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: message.invokedFunctionArn,
    logGroupName: host.logGroupName,
    logStreamName: host.logStreamName,
    memoryLimitInMB: String(host.memoryMegabytes),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function describe(error: unknown): { errorType: string; errorMessage: string; trace?: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  const described = { errorType: error.name, errorMessage: error.message };
  return error.stack === undefined ? described : { ...described, trace: error.stack.split('\n') };
}

function namedError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function report(message: HostMessage): void {
  process.send?.(message);
}

/** Only the parent has the other end of the channel, so telling the messages apart is enough. */
function isParentMessage(message: unknown): message is ParentMessage {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
