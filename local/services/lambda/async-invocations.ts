/** InvocationType Event: Lambda's own queue in front of a function, with its retries. */
import type { InvocationOutcome } from './outcome.ts';

/** Throttled events wait their turn and burn no retry; Lambda's own delay starts at 1 s and grows to 5 min. */
const THROTTLED_MILLISECONDS = 1000;

export class AsyncInvocations {
  readonly #retryAfter: readonly number[];
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(retryAfterMilliseconds: readonly number[]) {
    this.#retryAfter = retryAfterMilliseconds;
  }

  start(functionName: string, invoke: () => Promise<InvocationOutcome>, failures = 0): void {
    if (this.#closed) return;
    const again = (milliseconds: number, failed: number) => {
      if (this.#closed) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.start(functionName, invoke, failed);
      }, milliseconds);
      this.#timers.add(timer);
    };
    invoke().then(
      (outcome) => {
        if (outcome.ok) return;
        const retry = this.#retryAfter[failures];
        if (retry !== undefined) again(retry, failures + 1);
        else
          console.error(`${functionName}: an event failed for the last time: ${outcome.error.errorMessage}`);
      },
      () => again(THROTTLED_MILLISECONDS, failures),
    );
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
