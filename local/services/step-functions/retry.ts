/** Which errors Retry and Catch answer, and how long a retry waits. Pure. */
import type { StateError } from './errors.ts';

export interface Retrier {
  readonly ErrorEquals: string[];
  readonly IntervalSeconds?: number | undefined;
  readonly MaxAttempts?: number | undefined;
  readonly BackoffRate?: number | undefined;
  readonly MaxDelaySeconds?: number | undefined;
  readonly JitterStrategy?: 'NONE' | 'FULL' | undefined;
}

/**
 * States.Runtime answers to nothing, and the data limit only to its own name; States.TaskFailed stands for all
 * but a timeout. (Step Functions developer guide, "Error names".)
 */
export function matchesError(patterns: readonly string[], { error }: StateError): boolean {
  if (error === 'States.Runtime') return false;
  return patterns.some((pattern) => {
    if (pattern === error) return true;
    if (error === 'States.DataLimitExceeded') return false;
    return pattern === 'States.ALL' || (pattern === 'States.TaskFailed' && error !== 'States.Timeout');
  });
}

/** The retries of one entry into a state: each retrier counts its own attempts. */
export class RetryBudget {
  readonly #retriers: readonly Retrier[];
  readonly #random: () => number;
  readonly #attempts = new Map<Retrier, number>();

  constructor(retriers: readonly Retrier[], random: () => number = Math.random) {
    this.#retriers = retriers;
    this.#random = random;
  }

  /** Seconds to wait before the next attempt; undefined when there is to be none. */
  next(error: StateError): number | undefined {
    const retrier = this.#retriers.find((candidate) => matchesError(candidate.ErrorEquals, error));
    if (retrier === undefined) return undefined;
    const attempt = this.#attempts.get(retrier) ?? 0;
    if (attempt >= (retrier.MaxAttempts ?? 3)) return undefined;
    this.#attempts.set(retrier, attempt + 1);
    const grown = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** attempt;
    const delay = Math.min(grown, retrier.MaxDelaySeconds ?? Infinity);
    return retrier.JitterStrategy === 'FULL' ? delay * this.#random() : delay;
  }
}
