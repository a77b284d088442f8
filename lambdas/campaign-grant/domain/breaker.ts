/**
 * The circuit breaker before the Money API (invariant 9): closed until the tenth failure in a row, over all
 * environments; then open for 30 s; then one probe, which closes it or opens it for another 30 s.
 *
 * Its state is one shared row, changed by compare-and-set with the rules below. Times are epoch milliseconds of the
 * database's clock, which all environments share.
 */
export const FAILURES_TO_OPEN = 10;
export const OPEN_MS = 30_000;

export interface Breaker {
  readonly version: number;
  readonly consecutiveFailures: number;
  /** When the first of these failures was reported. */
  readonly streakStartedMs: number | null;
  /** null: closed. */
  readonly openedMs: number | null;
  /** When the probe that is under way was claimed. One whose environment died is overdue after another OPEN_MS. */
  readonly probeMs: number | null;
}

export interface BreakerReading extends Breaker {
  /** The database's clock at the reading. */
  readonly nowMs: number;
}

export function isOpen(breaker: Breaker): boolean {
  return breaker.openedMs !== null;
}

/** 'reopened': its probe failed. */
export type BreakerTransition = 'opened' | 'reopened' | 'closed';

/** undefined: a change within a closed breaker, such as a failure more. */
export function transitionOf(before: Breaker, after: Breaker): BreakerTransition | undefined {
  if (isOpen(after)) return isOpen(before) ? 'reopened' : 'opened';
  return isOpen(before) ? 'closed' : undefined;
}

/**
 * So many calls failed in an environment whose last success is `msSinceSuccess` old. That success ends the streak when
 * it came after the streak's first failure. undefined: nothing changes, because it is open already.
 */
export function afterFailure(
  reading: BreakerReading,
  msSinceSuccess: number,
  failures = 1,
): Breaker | undefined {
  if (isOpen(reading)) return undefined;
  const { streakStartedMs, nowMs } = reading;
  const goesOn = streakStartedMs !== null && nowMs - msSinceSuccess < streakStartedMs;
  const consecutiveFailures = goesOn ? reading.consecutiveFailures + failures : failures;
  return {
    version: reading.version + 1,
    consecutiveFailures,
    streakStartedMs: goesOn ? streakStartedMs : nowMs,
    openedMs: consecutiveFailures >= FAILURES_TO_OPEN ? nowMs : null,
    probeMs: null,
  };
}

/** The API answered a call: a streak that began before is over. Only a probe's success closes an open breaker. */
export function afterSuccess(breaker: Breaker, successMs: number): Breaker | undefined {
  const { streakStartedMs } = breaker;
  if (isOpen(breaker) || streakStartedMs === null || streakStartedMs > successMs) return undefined;
  return closed(breaker);
}

/** Milliseconds until a probe may be claimed; 0 when it may be now. Only of an open breaker. */
export function probeDueInMs({ openedMs, probeMs, nowMs }: BreakerReading): number {
  return Math.max(0, Math.max(openedMs ?? nowMs, probeMs ?? 0) + OPEN_MS - nowMs);
}

/** Who saves this sends the probe. undefined: not due yet, or closed meanwhile. */
export function claimProbe(reading: BreakerReading): Breaker | undefined {
  if (!isOpen(reading) || probeDueInMs(reading) > 0) return undefined;
  const { consecutiveFailures, streakStartedMs, openedMs, nowMs } = reading;
  return {
    version: reading.version + 1,
    consecutiveFailures,
    streakStartedMs,
    openedMs,
    probeMs: nowMs,
  };
}

/** undefined: the probe took so long that another was claimed since, or decided. */
export function afterProbe(
  reading: BreakerReading,
  probe: { readonly claimedMs: number; readonly succeeded: boolean },
): Breaker | undefined {
  if (!isOpen(reading) || reading.probeMs !== probe.claimedMs) return undefined;
  if (probe.succeeded) return closed(reading);
  const { consecutiveFailures, streakStartedMs, nowMs } = reading;
  return {
    version: reading.version + 1,
    consecutiveFailures,
    streakStartedMs,
    openedMs: nowMs,
    probeMs: null,
  };
}

function closed({ version }: Breaker): Breaker {
  return {
    version: version + 1,
    consecutiveFailures: 0,
    streakStartedMs: null,
    openedMs: null,
    probeMs: null,
  };
}
