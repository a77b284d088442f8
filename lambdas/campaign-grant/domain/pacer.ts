/**
 * The ceiling, kept without shared state.
 *
 * At most C invocations of GrantRewards run at a time (its reserved concurrency): call each a lane. A lane is
 * used by one invocation after the other, perhaps in different execution environments. If no lane makes more
 * than n = floor(TPS / C) calls in any one-second window, all of them together make at most C × n ≤ TPS.
 *
 * An invocation plans its calls on a grid, `slot` = (1 s + headroom) / n apart, and makes none before its time. A
 * timer that fires late does not push the grid back, so that lateness costs no throughput. What was late and what
 * follows on time could meet in one window; so a call also waits until the n-th call before it is a `window` old.
 * That is a second and most of the headroom, for the way to the Money API: calls that are held up there for so long
 * still arrive in no second too many.
 *
 * Across the invocations of a lane neither environment knows the other's calls, but each knows the grid: the next
 * invocation makes its i-th call at the earliest (i − 1) × slot after its start + lead. So an invocation does not end
 * before all of these are `window` later than the n-th call before them, nor before its last call + slot − lead, which
 * makes one grid of several invocations: what holds for the next one holds for those after it.
 * An environment may replace one that was killed in mid-batch, which kept no such promise: in its first invocation it
 * waits a whole window before it calls.
 *
 * All times are seconds of a clock that never goes back. A clock that stands still while the environment is
 * frozen only makes it wait longer.
 */
export interface Pacing {
  /** n: calls of a lane in a window. */
  readonly callsPerWindow: number;
  /** Seconds in which a lane makes no more than that. */
  readonly window: number;
  /** Seconds between two calls of one lane. */
  readonly slot: number;
  /** Seconds from the start of an invocation to its first call; its reads happen meanwhile. */
  readonly lead: number;
}

export const WINDOW_SECONDS = 1;
/**
 * Share of the headroom that is kept for the way to the Money API. The rest is what the grid has over the window: a
 * lateness so small costs nothing, a larger one shrinks by so much in each window.
 */
const FOR_THE_WAY = 0.8;
const LEAD_SECONDS = 0.015;
/** A lane that stood still for longer does not make up for all of it. */
const CATCH_UP_SECONDS = 0.05;
/** Share of a slot between two calls while a lane catches up: a bunch of calls would be held up together. */
const CLOSEST = 0.3;

/** @throws RangeError when the concurrency cannot keep the ceiling: more lanes than calls a second. */
export function pacingFor(limits: { tps: number; concurrency: number; headroom: number }): Pacing {
  const callsPerWindow = Math.floor(limits.tps / limits.concurrency);
  if (callsPerWindow < 1) {
    throw new RangeError(
      `a concurrency of ${limits.concurrency} cannot keep a ceiling of ${limits.tps} calls a second: at most ${limits.tps}`,
    );
  }
  const slot = (WINDOW_SECONDS + limits.headroom) / callsPerWindow;
  const window = WINDOW_SECONDS + limits.headroom * FOR_THE_WAY;
  return { callsPerWindow, window, slot, lead: Math.min(LEAD_SECONDS, slot / 2) };
}

export class Pacer {
  readonly #pacing: Pacing;
  /** Where the next call is on the grid; undefined before the first invocation. */
  #planned: number | undefined;
  /** The environment's last n calls: the k-th is at k modulo n. */
  readonly #calls: number[] = [];
  #callCount = 0;

  constructor(pacing: Pacing) {
    this.#pacing = pacing;
  }

  /** Seconds between two calls. */
  get slot(): number {
    return this.#pacing.slot;
  }

  /** Call at the start of each invocation, before anything else. */
  startInvocation(now: number): void {
    const { window, lead } = this.#pacing;
    this.#planned = this.#planned === undefined ? now + window : Math.max(this.#planned, now + lead);
  }

  /** When the next call may be made. */
  get nextCallAt(): number {
    const { callsPerWindow, window, slot } = this.#pacing;
    return Math.max(
      this.#planned ?? Number.POSITIVE_INFINITY,
      this.#callBefore(1) + slot * CLOSEST,
      this.#callBefore(callsPerWindow) + window,
    );
  }

  /** Takes the slot: say the time right before the request is written. */
  takeSlot(now: number): void {
    const { callsPerWindow, slot } = this.#pacing;
    this.#planned = Math.max((this.#planned ?? now) + slot, now - CATCH_UP_SECONDS);
    this.#calls[this.#callCount % callsPerWindow] = now;
    this.#callCount += 1;
  }

  /** The invocation must not end earlier. */
  get mayEndAt(): number {
    const { callsPerWindow, window, slot, lead } = this.#pacing;
    let earliest = this.#callBefore(1) + slot;
    for (let next = 1; next <= callsPerWindow; next += 1) {
      earliest = Math.max(earliest, this.#callBefore(callsPerWindow + 1 - next) + window - (next - 1) * slot);
    }
    return earliest - lead;
  }

  /** The call so many before the next one. */
  #callBefore(count: number): number {
    const index = this.#callCount - count;
    return (
      (index < 0 ? undefined : this.#calls[index % this.#pacing.callsPerWindow]) ?? Number.NEGATIVE_INFINITY
    );
  }
}
