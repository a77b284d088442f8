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
