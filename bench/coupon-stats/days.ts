import { DAY_MS, demoDays } from '../../demo/coupon-stats/days.ts';
import type { DemoDays } from '../../demo/coupon-stats/days.ts';

/** So long ago that no run on schedule, while we measure, goes through what is loaded. */
const LONG_AGO_MS = 60 * DAY_MS;

/** The days of the runs; events are on today. */
export function benchDays(nowMs: number): DemoDays {
  return { ...demoDays(nowMs - LONG_AGO_MS), targetHour: 12, nowMs };
}
