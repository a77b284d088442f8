import type { CampaignRun, FinishCampaignOutput } from '../../../schema/campaign-run.ts';
import type { CampaignStore, Clock, ProgressCounters } from '../ports.ts';

/** The column campaign_promotion_summary.stopped_memo is VARCHAR(500). */
const MAX_MEMO_CHARACTERS = 500;

interface Services {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
}

/**
 * Ends the run: IN_PROGRESS → COMPLETED (FAILED when the machine caught an error), and the summary counted from
 * the rows. A campaign that was stopped meanwhile stays STOPPED, with everything that was not paid PENDING again.
 */
export async function finishCampaign(
  { store, counters, clock }: Services,
  { run, error }: { run: CampaignRun; error?: { Error: string; Cause: string } | undefined },
): Promise<FinishCampaignOutput> {
  const { promotionId, runNumber, summaryId } = run;
  const memo = error === undefined ? null : `${error.Error}: ${error.Cause}`.slice(0, MAX_MEMO_CHARACTERS);
  const outcome = await store.finishRun({
    promotionId,
    runNumber,
    outcome: error === undefined ? 'COMPLETED' : 'FAILED',
    memo,
    nowMs: clock.now(),
  });
  if (outcome !== 'COMPLETED') await store.returnUnpaid(run, clock.now());

  const results = await store.countResults(run);
  const publishedCount = await store.countPublished(run);
  const totalCount = await store.countTargets(run);
  await store.saveProgress(promotionId, { ...results, publishedCount });
  await counters.reset(summaryId, totalCount, { ...results, publishedCount });
  return { outcome, totalCount, publishedCount, ...results, grantedAmount: await store.grantedAmount(run) };
}
