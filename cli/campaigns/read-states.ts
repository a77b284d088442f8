export { readCampaigns as readStates } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
export type { CampaignAndState } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
