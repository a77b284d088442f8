/**
 * The ceiling, kept without shared state.
 *
 * At most C invocations of GrantRewards run at a time (its reserved concurrency): call each a lane. A lane is
 * used by one invocation after the other, perhaps in different execution environments. If no lane makes more
 * than n = floor(TPS / C) calls in any one-second window, all of them together make at most C × n ≤ TPS.
 *
 * Within an environment the calls are planned `slot` = (1 s + headroom) / n apart. A timer that fires late does
 * not push the plan back, so that lateness costs no throughput, unless it is later than half of the headroom:
 *     plan(k+1) = max(plan(k) + slot, actual(k) + slot − headroom / 2)
 * hence any n + 1 successive calls span ≥ n × slot − headroom / 2 = 1 s + headroom / 2. The other half is for the
 * way to the Money API: calls that are held up there for so long still arrive in no window of one second too many.
 *
 * Across the invocations of a lane neither environment knows the other's calls. So an invocation does not end
 * before its last call + slot − lead, and none calls earlier than its own start + lead: together a whole slot.
 * A fresh environment may replace one that was killed in mid-batch, which kept no such promise: it waits a whole
 * second before its first call.
 *
 * All times are seconds of a clock that never goes back. A clock that stands still while the environment is
 * frozen only makes it wait longer.
 */
export interface Pacing {
  /** Seconds between two calls of one lane. */
  readonly slot: number;
  /** Seconds from the start of an invocation to its first call; its reads happen meanwhile. */
  readonly lead: number;
  readonly headroom: number;
}

export const WINDOW_SECONDS = 1;
const LEAD_SECONDS = 0.015;

/** @throws RangeError when the concurrency cannot keep the ceiling: more lanes than calls a second. */
export function pacingFor(limits: { tps: number; concurrency: number; headroom: number }): Pacing {
  const callsPerLane = Math.floor(limits.tps / limits.concurrency);
  if (callsPerLane < 1) {
    throw new RangeError(
      `a concurrency of ${limits.concurrency} cannot keep a ceiling of ${limits.tps} calls a second: at most ${limits.tps}`,
    );
  }
  const slot = (WINDOW_SECONDS + limits.headroom) / callsPerLane;
  return { slot, headroom: limits.headroom, lead: Math.min(LEAD_SECONDS, slot / 2) };
}

export class Pacer {
  readonly #pacing: Pacing;
  /** The earliest time of the next call as far as this environment's own calls say. */
  #next: number;
  #lastCall = Number.NEGATIVE_INFINITY;

  constructor(pacing: Pacing, environmentStart: number) {
    this.#pacing = pacing;
    this.#next = environmentStart + WINDOW_SECONDS;
  }

  /** Call at the start of each invocation, before anything else. */
  startInvocation(now: number): void {
    this.#next = Math.max(this.#next, now + this.#pacing.lead);
  }

  /** When the next call may be made. */
  get nextCallAt(): number {
    return this.#next;
  }

  /** Takes the slot: say the time right before the request is written. */
  takeSlot(now: number): void {
    const { slot, headroom } = this.#pacing;
    this.#next = Math.max(this.#next + slot, now + slot - headroom / 2);
    this.#lastCall = now;
  }

  /** The invocation must not end earlier. */
  get mayEndAt(): number {
    return this.#lastCall + this.#pacing.slot - this.#pacing.lead;
  }
}
