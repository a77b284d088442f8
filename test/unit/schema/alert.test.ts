import { expect, it } from 'vitest';
import { ALERT_KINDS, isUrgentAlert } from '../../../schema/alert.ts';

it('is urgent where money waits or a job gave up', () => {
  expect(ALERT_KINDS.filter(isUrgentAlert)).toEqual([
    'CAMPAIGN_FAILED',
    'MONEY_KEY_REFUSED',
    'BREAKER_OPENED',
    'JOB_FAILED',
  ]);
});
