import type { JobRange, JobRun } from '../../../schema/jobs.ts';
import { HIGHEST_ID, rangesBy } from '../../shared/jobs/ranges-by.ts';
import { reportedDay } from '../domain/reported-day.ts';
import { STEPS } from '../domain/steps.ts';
import type { Checkpoints, PointStore } from '../ports.ts';

/** So many are gone through at the same time as others: enough of them for a Map's concurrency to be of use. */
const BALANCES_A_RANGE = 100_000;
const TRANSACTIONS_A_RANGE = 250_000;

export interface PlannedRanges {
  readonly balanceRanges: readonly JobRange[];
  readonly sweepRanges: readonly JobRange[];
  readonly reportRanges: readonly JobRange[];
}

/** Cuts what there is to do into ranges of user ids. A run that goes on has those of its first attempt. */
export async function planRanges(
  { store, checkpoints }: { readonly store: PointStore; readonly checkpoints: Checkpoints },
  { jobRunId, runDate }: JobRun,
): Promise<PlannedRanges> {
  const day = reportedDay(runDate);
  const plan = (step: string, endOf: (afterId: string) => Promise<string | undefined>) =>
    checkpoints.plan({ jobRunId, step }, () => rangesBy(endOf));
  return {
    balanceRanges: await plan(STEPS.syncBalances, (afterId) =>
      store.balanceRangeEnd(afterId, BALANCES_A_RANGE),
    ),
    sweepRanges: await plan(STEPS.sweepGoneUsers, () => Promise.resolve(undefined)),
    reportRanges: await plan(STEPS.buildDailyReport, (afterId) =>
      store.transactionRangeEnd(day, { afterId, toId: HIGHEST_ID }, TRANSACTIONS_A_RANGE),
    ),
  };
}
