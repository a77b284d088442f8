import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { MOST_STORES } from '../../../schema/services.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { STEPS } from '../domain/steps.ts';
import type { Checkpoints, Clock, StoreService, TimeBudget, UsageStore } from '../ports.ts';

interface Services {
  readonly store: Pick<UsageStore, 'stores' | 'recordDistricts'>;
  readonly storeService: Pick<StoreService, 'dongsOfStores'>;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly log: { districtsNotSaid(reason: string, storeIds: readonly string[]): void };
}

/** Asks the store service for the districts of the run's stores. What it does not say costs members, not the run. */
export function learnDistricts(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId } = jobRun;
  return walkRange(
    services,
    { jobRunId, step: STEPS.learnDistricts, rangeNumber: range.rangeNumber },
    (position) => learnPage(services, jobRunId, position),
    budget,
  );
}

async function learnPage(
  { store, storeService, log }: Services,
  jobRunId: string,
  afterId: string,
): Promise<Chunk> {
  const storeIds = await store.stores(jobRunId, afterId, MOST_STORES);
  const isLast = storeIds.length < MOST_STORES;
  if (storeIds.length === 0) return { position: afterId, figures: {}, isLast };
  const answer = await storeService.dongsOfStores(storeIds);
  if (!answer.ok) log.districtsNotSaid(answer.reason, storeIds);
  await store.recordDistricts(jobRunId, storeIds, answer.ok ? answer.value : undefined);
  const unknown = answer.ok ? storeIds.filter((storeId) => !answer.value.has(storeId)).length : 0;
  const figures = {
    stores: storeIds.length,
    storeServiceCalls: 1,
    unknownStores: unknown,
    storesNotSaid: answer.ok ? 0 : storeIds.length,
  };
  return { position: storeIds.at(-1) ?? afterId, figures, isLast };
}
