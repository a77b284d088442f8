import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import { hourOfRun } from '../domain/push.ts';
import { STEPS } from '../domain/steps.ts';
import type { Checkpoints, Clock, PushStore, TimeBudget } from '../ports.ts';

interface Services {
  readonly pushes: Pick<PushStore, 'collectMembers' | 'memberRangeEnd'>;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

/** One statement's: the favourites of all days and hours in which the members of a chunk end. */
const FAVOURITES_A_CHUNK = 50_000;

/** Notes who is to be told in the hour. Who is noted already keeps what became of it. */
export function collectMembers(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId } = jobRun;
  const { rangeNumber, toId } = range;
  const { pushes } = services;
  const hour = hourOfRun(jobRun);
  return walkRange(
    services,
    { jobRunId, step: STEPS.collectMembers, rangeNumber },
    async (afterId) => {
      const end = (await pushes.memberRangeEnd({ afterId, toId }, FAVOURITES_A_CHUNK)) ?? toId;
      await pushes.collectMembers(hour, { afterId, toId: end });
      return { position: end, figures: {}, isLast: end === toId };
    },
    budget,
  );
}
