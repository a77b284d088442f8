import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { STEPS } from '../domain/steps.ts';
import { usageWindow } from '../domain/usage-window.ts';
import type { Checkpoints, Clock, IdRange, TimeBudget, UsageStore } from '../ports.ts';

/** One statement's: a second or two of work, where the Data API cancels after 45. */
const HISTORIES_A_CHUNK = 100_000;

interface Services {
  readonly store: Pick<UsageStore, 'memberRangeEnd' | 'aggregate'>;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

/** The favourite district and hour of each member of a range, in the database itself. */
export function aggregateUsage(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId } = jobRun;
  const { rangeNumber, toId } = range;
  return walkRange(
    services,
    { jobRunId, step: STEPS.aggregateUsage, rangeNumber },
    (position) => aggregateChunk(services, jobRun, { afterId: position, toId }),
    budget,
  );
}

async function aggregateChunk(
  { store, clock }: Services,
  { jobRunId, runDate }: JobRun,
  range: IdRange,
): Promise<Chunk> {
  const toId = (await store.memberRangeEnd(range, HISTORIES_A_CHUNK)) ?? range.toId;
  const chunk = { afterId: range.afterId, toId };
  const figures = await store.aggregate({ jobRunId, runDate }, usageWindow(runDate), chunk, clock.now());
  return { position: toId, figures, isLast: toId === range.toId };
}
