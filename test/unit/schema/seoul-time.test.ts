import { describe, expect, it } from 'vitest';
import { compactDateTime, endOfDay, toCompact, toDateTime, toSentAt } from '../../../schema/seoul-time.ts';

describe('Seoul time', () => {
  const newYear = Date.UTC(2025, 11, 31, 15, 0, 0, 7);

  it('is nine hours ahead of UTC', () => {
    expect(toSentAt(newYear)).toBe('2026-01-01T00:00:00');
    expect(toDateTime(newYear)).toBe('2026-01-01 00:00:00.007');
    expect(toCompact(newYear)).toBe('20260101000000');
  });

  it.each([
    ['2026-12-31', '20261231235959'],
    ['2028-02-29', '20280229235959'],
    ['2026-02-29', undefined],
    ['2026-13-01', undefined],
    ['20261231', undefined],
    ['', undefined],
  ])('the end of %s is %s', (date, end) => {
    expect(endOfDay(date)).toBe(end);
  });

  it('reads a DATETIME with or without a fraction', () => {
    expect(compactDateTime('2026-12-31 23:59:59.000000')).toBe('20261231235959');
    expect(compactDateTime('2026-12-31 23:59:59')).toBe('20261231235959');
  });
});
