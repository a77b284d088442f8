/** Which transitions people are told of, and what names each: the same transition has the same key, whoever sees it. */
import type { AlertKind } from '../../../schema/alert.ts';
import { FAILURE_RATE, RESULTS_FOR_A_RATE } from '../../../schema/failure-rate.ts';
import type { ResultCounts } from '../ports.ts';

/** Of a run, when it has ended so. */
export type EndedOutcome = 'COMPLETED' | 'STOPPED' | 'FAILED';

export function endedAlert(promotionId: string, runNumber: number, outcome: EndedOutcome) {
  return {
    key: `promotion-${promotionId}-run-${runNumber}-${outcome.toLowerCase()}`,
    kind: `CAMPAIGN_${outcome}` satisfies AlertKind,
  } as const;
}

export function failureRateAlert(promotionId: string, runNumber: number) {
  return { key: `promotion-${promotionId}-run-${runNumber}-failure-rate`, kind: 'FAILURE_RATE' } as const;
}

/** `openedMs` is that of the first opening: an outage that outlasts a probe is the same outage. */
export function breakerAlert(kind: 'BREAKER_OPENED' | 'BREAKER_CLOSED', openedMs: number) {
  return { key: `${kind === 'BREAKER_OPENED' ? 'breaker-opened' : 'breaker-closed'}-${openedMs}`, kind } as const;
}

/** @param isOver no more results come: a small campaign has its rate then. */
export function failsTooOften({ successCount, failCount }: ResultCounts, { isOver }: { isOver: boolean }): boolean {
  const results = successCount + failCount;
  return (isOver || results >= RESULTS_FOR_A_RATE) && failCount > results * FAILURE_RATE;
}

/** Somebody is to look at once: money waits, or was asked for with a key that is refused. */
export function isUrgent(kind: AlertKind): boolean {
  return kind === 'BREAKER_OPENED' || kind === 'CAMPAIGN_FAILED';
}
