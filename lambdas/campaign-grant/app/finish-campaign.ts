import type { CampaignRun, FinishCampaignOutput } from '../../../schema/campaign-run.ts';
import { failureRateAlert } from '../domain/alerts.ts';
import { memoOf } from '../../../schema/memo.ts';
import type { CampaignStore, Clock, ProgressCounters } from '../ports.ts';
import { tellAlerts } from './tell-alerts.ts';
import type { AlertServices } from './tell-alerts.ts';
import { windUp } from './wind-up.ts';

interface Services extends AlertServices {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
}

/** Dead letters of one statement. */
const REDRIVE_PAGE = 1_000;

/**
 * Ends the run: IN_PROGRESS → COMPLETED (FAILED when the machine caught an error), and the summary counted from
 * the rows. Unless something is left to pay: a target that is not final, or a dead letter with a transient cause,
 * each of which is redriven once. Then the execution pays it in another pass, and the campaign stays IN_PROGRESS.
 * A campaign that was stopped meanwhile stays STOPPED, with everything that was not paid PENDING again.
 */
export async function finishCampaign(
  services: Services,
  { run, error }: { run: CampaignRun; error?: { Error: string; Cause: string } | undefined },
): Promise<FinishCampaignOutput> {
  const { store, counters, clock } = services;
  const { promotionId, promotionType, runNumber, summaryId } = run;
  const left = error === undefined && (await needsAnotherPass({ store, clock }, run));
  const outcome = left
    ? 'IN_PROGRESS'
    : await store.finishRun({
        promotionId,
        promotionType,
        runNumber,
        outcome: error === undefined ? 'COMPLETED' : 'FAILED',
        memo: error === undefined ? null : memoOf(`${error.Error}: ${error.Cause}`),
        nowMs: clock.now(),
      });
  // IN_PROGRESS after finishRun: somebody redrove a dead letter since, or another run pays.
  const again = left || (error === undefined && outcome === 'IN_PROGRESS' && (await store.isPaying(run)));
  if (outcome === 'STOPPED' || outcome === 'FAILED') {
    // Winding up takes longer than people are to wait.
    await tellAlerts(services);
    await windUp(services, run);
  }

  if (again) await store.recount(run);

  const results = await store.countResults(run);
  const publishedCount = await store.countPublished(run);
  const totalCount = await store.countTargets(run);
  await counters.reset(summaryId, totalCount, { ...results, publishedCount });
  const alert = outcome === 'COMPLETED' ? failureRateAlert(run, results, { isOver: true }) : undefined;
  if (alert !== undefined) await store.raiseAlert({ ...alert, raisedAtMs: clock.now() });
  // Of all targets: summed once, for whoever is told and for the execution's output.
  const grantedAmount = await store.grantedAmount(run);
  await tellAlerts(services, { promotionId, grantedAmount });
  return { again, outcome, totalCount, publishedCount, ...results, grantedAmount };
}

async function needsAnotherPass(
  { store, clock }: Pick<Services, 'store' | 'clock'>,
  run: CampaignRun,
): Promise<boolean> {
  if (!(await store.isPaying(run))) return false;
  // After the others: a redrive while they are at work would mix two attempts at one outage.
  const { successCount, failCount } = await store.countResults(run);
  if (successCount + failCount < (await store.countTargets(run))) return true;
  let redriven = false;
  while ((await store.redriveTransient(run, REDRIVE_PAGE, clock.now())) > 0) redriven = true;
  if (!redriven) await store.adoptSettled(run, clock.now());
  return redriven;
}
