/** Schedule expressions: when a schedule is due next. Times are milliseconds since the epoch. Pure. */
import { Cron } from 'croner';

export type Expression =
  | { readonly kind: 'rate'; readonly everyMilliseconds: number }
  | { readonly kind: 'at'; readonly time: number }
  /** undefined: never again. */
  | { readonly kind: 'cron'; readonly nextAfter: (time: number) => number | undefined };

/** An expression that EventBridge Scheduler, or this stand-in, does not take; the message says which. */
export class InvalidExpression extends Error {
  override readonly name = 'ValidationException';
}

const UNITS: Partial<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** @throws InvalidExpression */
export function parseExpression(expression: string, timezone: string): Expression {
  const [, count, unit] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const milliseconds = unit === undefined ? undefined : UNITS[unit];
  if (milliseconds !== undefined) return { kind: 'rate', everyMilliseconds: Number(count) * milliseconds };

  const [, local] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression) ?? [];
  if (local !== undefined) return { kind: 'at', time: zonedTime(local, timezone) };

  const [, fields] = /^cron\((\S+(?: \S+){5})\)$/.exec(expression) ?? [];
  if (fields !== undefined) return cron(fields, timezone, expression);
  throw new InvalidExpression(`Invalid Schedule Expression ${expression}.`);
}

/** Minutes, hours, day of month, month, day of week (1 is Sunday), year: exactly one of the two days is '?'. */
function cron(fields: string, timezone: string, expression: string): Expression {
  const [, , dayOfMonth, , dayOfWeek] = fields.split(' ');
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new InvalidExpression(`Invalid Schedule Expression ${expression}.`);
  }
  formatter(timezone);
  try {
    const job = new Cron(`0 ${fields}`, {
      mode: '7-part',
      alternativeWeekdays: true,
      sloppyRanges: true,
      timezone,
      paused: true,
    });
    return { kind: 'cron', nextAfter: (time) => job.nextRun(new Date(time))?.getTime() };
  } catch {
    throw new InvalidExpression(`Invalid Schedule Expression ${expression}.`);
  }
}

/**
 * The instant of a wall clock time in an IANA zone. A time that a change of the clocks skips becomes the one as much
 * later; of a time that comes twice one is taken.
 */
export function zonedTime(local: string, timezone: string): number {
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc)) throw new InvalidExpression(`Invalid Schedule Expression at(${local}).`);
  // The offset at the time read as UTC may be that of the other side of a change; the second look is exact.
  const near = asUtc - offsetAt(asUtc, timezone);
  return asUtc - offsetAt(near, timezone);
}

function offsetAt(time: number, timezone: string): number {
  const parts = formatter(timezone).formatToParts(time);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value);
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(time / 1000) * 1000;
}

function formatter(timeZone: string): Intl.DateTimeFormat {
  const all = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...all });
  } catch {
    throw new InvalidExpression(`Invalid ScheduleExpressionTimezone ${timeZone}.`);
  }
}
