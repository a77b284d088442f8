import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { addDays } from '../../../schema/seoul-time.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import { STEPS } from '../domain/steps.ts';
import { usageWindow } from '../domain/usage-window.ts';
import type { Checkpoints, Clock, TimeBudget, UsageStore } from '../ports.ts';

interface Services {
  readonly store: Pick<UsageStore, 'collectStores'>;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

/** Notes the stores of the window's histories, a day a chunk: each is asked for once in the run. */
export function collectStores(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId, runDate } = jobRun;
  const { first, last } = usageWindow(runDate);
  return walkRange(
    services,
    { jobRunId, step: STEPS.collectStores, rangeNumber: range.rangeNumber },
    async (position) => {
      const day = position === range.afterId ? first : addDays(position, 1);
      await services.store.collectStores(jobRunId, day);
      return { position: day, figures: {}, isLast: day === last };
    },
    budget,
  );
}
