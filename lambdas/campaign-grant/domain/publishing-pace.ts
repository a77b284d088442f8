/**
 * How fast the partitions of a run publish: never more ahead of paying than the backlog's limit, and no faster than
 * there is need of. Publishing and paying share the database, and begin at the same moment.
 */

/** Longest wait before the queue, and the campaign's status, are looked at again. */
const LOOK_AGAIN_SECONDS = 1;
/** While so much waits to be paid, publishing need not hurry. */
const COMFORTABLE_BACKLOG_SECONDS = 2;
/** Then a partition takes so many times as long for a page as paying it takes: four of them 1.6 times the ceiling. */
const UNHURRIED = 2.5;
/** The pages of so many partitions come one after the other. */
const PARTITIONS_IN_TURN = 4;
/** Partitions begin together: each looks at the queue when the one before it has begun to fill it. */
const STAGGER_SECONDS = 0.25;

export interface PublishingLimits {
  /** More messages than this in the queue: publishing waits, so that a stop is quick and memory flat. */
  readonly backlogLimit: number;
  /** Grants that are paid in a second. */
  readonly tps: number;
}

/** Seconds that a partition waits before it looks at the queue for the first time. */
export function staggerOf(partitionNumber: number): number {
  return (partitionNumber % PARTITIONS_IN_TURN) * STAGGER_SECONDS;
}

/** All times are seconds of a clock that never goes back. */
export class PublishingPace {
  readonly #limits: PublishingLimits;
  readonly #pageSeconds: number;
  #nextPageAt: number;

  constructor(limits: PublishingLimits, pageSize: number, partitionNumber: number, now: number) {
    const place = (partitionNumber % PARTITIONS_IN_TURN) / PARTITIONS_IN_TURN;
    this.#limits = limits;
    this.#pageSeconds = (UNHURRIED * pageSize) / limits.tps;
    this.#nextPageAt = now + place * this.#pageSeconds;
  }

  /** Seconds to wait with so many messages in the queue, before it is looked at again; 0: a page may be published. */
  waitFor(backlog: number, now: number): number {
    const { backlogLimit, tps } = this.#limits;
    if (backlog >= backlogLimit) return LOOK_AGAIN_SECONDS;
    if (backlog < tps * COMFORTABLE_BACKLOG_SECONDS) return 0;
    return Math.min(Math.max(0, this.#nextPageAt - now), LOOK_AGAIN_SECONDS);
  }

  publishes(now: number): void {
    this.#nextPageAt = Math.max(this.#nextPageAt, now) + this.#pageSeconds;
  }
}
