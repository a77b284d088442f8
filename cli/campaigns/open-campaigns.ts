import { sqlCampaignStore } from '../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { sqlOperatorStore } from '../../lambdas/campaign-grant/adapters/sql-operator-store.ts';
import type { CampaignStore, Clock, OperatorStore } from '../../lambdas/campaign-grant/ports.ts';
import { systemClock } from '../../lambdas/shared/clock.ts';
import type { Deployment } from '../where/deployment.ts';
import { openDatabase } from '../where/open-database.ts';

export interface Campaigns {
  readonly store: CampaignStore;
  readonly operator: OperatorStore;
  readonly clock: Clock;
}

/** The campaigns of a deployment, through the same adapters as its functions'. */
export async function openCampaigns(deployment: Deployment): Promise<Campaigns> {
  const database = await openDatabase(deployment);
  return { store: sqlCampaignStore(database), operator: sqlOperatorStore(database), clock: systemClock };
}
