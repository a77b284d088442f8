/**
 * What a function's process and its parent tell each other. Payloads are JSON text inside the message: Lambda too
 * carries text, its size is what the limits count, and neither side parses what it only passes on.
 */
export interface HostOptions {
  readonly kind: 'options';
  readonly codeDirectory: string;
  readonly handler: string;
  readonly functionName: string;
  readonly memoryMegabytes: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly responseLimit: number;
  /** Gives way to the other processes when there is not time for all. */
  readonly yields: boolean;
}

export interface InvokeMessage {
  readonly kind: 'invoke';
  readonly requestId: string;
  /** The execution environment to run in; a number not seen before is a cold start. */
  readonly environment: number;
  readonly invokedFunctionArn: string;
  readonly timeoutMilliseconds: number;
  readonly payload: string;
}

/** Starts an execution environment without invoking it: provisioned concurrency. */
export interface ProvisionMessage {
  readonly kind: 'provision';
  readonly environment: number;
}

export type ParentMessage = HostOptions | InvokeMessage | ProvisionMessage;

/** Sent after a cold start: the function's timeout counts from here. */
interface InitialisedMessage {
  readonly kind: 'initialised';
  readonly requestId: string;
}

interface ResultMessage {
  readonly kind: 'result';
  readonly requestId: string;
  readonly payload: string;
}

interface ErrorMessage {
  readonly kind: 'error';
  readonly requestId: string;
  readonly error: { readonly errorType: string; readonly errorMessage: string; readonly trace?: string[] };
  /** The environment did not come up and cannot be used again. */
  readonly environmentLost: boolean;
}

/** The environment is up, or failed to come up: its error will show again when it is invoked. */
interface ProvisionedMessage {
  readonly kind: 'provisioned';
  readonly environment: number;
  readonly ok: boolean;
}

export type HostMessage = InitialisedMessage | ResultMessage | ErrorMessage | ProvisionedMessage;
