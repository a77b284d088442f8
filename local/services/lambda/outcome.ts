/** What an invocation gives back, and what the service says instead of running it. */

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[] | undefined;
}

/** `payload` is JSON text, as on the wire: a hot caller decides itself whether to parse it. */
export type InvocationOutcome =
  { readonly ok: true; readonly payload: string } | { readonly ok: false; readonly error: FunctionError };

/** The service refused the call: no code of the function ran. `name` is AWS's error code. */
export class LambdaServiceError extends Error {
  readonly statusCode: number;

  constructor(name: string, statusCode: number, message: string) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }
}

export function throttled(): LambdaServiceError {
  return new LambdaServiceError('TooManyRequestsException', 429, 'Rate Exceeded.');
}

/** Lambda's limit for a synchronous request and for its response. */
export const SYNC_PAYLOAD_LIMIT = 6 * 1024 * 1024;
/** Lambda's limit for an asynchronous request. */
export const ASYNC_PAYLOAD_LIMIT = 1024 * 1024;
