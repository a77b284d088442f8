import type { JobRange, JobRun } from '../../../schema/jobs.ts';
import { HIGHEST_ID, rangesBy } from '../../shared/jobs/ranges-by.ts';
import { STEPS } from '../domain/steps.ts';
import type { Checkpoints, PushStore } from '../ports.ts';

/** Of favourites of all days and hours: a few thousand of them are of the hour. */
const FAVOURITES_A_RANGE = 250_000;

export interface PlannedPushes {
  readonly collectRanges: readonly JobRange[];
  readonly sendRanges: readonly JobRange[];
}

/** Cuts the members into ranges. A run that goes on has those of its first attempt. */
export async function planPushes(
  {
    pushes,
    checkpoints,
  }: { readonly pushes: Pick<PushStore, 'memberRangeEnd'>; readonly checkpoints: Checkpoints },
  { jobRunId }: JobRun,
): Promise<PlannedPushes> {
  const ranges = () =>
    rangesBy((afterId) => pushes.memberRangeEnd({ afterId, toId: HIGHEST_ID }, FAVOURITES_A_RANGE));
  return {
    collectRanges: await checkpoints.plan({ jobRunId, step: STEPS.collectMembers }, ranges),
    sendRanges: await checkpoints.plan({ jobRunId, step: STEPS.sendPushes }, ranges),
  };
}
