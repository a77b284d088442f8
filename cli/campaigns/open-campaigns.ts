import { SFNClient } from '@aws-sdk/client-sfn';
import { sfnCampaignRuns } from '../../lambdas/campaign-grant/adapters/sfn-campaign-runs.ts';
import { sqlCampaignStore } from '../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { sqlOperatorStore } from '../../lambdas/campaign-grant/adapters/sql-operator-store.ts';
import type {
  CampaignRuns,
  CampaignStore,
  Clock,
  OperatorStore,
} from '../../lambdas/campaign-grant/ports.ts';
import { systemClock } from '../../lambdas/shared/clock.ts';
import type { Deployment } from '../where/deployment.ts';
import { openDatabase } from '../where/open-database.ts';

export interface Campaigns {
  readonly store: CampaignStore;
  readonly operator: OperatorStore;
  readonly runs: CampaignRuns;
  readonly clock: Clock;
}

/** The campaigns of a deployment, through the same adapters as its functions'. */
export async function openCampaigns(deployment: Deployment): Promise<Campaigns> {
  const [database, campaignRunArn] = await Promise.all([
    openDatabase(deployment),
    deployment.output('CampaignGrant', 'CampaignRunArn'),
  ]);
  const client = new SFNClient(deployment.clientSettings('stepFunctions'));
  return {
    store: sqlCampaignStore(database),
    operator: sqlOperatorStore(database),
    runs: sfnCampaignRuns(campaignRunArn, client),
    clock: systemClock,
  };
}
