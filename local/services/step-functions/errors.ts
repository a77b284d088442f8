/** The three ways in which something ends early: a state's error, the end of the whole execution, a refused request. */

/** An error of a state, which Retry and Catch may answer (errors of the name States.Runtime excepted). */
export class StateError extends Error {
  readonly error: string | undefined;
  readonly reason: string | undefined;

  constructor(error: string | undefined, reason: string | undefined) {
    super(reason ?? error ?? 'failed');
    this.name = 'StateError';
    this.error = error;
    this.reason = reason;
  }
}

/**
 * Why work was told to end: its execution was stopped or ran out of time, or a sibling branch failed.
 * It travels as the reason of an AbortSignal, and no Retry or Catch sees it.
 */
export class Halt extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Halt';
  }
}

export function asStateError(error: unknown): StateError {
  if (error instanceof StateError) return error;
  return new StateError('States.Runtime', error instanceof Error ? error.message : String(error));
}

/** A request that the API refuses; `name` is the exception's in the protocol. */
export class ServiceError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
