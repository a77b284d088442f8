import { addDays } from '../../../schema/seoul-time.ts';

/** The day before the run's, in Asia/Seoul. */
export function reportedDay(runDate: string): string {
  return addDays(runDate, -1);
}
