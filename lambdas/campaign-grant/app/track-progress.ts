import type { CampaignRun, TrackProgressOutput } from '../../../schema/campaign-run.ts';
import type { CampaignStore, Clock, Progress, ProgressCounters, TimeBudget } from '../ports.ts';

/** The rows are counted when the counters say that all is done, or have not moved for so many intervals. */
const QUIET_INTERVALS_BEFORE_COUNTING = 2;
/** An interval's work against a slow database still ends within this. */
const TIME_FOR_ONE_ROUND_SECONDS = 60;

interface Services {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
  readonly intervalSeconds: number;
}

/**
 * Copies the Redis counters to the summary every interval, until every target is final or the campaign is no
 * longer IN_PROGRESS. It loops here and not in the state machine: an execution has 25,000 events, which a loop of
 * 5 s would use up within hours.
 */
export async function trackProgress(
  { store, counters, clock, intervalSeconds }: Services,
  { run }: { run: CampaignRun },
  budget: TimeBudget,
): Promise<TrackProgressOutput> {
  let saved: Progress | undefined;
  let quietIntervals = 0;
  while (budget.remainingSeconds() > TIME_FOR_ONE_ROUND_SECONDS) {
    const counted = await counters.read(run.summaryId);
    quietIntervals = counted !== undefined && !sameProgress(counted, saved) ? 0 : quietIntervals + 1;
    if (counted !== undefined && quietIntervals === 0) {
      await store.saveProgress(run.promotionId, counted);
      saved = counted;
    }

    const isRunning = (await store.promotionStatus(run.promotionId)) === 'IN_PROGRESS';
    const looksDone = counted !== undefined && counted.successCount + counted.failCount >= run.totalCount;
    if (!isRunning || looksDone || quietIntervals >= QUIET_INTERVALS_BEFORE_COUNTING) {
      quietIntervals = 0;
      // Counters drift when a write is repeated or Redis was away: only the rows say that everyone is final.
      const results = await store.countResults(run);
      const finalCount = results.successCount + results.failCount;
      const settled = !isRunning || finalCount >= (await store.countTargets(run));
      if (settled) return { settled, finalCount };
      await store.saveProgress(run.promotionId, {
        ...results,
        publishedCount: await store.countPublished(run),
      });
    }
    await clock.sleep(intervalSeconds);
  }
  return { settled: false, finalCount: (saved?.successCount ?? 0) + (saved?.failCount ?? 0) };
}

function sameProgress(a: Progress, b: Progress | undefined): boolean {
  return (
    b !== undefined &&
    a.publishedCount === b.publishedCount &&
    a.successCount === b.successCount &&
    a.failCount === b.failCount &&
    a.retrySuccessCount === b.retrySuccessCount
  );
}
