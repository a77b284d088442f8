/** Which transitions people are told of, and what names each: the same transition has the same key, whoever makes it. */
import type { AlertKind } from '../../../schema/alert.ts';
import { FAILURE_RATE, RESULTS_FOR_A_RATE } from '../../../schema/failure-rate.ts';
import type { Breaker } from './breaker.ts';
import { transitionOf } from './breaker.ts';

/** One to be told. Of a campaign, or of what all campaigns share. */
export interface Alert {
  readonly key: string;
  readonly kind: AlertKind;
  readonly promotionId: string | null;
  readonly runNumber: number | null;
}

/** Of a run, when it has ended so. */
export type EndedOutcome = 'COMPLETED' | 'STOPPED' | 'FAILED';

export interface RaisedAlert extends Alert {
  readonly raisedAtMs: number;
}

/** Who stopped a campaign: a person, or the Money API that refused our key. */
export type StoppedBy = 'operator' | 'refused-key';

interface RunKey {
  readonly promotionId: string;
  readonly runNumber: number;
}

export function endedAlert(
  { promotionId, runNumber }: RunKey,
  outcome: EndedOutcome,
  stoppedBy: StoppedBy = 'operator',
): Alert {
  const isRefused = outcome === 'STOPPED' && stoppedBy === 'refused-key';
  return {
    key: `promotion-${promotionId}-run-${runNumber}-${outcome.toLowerCase()}`,
    kind: isRefused ? 'MONEY_KEY_REFUSED' : `CAMPAIGN_${outcome}`,
    promotionId,
    runNumber,
  };
}

/**
 * Once a campaign: the runs that follow, of a redrive or a resume, count what had failed before as well, and would tell
 * the same again.
 * @param isOver no more results come: a small campaign has its rate then.
 * @returns the alert when more than a hundredth fails
 */
export function failureRateAlert(
  { promotionId, runNumber }: RunKey,
  { successCount, failCount }: { readonly successCount: number; readonly failCount: number },
  { isOver }: { readonly isOver: boolean },
): Alert | undefined {
  const results = successCount + failCount;
  if (!isOver && results < RESULTS_FOR_A_RATE) return undefined;
  if (failCount <= results * FAILURE_RATE) return undefined;
  return { key: `promotion-${promotionId}-failure-rate`, kind: 'FAILURE_RATE', promotionId, runNumber };
}

/** A probe that fails opens the breaker for another while: the same outage, of which people know. */
export function breakerAlert(before: Breaker, next: Breaker, raisedAtMs: number): RaisedAlert | undefined {
  const shared = { promotionId: null, runNumber: null, raisedAtMs: Math.round(raisedAtMs) };
  switch (transitionOf(before, next)) {
    case 'opened':
      return { key: `breaker-opened-${next.openedMs}`, kind: 'BREAKER_OPENED', ...shared };
    case 'closed':
      return { key: `breaker-closed-${before.openedMs}`, kind: 'BREAKER_CLOSED', ...shared };
    default:
      return undefined;
  }
}
