import { SFNClient } from '@aws-sdk/client-sfn';
import { sfnCampaignRuns } from '../../lambdas/campaign-grant/adapters/sfn-campaign-runs.ts';
import type { CampaignRuns } from '../../lambdas/campaign-grant/ports.ts';
import type { Deployment } from '../where/deployment.ts';

/** The executions that pay. */
export async function openRuns(deployment: Deployment): Promise<CampaignRuns> {
  const campaignRunArn = await deployment.output('CampaignGrant', 'CampaignRunArn');
  return sfnCampaignRuns(campaignRunArn, new SFNClient(deployment.clientSettings('stepFunctions')));
}
