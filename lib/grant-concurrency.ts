/** What one environment of GrantRewards sends with ease. Fewer environments that send more cost less of everything. */
const CALLS_OF_ONE_ENVIRONMENT = 250;
/** AWS's own bounds of MaximumConcurrency. */
const FEWEST = 2;
const MOST = 1_000;

/**
 * How many execution environments share a ceiling of `tps` calls a second when the stage does not say: about one for
 * each 250 calls, and of those numbers the one that leaves the fewest calls over, because each environment paces
 * itself to a whole number of calls a second. Never more than `tps`: an environment sends at least one.
 */
export function defaultGrantConcurrency(tps: number): number {
  const fewest = Math.min(Math.max(FEWEST, Math.ceil(tps / CALLS_OF_ONE_ENVIRONMENT)), MOST);
  const most = Math.min(2 * fewest, tps, MOST);
  let best = fewest;
  for (let candidate = fewest; candidate <= most; candidate += 1) {
    if (tps % candidate < tps % best) best = candidate;
  }
  return best;
}
