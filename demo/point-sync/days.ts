/** The days of the demo, in Asia/Seoul. */
const SEOUL = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Seoul' });
const DAY_MS = 24 * 60 * 60 * 1000;

export interface DemoDays {
  /** For which the job runs: yyyy-MM-dd. */
  readonly runDate: string;
  /** Which it reports. */
  readonly reported: string;
  readonly before: string;
}

/** Seoul has no daylight saving time: a day before is 24 hours before. */
export function demoDays(nowMs: number): DemoDays {
  return {
    runDate: SEOUL.format(nowMs),
    reported: SEOUL.format(nowMs - DAY_MS),
    before: SEOUL.format(nowMs - 2 * DAY_MS),
  };
}
