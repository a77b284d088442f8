import { describe, expect, it } from 'vitest';
import { breakerAlert, endedAlert, failureRateAlert } from '../../../lambdas/campaign-grant/domain/alerts.ts';
import type { Breaker } from '../../../lambdas/campaign-grant/domain/breaker.ts';

const RUN = { promotionId: '7', runNumber: 2 };

describe('the failure rate', () => {
  it.each([
    ['one of a hundred is no more than a hundredth', 990, 10, false],
    ['a little more is', 989, 11, true],
    ['the first that fails is no rate yet', 10, 5, false],
    ['nor are 999 results', 900, 99, false],
  ])('%s', (_name, successCount, failCount, tells) => {
    const alert = failureRateAlert(RUN, { successCount, failCount }, { isOver: false });
    expect(alert !== undefined).toBe(tells);
  });

  it('of a small campaign is known when it is over', () => {
    const alert = failureRateAlert(RUN, { successCount: 10, failCount: 5 }, { isOver: true });
    expect(alert).toEqual({ key: 'promotion-7-failure-rate', kind: 'FAILURE_RATE', ...RUN });
    expect(failureRateAlert(RUN, { successCount: 0, failCount: 0 }, { isOver: true })).toBeUndefined();
  });
});

describe('the breaker', () => {
  const breaker = (openedMs: number | null): Breaker => ({
    version: 3,
    consecutiveFailures: 10,
    streakStartedMs: 1,
    openedMs,
    probeMs: null,
  });

  it.each([
    ['opens', null, 500, { key: 'breaker-opened-500', kind: 'BREAKER_OPENED' }],
    ['closes', 500, null, { key: 'breaker-closed-500', kind: 'BREAKER_CLOSED' }],
    ['opens again after a probe: the same outage', 500, 900, undefined],
    ['counts a failure', null, null, undefined],
  ])('%s', (_name, before, next, expected) => {
    const alert = breakerAlert(breaker(before), breaker(next), 901.4);
    if (expected === undefined) expect(alert).toBeUndefined();
    else expect(alert).toEqual({ ...expected, promotionId: null, runNumber: null, raisedAtMs: 901 });
  });
});

describe('a run that ended', () => {
  it('has a key of its own, whoever stopped it', () => {
    expect(endedAlert(RUN, 'STOPPED')).toEqual({
      key: 'promotion-7-run-2-stopped',
      kind: 'CAMPAIGN_STOPPED',
      ...RUN,
    });
    expect(endedAlert(RUN, 'STOPPED', 'refused-key')).toEqual({
      key: 'promotion-7-run-2-stopped',
      kind: 'MONEY_KEY_REFUSED',
      ...RUN,
    });
    expect(endedAlert(RUN, 'COMPLETED', 'refused-key').kind).toBe('CAMPAIGN_COMPLETED');
  });
});
