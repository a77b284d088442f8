import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { STEPS } from '../domain/steps.ts';
import { usageWindow } from '../domain/usage-window.ts';
import type { Checkpoints, Clock, IdRange, TimeBudget, UsageStore } from '../ports.ts';

/**
 * A favourite takes five of them: 8,000 favourites at most, of a hundred bytes, where the Data API's answers end at
 * 1 MiB. Of fewer a chunk, the statements cost the database more: a fifth at 10,000.
 */
export const HISTORIES_A_CHUNK = 40_000;

interface Services {
  readonly store: Pick<UsageStore, 'memberRangeEnd' | 'isDistrictNotSaid' | 'skipMembers' | 'aggregate'>;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

/** The favourite district and hour of each member of a range, counted in the database itself. */
export async function aggregateUsage(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId } = jobRun;
  const { rangeNumber, toId } = range;
  // Once: all were asked for before. Looking for who used one of them costs a second pass over the histories.
  const isAnyToSkip = await services.store.isDistrictNotSaid(jobRunId);
  return walkRange(
    services,
    { jobRunId, step: STEPS.aggregateUsage, rangeNumber },
    (position) => aggregateChunk(services, jobRun, { afterId: position, toId }, isAnyToSkip),
    budget,
  );
}

async function aggregateChunk(
  { store, clock }: Services,
  { jobRunId, runDate }: JobRun,
  range: IdRange,
  isAnyToSkip: boolean,
): Promise<Chunk> {
  const toId = (await store.memberRangeEnd(range, HISTORIES_A_CHUNK)) ?? range.toId;
  const chunk = { afterId: range.afterId, toId };
  const days = usageWindow(runDate);
  if (isAnyToSkip) await store.skipMembers(jobRunId, days, chunk);
  const figures = await store.aggregate({ jobRunId, runDate }, days, chunk, clock.now());
  return { position: toId, figures, isLast: toId === range.toId };
}
