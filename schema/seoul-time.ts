/**
 * Asia/Seoul local time, which every column and message of this system carries without an offset.
 * Korea has had no daylight saving time since 1988, so the offset is constant.
 */
const SEOUL_OFFSET_MS = 9 * 60 * 60 * 1000;

/** '2026-01-21T10:30:00.000', local to Seoul. */
function seoulIso(epochMs: number): string {
  return new Date(epochMs + SEOUL_OFFSET_MS).toISOString().slice(0, 23);
}

/** A message's sentAt: '2026-01-21T10:30:00'. */
export function toSentAt(epochMs: number): string {
  return seoulIso(epochMs).slice(0, 19);
}

/** A DATETIME(3) literal: '2026-01-21 10:30:00.000'. */
export function toDateTime(epochMs: number): string {
  return seoulIso(epochMs).replace('T', ' ');
}

/** A DATETIME as MySQL prints it → '2026-01-21T10:30:00+09:00', with its fraction if it has one. */
export function withOffset(dateTime: string): string {
  return `${dateTime.replace(' ', 'T')}+09:00`;
}

/** A DATETIME as MySQL prints it → epoch milliseconds; NaN of anything else. */
export function epochMsOf(dateTime: string): number {
  return Date.parse(withOffset(dateTime));
}

/** 'yyyyMMddHHmmss'. */
export function toCompact(epochMs: number): string {
  return seoulIso(epochMs).slice(0, 19).replace(/\D/g, '');
}

/** '2026-12-31' → '20261231235959', the last second of that day; undefined when there is no such day. */
export function endOfDay(date: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  const parsed = new Date(`${date}T00:00:00Z`);
  // 2026-02-30 parses as March 2nd: a day that exists comes back as it went in.
  if (Number.isNaN(parsed.getTime()) || !parsed.toISOString().startsWith(date)) return undefined;
  return `${date.replaceAll('-', '')}235959`;
}

/** A DATETIME as MySQL prints it ('2026-12-31 23:59:59', a fraction is dropped) → '20261231235959'. */
export function compactDateTime(dateTime: string): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})/.exec(dateTime);
  return match?.slice(1).join('');
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Of a DATE column: MySQL's documentation promises nothing of an earlier one. */
const EARLIEST_DATE = '1000-01-01';

/** Whether there is such a day, and a DATE column can have it: 'yyyy-MM-dd'. */
export function isDate(text: string): boolean {
  return endOfDay(text) !== undefined && text >= EARLIEST_DATE;
}

/** The day that it is in Asia/Seoul: 'yyyy-MM-dd'. */
export function dateOf(epochMs: number): string {
  return seoulIso(epochMs).slice(0, 10);
}

/** The hour that it is in Asia/Seoul, 0 to 23. */
export function hourOf(epochMs: number): number {
  return Number(seoulIso(epochMs).slice(11, 13));
}

/** @example addDays('2026-03-01', -1) // '2026-02-28' */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
