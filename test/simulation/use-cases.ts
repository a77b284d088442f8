/** The production use cases, in one object so that a planted bug can stand in for one of them. */
import { beginCampaign } from '../../lambdas/campaign-grant/app/begin-campaign.ts';
import { closeRun } from '../../lambdas/campaign-grant/app/close-run.ts';
import { collectDeadLetters } from '../../lambdas/campaign-grant/app/collect-dead-letters.ts';
import { finishCampaign } from '../../lambdas/campaign-grant/app/finish-campaign.ts';
import { grantRewards } from '../../lambdas/campaign-grant/app/grant-rewards.ts';
import { publishPartition } from '../../lambdas/campaign-grant/app/publish-partition.ts';
import { reconcileCampaigns } from '../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import { redriveDeadLetters } from '../../lambdas/campaign-grant/app/redrive-dead-letters.ts';
import { trackProgress } from '../../lambdas/campaign-grant/app/track-progress.ts';
import { waitForTurn } from '../../lambdas/campaign-grant/app/wait-for-turn.ts';

export const PRODUCTION = {
  waitForTurn,
  beginCampaign,
  publishPartition,
  trackProgress,
  finishCampaign,
  grantRewards,
  collectDeadLetters,
  closeRun,
  reconcileCampaigns,
  redriveDeadLetters,
};

export type UseCases = typeof PRODUCTION;
