/** The names of executions and of schedules. The names are what makes a second start of the same one start nothing. */

/** A READY promotion that is to be started: when it is reserved for, or at once when somebody made it READY again. */
export interface AwaitedPromotion {
  readonly promotionId: string;
  /** DATETIME, Asia/Seoul. */
  readonly reservationAt: string | null;
  /** Of its latest run; 0 before the first. */
  readonly runNumber: number;
}

/** Whether the reconciler starts it at its next look. @param now DATETIME, Asia/Seoul */
export function isDue({ reservationAt, runNumber }: AwaitedPromotion, now: string): boolean {
  return reservationAt === null ? runNumber > 0 : reservationAt <= now;
}

/**
 * The execution that a reservation starts. Scheduler delivers at least once, the reconciler asks every minute: all
 * name the same one. The run's number tells a campaign that is to go on from its first start.
 */
export function reservedExecutionName({ promotionId, runNumber, reservationAt }: AwaitedPromotion): string {
  const reserved = reservationAt === null ? 'unreserved' : compact(reservationAt);
  return `promotion-${promotionId}-run-${runNumber + 1}-${reserved}`;
}

/** The schedule of a reservation. It carries the time, so a reservation that is moved is another schedule. */
export function scheduleName({ promotionId, runNumber }: AwaitedPromotion, reservationAt: string): string {
  return `promotion-${promotionId}-run-${runNumber + 1}-${compact(reservationAt)}`;
}

/**
 * The execution that a person starts. Whoever asks again meanwhile names the same one; a name whose execution has
 * ended (it was refused, or stopped before it began) is taken for good, so the next attempt has another.
 */
export function byHandExecutionName(promotionId: string, runNumber: number, attempt: number): string {
  return `promotion-${promotionId}-run-${runNumber + 1}-by-hand-${attempt}`;
}

/** The execution that takes over from one that was lost. */
export function recoveringExecutionName(promotionId: string, lostRunNumber: number): string {
  return `promotion-${promotionId}-run-${lostRunNumber + 1}-recovers`;
}

/** '2026-11-21 09:00:00' → '20261121090000'. */
function compact(dateTime: string): string {
  return dateTime.replace(/\D/g, '').slice(0, 14);
}
