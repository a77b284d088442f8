const LARGEST_DEFAULT = 50;

/**
 * How many execution environments share a ceiling of `tps` calls a second when the stage does not say: the
 * largest divisor of `tps` in 2..50, so that each paces itself to a whole number of calls a second; where there
 * is none (a prime above 50), 50. Never more than `tps`: an environment sends at least one call a second.
 */
export function defaultGrantConcurrency(tps: number): number {
  for (let candidate = Math.min(LARGEST_DEFAULT, tps); candidate >= 2; candidate -= 1) {
    if (tps % candidate === 0) return candidate;
  }
  return Math.min(LARGEST_DEFAULT, tps);
}
