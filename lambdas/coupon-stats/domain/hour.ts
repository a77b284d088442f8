import { addDays } from '../../../schema/seoul-time.ts';

/** design.md: favourites of the run's day and the two before count, the newest first. */
export function recentDays(runDate: string): readonly [string, string, string] {
  return [runDate, addDays(runDate, -1), addDays(runDate, -2)];
}
