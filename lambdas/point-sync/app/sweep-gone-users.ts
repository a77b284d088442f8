import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { STEPS } from '../domain/steps.ts';
import type { BalanceCache, Checkpoints, Clock, PointStore, TimeBudget } from '../ports.ts';

interface Services {
  readonly store: PointStore;
  readonly cache: BalanceCache;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly log: GoneUsersLog;
}

export interface GoneUsersLog {
  goneUsers(userIds: readonly string[], pruned: boolean): void;
}

/**
 * Looks through all balances in Redis for users who have no row any more: reports them, and removes them where the run
 * was asked to. Otherwise they expire, since nothing keeps them alive.
 */
export function sweepGoneUsers(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId, prune } = jobRun;
  const { rangeNumber } = range;
  return walkRange(
    services,
    { jobRunId, step: STEPS.sweepGoneUsers, rangeNumber },
    (position) => sweepPage(services, position, prune),
    budget,
  );
}

async function sweepPage({ store, cache, log }: Services, from: string, prune: boolean): Promise<Chunk> {
  const { cursor, userIds } = await cache.usersFrom(from);
  const gone = userIds.length === 0 ? [] : await store.withoutBalance(userIds);
  if (gone.length > 0) {
    if (prune) await cache.remove(gone);
    log.goneUsers(gone, prune);
  }
  const figures = { goneUsers: gone.length, prunedUsers: prune ? gone.length : 0 };
  return { position: cursor, figures, isLast: cursor === '0' };
}
