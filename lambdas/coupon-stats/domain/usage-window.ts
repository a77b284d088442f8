import { addDays } from '../../../schema/seoul-time.ts';

/** design.md: the twenty days up to the run's, Asia/Seoul. */
const DAYS = 20;
/** Uses in stores of a known district, from which on a member has a favourite. */
export const FEWEST_USES = 5;

/** The first day, and the last. */
export function usageWindow(runDate: string): { readonly first: string; readonly last: string } {
  return { first: addDays(runDate, 1 - DAYS), last: runDate };
}
