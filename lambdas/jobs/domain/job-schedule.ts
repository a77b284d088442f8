/** When a job runs next: pure. */
import { JOB_SCHEDULES } from '../../../schema/jobs.ts';
import type { JobName } from '../../../schema/jobs.ts';
import { addDays, dateOf, epochMsOf, hourOf } from '../../../schema/seoul-time.ts';

const HOUR_MS = 60 * 60 * 1_000;

/** Epoch milliseconds of the next time at which its schedule starts it, later than now. */
export function nextRunAt(jobName: JobName, nowMs: number): number {
  const { hour } = JOB_SCHEDULES[jobName];
  const today = dateOf(nowMs);
  if (hour === 'every') return hourStart(today, hourOf(nowMs)) + HOUR_MS;
  const at = hourStart(today, hour);
  return at > nowMs ? at : hourStart(addDays(today, 1), hour);
}

function hourStart(date: string, hour: number): number {
  return epochMsOf(`${date} ${String(hour).padStart(2, '0')}:00:00`);
}
