import type { CampaignRun, TrackProgressOutput } from '../../../schema/campaign-run.ts';
import { failureRateAlert } from '../domain/alerts.ts';
import { tellAlerts } from './tell-alerts.ts';
import type { AlertServices } from './tell-alerts.ts';
import type {
  CampaignGauges,
  CampaignStore,
  Clock,
  GrantQueue,
  Progress,
  ProgressCounters,
  TimeBudget,
} from '../ports.ts';
import { progressReporter } from './report-gauges.ts';

/** The rows are counted when the counters say that all is done, or have not moved for so many intervals. */
const QUIET_INTERVALS_BEFORE_COUNTING = 2;
/**
 * SQS's approximate counts are right within a minute; what does not move for longer, with no message anywhere in the
 * queue, has nothing left to move it. Messages that wait out an outage are in the queue.
 */
const QUIET_SECONDS_BEFORE_ANOTHER_PASS = 75;
/** An interval's work against a slow database still ends within this. */
const TIME_FOR_ONE_ROUND_SECONDS = 60;

interface Services extends AlertServices {
  readonly store: CampaignStore;
  readonly queue: Pick<GrantQueue, 'backlog'>;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
  readonly intervalSeconds: number;
  readonly gauges: CampaignGauges;
  /** Calls a second that the Money API admits. */
  readonly tps: number;
}

/**
 * Copies the Redis counters to the summary every interval, sets them anew from the rows where Redis has lost them, and
 * tells what is to be told. Until every target is final, the campaign is no longer IN_PROGRESS by this run, or nothing
 * moves any more though something is left: messages that were lost with their queue, or targets that were added late.
 * FinishCampaign sees which, and asks for another pass.
 *
 * It loops here and not in the state machine: an execution has 25,000 events, which a loop of 5 s would use up
 * within hours.
 */
export async function trackProgress(
  services: Services,
  { run }: { run: CampaignRun },
  budget: TimeBudget,
): Promise<TrackProgressOutput> {
  const { store, queue, counters, clock, intervalSeconds } = services;
  const report = progressReporter(services, run);
  let saved: Progress | undefined;
  let quietIntervals = 0;
  let counts: RowCounts | undefined;
  let unmovedSince = clock.monotonic();
  while (budget.remainingSeconds() > TIME_FOR_ONE_ROUND_SECONDS) {
    const counted = await counters.read(run.summaryId);
    quietIntervals = counted !== undefined && !sameProgress(counted, saved) ? 0 : quietIntervals + 1;
    if (counted !== undefined && quietIntervals === 0) {
      await store.saveProgress(run, counted);
      saved = counted;
    }
    const progress = counted ?? counts;
    if (progress !== undefined) await watchFailures(services, run, progress);
    await tellAlerts(services);
    await report(counted, counts);

    const isPaying = await store.isPaying(run);
    const looksDone = counted !== undefined && counted.successCount + counted.failCount >= run.totalCount;
    if (!isPaying || looksDone || quietIntervals >= QUIET_INTERVALS_BEFORE_COUNTING) {
      quietIntervals = 0;
      // Counters drift when a write is repeated or Redis was away: only the rows say that everyone is final.
      const before = counts;
      counts = await countRows(store, run);
      if (!isPaying || counts.finalCount >= counts.totalCount)
        return { ended: true, finalCount: counts.finalCount };
      await store.saveProgress(run, counts);
      // What is added meanwhile is not in them: they are for watching, and the rows say when all is done.
      if (counted === undefined) await counters.reset(run.summaryId, counts.totalCount, counts);
      if (before === undefined || !sameProgress(before, counts) || (await queue.backlog()) > 0) {
        unmovedSince = clock.monotonic();
      }
      if (clock.monotonic() - unmovedSince >= QUIET_SECONDS_BEFORE_ANOTHER_PASS) {
        return { ended: true, finalCount: counts.finalCount };
      }
    }
    await clock.sleep(intervalSeconds);
  }
  return { ended: false, finalCount: counts?.finalCount ?? 0 };
}

/** Raised again and again while it holds: one of a campaign is there once. */
async function watchFailures(
  { store, clock }: Services,
  run: CampaignRun,
  progress: Progress,
): Promise<void> {
  const alert = failureRateAlert(run, progress, { isOver: false });
  if (alert !== undefined) await store.raiseAlert({ ...alert, raisedAtMs: clock.now() });
}

interface RowCounts extends Progress {
  readonly finalCount: number;
  readonly totalCount: number;
}

async function countRows(store: CampaignStore, run: CampaignRun): Promise<RowCounts> {
  const results = await store.countResults(run);
  return {
    ...results,
    publishedCount: await store.countPublished(run),
    finalCount: results.successCount + results.failCount,
    totalCount: await store.countTargets(run),
  };
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
