/** Waiting that ends at once when its work is halted, and that keeps no process alive. */
import { StateError } from './errors.ts';

/** setTimeout fires at once for more; a Wait state may last a year. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws the signal's reason, as soon as it is aborted. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Calls back once, after any time however long. Returns the function that cancels it. */
export function after(ms: number, callback: () => void): () => void {
  const part = Math.max(0, Math.min(ms, LONGEST_TIMER_MS));
  let cancelRest: (() => void) | undefined;
  const timer = setTimeout(() => {
    if (ms > LONGEST_TIMER_MS) cancelRest = after(ms - part, callback);
    else callback();
  }, part);
  timer.unref();
  return () => {
    clearTimeout(timer);
    cancelRest?.();
  };
}

/** @throws the signal's reason when aborted meanwhile. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = after(ms, () => resolve(undefined));
  try {
    await untilAborted(promise, signal);
  } finally {
    cancel();
  }
}

/** @throws StateError States.Timeout; the work itself goes on, as a Lambda function does. */
export async function withDeadline<T>(work: Promise<T>, seconds: number | undefined): Promise<T> {
  if (seconds === undefined) return await work;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = after(seconds * 1000, () => reject(new StateError('States.Timeout', undefined)));
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

/** A controller that its parent's abort reaches as well; `unlink` when the work is over. */
export function linkedController(parent: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent.reason);
  if (parent.aborted) onAbort();
  parent.addEventListener('abort', onAbort, { once: true });
  return { controller, unlink: () => parent.removeEventListener('abort', onAbort) };
}
