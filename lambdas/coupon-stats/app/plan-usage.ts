import type { JobRange, JobRun } from '../../../schema/jobs.ts';
import { HIGHEST_ID, WHOLE_RANGE, rangesBy } from '../../shared/jobs/ranges-by.ts';
import { STEPS } from '../domain/steps.ts';
import type { Checkpoints, UsageStore } from '../ports.ts';

const HISTORIES_A_RANGE = 500_000;

export interface PlannedUsage {
  readonly collectRanges: readonly JobRange[];
  readonly learnRanges: readonly JobRange[];
  readonly aggregateRanges: readonly JobRange[];
}

/** Cuts what there is to do into ranges of member ids. A run that goes on has those of its first attempt. */
export async function planUsage(
  {
    store,
    checkpoints,
  }: { readonly store: Pick<UsageStore, 'memberRangeEnd'>; readonly checkpoints: Checkpoints },
  { jobRunId }: JobRun,
): Promise<PlannedUsage> {
  const whole = () => Promise.resolve([WHOLE_RANGE]);
  return {
    collectRanges: await checkpoints.plan({ jobRunId, step: STEPS.collectStores }, whole),
    learnRanges: await checkpoints.plan({ jobRunId, step: STEPS.learnDistricts }, whole),
    aggregateRanges: await checkpoints.plan({ jobRunId, step: STEPS.aggregateUsage }, () =>
      rangesBy((afterId) => store.memberRangeEnd({ afterId, toId: HIGHEST_ID }, HISTORIES_A_RANGE)),
    ),
  };
}
