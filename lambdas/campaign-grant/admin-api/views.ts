/** Campaigns and failures as the HTTP API shows them: times with their offset. */
import type { CampaignView, FailureView } from '../../../schema/admin-api/campaigns.ts';
import type { CampaignAndState } from '../app/read-campaigns.ts';
import { withOffset } from '../../../schema/seoul-time.ts';
import type { Failure } from '../ports.ts';

export function campaignView({ campaign, state }: CampaignAndState): CampaignView {
  return {
    promotionId: campaign.promotionId,
    promotionType: campaign.promotionType,
    status: campaign.status,
    phase: state.phase,
    why: state.why,
    reservationAt: timeOrNull(campaign.reservationAt),
    totalCount: campaign.totalCount,
    publishedCount: campaign.publishedCount,
    successCount: campaign.successCount,
    failCount: campaign.failCount,
    retrySuccessCount: campaign.retrySuccessCount,
    finalCount: state.finalCount,
    finalPerSecond: campaign.finalPerSecond,
    secondsLeft: state.secondsLeft === null ? null : Math.ceil(state.secondsLeft),
    startedAt: timeOrNull(campaign.startedAt),
    completedAt: timeOrNull(campaign.completedAt),
    stoppedAt: timeOrNull(campaign.stoppedAt),
    stoppedMemo: campaign.stoppedMemo,
    runNumber: campaign.runNumber,
    executionId: campaign.executionId,
  };
}

export function failureView(failure: Failure): FailureView {
  return { ...failure, failedAt: withOffset(failure.failedAt) };
}

function timeOrNull(dateTime: string | null): string | null {
  return dateTime === null ? null : withOffset(dateTime);
}
