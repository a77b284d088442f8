/** Which faults strike right now. */
import type { Random } from '../engine/random.ts';
import type { Timeline } from '../engine/timeline.ts';
import type { Fault } from '../faults.ts';
import type { Outage, Plan } from '../plan.ts';

export class FaultState {
  readonly #plan: Plan;
  readonly #timeline: Timeline;
  readonly #random: Random;

  constructor(plan: Plan, timeline: Timeline, random: Random) {
    this.#plan = plan;
    this.#timeline = timeline;
    this.#random = random;
  }

  get haveCeased(): boolean {
    return this.#timeline.now >= this.#plan.faultsEnd;
  }

  /** Draws a number only for a fault that the seed has: other seeds' faults change nothing. */
  strikes(fault: Fault): boolean {
    const rate = this.#plan.rates.get(fault);
    if (rate === undefined || this.haveCeased) return false;
    return this.#random.chance(rate);
  }

  isWithin(outages: readonly Outage[]): boolean {
    const { now } = this.#timeline;
    for (const { from, to } of outages) if (now >= from && now < to) return true;
    return false;
  }
}
