/** The days of the demo, in Asia/Seoul. */
const SEOUL = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Seoul' });
const SEOUL_TIME = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Seoul',
  dateStyle: 'short',
  timeStyle: 'medium',
});
const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;
const WINDOW_DAYS = 20;

export interface DemoDays {
  readonly nowMs: number;
  /** Of the hour's messages. */
  readonly today: string;
  readonly targetHour: number;
  /** For which the favourites are made: the twentieth day of the window. */
  readonly yesterday: string;
  /** Its favourites count still. */
  readonly dayBefore: string;
  /** And its no more. */
  readonly tooEarly: string;
  /** The twenty days, the first one first. */
  readonly window: readonly string[];
  readonly beforeWindow: string;
}

/** Seoul has no daylight saving time: a day before is 24 hours before. */
export function demoDays(nowMs: number): DemoDays {
  const ago = (days: number) => SEOUL.format(nowMs - days * DAY_MS);
  return {
    nowMs,
    today: ago(0),
    // Far from now: the schedule of the hour runs for its own.
    targetHour: Number(SEOUL_TIME.format(nowMs + 12 * HOUR_MS).slice(11, 13)),
    yesterday: ago(1),
    dayBefore: ago(2),
    tooEarly: ago(3),
    window: Array.from({ length: WINDOW_DAYS }, (_, index) => ago(WINDOW_DAYS - index)),
    beforeWindow: ago(WINDOW_DAYS + 1),
  };
}

/** yyyy-MM-dd HH:mm:ss, Asia/Seoul. */
export function seoulTime(epochMs: number): string {
  return SEOUL_TIME.format(epochMs);
}
