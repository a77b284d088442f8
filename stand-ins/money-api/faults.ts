/** What happens to a request, decided by the seed, its key and the attempt. */
import type { Conditions } from './options.ts';
import { drawsFor, logNormal } from '../random.ts';

/** Where two are alike, the name says whether the grant was made first. */
export type Fault =
  'none' | 'unavailable' | 'error-before' | 'error-after' | 'late' | 'reset-before' | 'reset-after';

export interface Fate {
  readonly fault: Fault;
  readonly serviceMs: number;
}

/** Longer than any sensible client waits: the pipeline gives up after 3 s. */
export const lateMs = 10_000;

/** @param attempt 1 for the first admitted request of the key. */
export function fateOf(conditions: Conditions, seed: number, key: string, attempt: number): Fate {
  const draw = drawsFor(seed, key, attempt);
  const fault = faultOf(conditions, draw(), draw());
  if (fault === 'late') return { fault, serviceMs: lateMs };
  if (draw() < conditions.latencyTail.share) return { fault, serviceMs: conditions.latencyTail.ms };
  return { fault, serviceMs: conditions.latencyMs === 0 ? 0 : logNormal(conditions.latencyMs, draw) };
}

function faultOf({ failRate, timeoutRate, resetRate }: Conditions, which: number, how: number): Fault {
  if (which < failRate) return how < 0.5 ? 'unavailable' : how < 0.75 ? 'error-before' : 'error-after';
  if (which < failRate + timeoutRate) return 'late';
  if (which < failRate + timeoutRate + resetRate) return how < 0.5 ? 'reset-before' : 'reset-after';
  return 'none';
}

/** The rejection that this key meets, if it is one of the rejected share; the attempt does not matter. */
export function rejectionOf(
  { rejectRate }: Conditions,
  seed: number,
  key: string,
): 'ACCOUNT_CLOSED' | 'CUSTOMER_NOT_FOUND' | undefined {
  // Attempt 0 never happens, so these draws are not those of any request.
  const draw = drawsFor(seed, key, 0);
  if (draw() >= rejectRate) return undefined;
  return draw() < 0.5 ? 'ACCOUNT_CLOSED' : 'CUSTOMER_NOT_FOUND';
}
