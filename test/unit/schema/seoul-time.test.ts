import { describe, expect, it } from 'vitest';
import {
  addDays,
  compactDateTime,
  dateOf,
  endOfDay,
  hourOf,
  isDate,
  toCompact,
  toDateTime,
  toSentAt,
} from '../../../schema/seoul-time.ts';

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

  it.each([
    [Date.UTC(2025, 11, 31, 14, 59, 59, 999), '2025-12-31', 23],
    [Date.UTC(2025, 11, 31, 15, 0, 0, 0), '2026-01-01', 0],
    [Date.UTC(2026, 10, 20, 16, 0, 0, 0), '2026-11-21', 1],
    [Date.UTC(2026, 10, 21, 14, 59, 59, 999), '2026-11-21', 23],
  ])('of %i ms is the day %s, hour %i', (ms, date, hour) => {
    expect([dateOf(ms), hourOf(ms)]).toEqual([date, hour]);
  });

  it.each([
    ['2026-03-01', -1, '2026-02-28'],
    ['2028-03-01', -1, '2028-02-29'],
    ['2026-01-01', -1, '2025-12-31'],
    ['2026-12-31', 1, '2027-01-01'],
    ['2026-11-21', -19, '2026-11-02'],
    ['1000-01-01', -1, '0999-12-31'],
  ])('%s and %i days is %s', (date, days, sum) => {
    expect(addDays(date, days)).toBe(sum);
  });

  it.each([
    ['2026-11-21', true],
    ['1000-01-01', true],
    ['9999-12-31', true],
    ['0999-12-31', false],
    ['0000-00-00', false],
    ['2026-11-31', false],
    ['2026-11-21 ', false],
    ['21-11-2026', false],
    ['', false],
  ])('knows whether %j is a day that a DATE can be: %s', (text, expected) => {
    expect(isDate(text)).toBe(expected);
  });
});
