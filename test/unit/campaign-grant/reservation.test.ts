import { describe, expect, it } from 'vitest';
import {
  recoveringExecutionName,
  reservedExecutionName,
  scheduleName,
} from '../../../lambdas/campaign-grant/domain/reservation.ts';

const RESERVED = { promotionId: '3', runNumber: 0, reservationAt: '2026-11-21 09:00:00' };
/** The largest that the columns hold. */
const LARGEST = { ...RESERVED, promotionId: '9223372036854775807', runNumber: 2_147_483_646 };

describe('the name of an execution', () => {
  it('is the same for schedule, reconciler and redrive, so that together they start one', () => {
    expect(reservedExecutionName(RESERVED)).toBe('promotion-3-run-1-20261121090000');
    expect(reservedExecutionName({ ...RESERVED, reservationAt: '2026-11-21 09:00:00.000' })).toBe(
      reservedExecutionName(RESERVED),
    );
  });

  it('is another for another reservation, run or promotion, and for a recovery', () => {
    const names = [
      reservedExecutionName(RESERVED),
      reservedExecutionName({ ...RESERVED, reservationAt: '2026-11-21 09:00:01' }),
      reservedExecutionName({ ...RESERVED, reservationAt: null }),
      reservedExecutionName({ ...RESERVED, runNumber: 1 }),
      reservedExecutionName({ ...RESERVED, promotionId: '31' }),
      recoveringExecutionName('3', 0),
      recoveringExecutionName('3', 1),
    ];

    expect(new Set(names).size).toBe(names.length);
  });

  it('is one that Step Functions and Scheduler take: at most 80, and 64, characters', () => {
    const names = [
      reservedExecutionName(LARGEST),
      recoveringExecutionName(LARGEST.promotionId, 2_147_483_646),
    ];
    for (const name of names) expect(name).toMatch(/^[\w-]{1,80}$/);
    expect(scheduleName(LARGEST, LARGEST.reservationAt)).toMatch(/^[\w-]{1,64}$/);
  });
});
