import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { reportedDay } from '../domain/reported-day.ts';
import { STEPS } from '../domain/steps.ts';
import type { Checkpoints, Clock, PointStore, TimeBudget } from '../ports.ts';

/** One statement's: a second or two of work, where the Data API cancels after 45. */
const TRANSACTIONS_A_CHUNK = 50_000;

interface Services {
  readonly store: PointStore;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

/** Reports the day before the run's of a range of users, in the database itself. */
export function buildDailyReport(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId, runDate } = jobRun;
  const { rangeNumber, toId } = range;
  const day = reportedDay(runDate);
  return walkRange(
    services,
    { jobRunId, step: STEPS.buildDailyReport, rangeNumber },
    (position) => reportChunk(services.store, day, { afterId: position, toId }),
    budget,
  );
}

async function reportChunk(
  store: PointStore,
  day: string,
  range: { readonly afterId: string; readonly toId: string },
): Promise<Chunk> {
  const end = await store.transactionRangeEnd(day, range, TRANSACTIONS_A_CHUNK);
  const chunk = { afterId: range.afterId, toId: end ?? range.toId };
  await store.writeReports(day, chunk);
  return {
    position: chunk.toId,
    figures: await store.reportFigures(day, chunk),
    isLast: chunk.toId === range.toId,
  };
}
