import * as z from 'zod';
import { reconcileCampaignsEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { reconcileCampaigns } from './app/reconcile-campaigns.ts';
import { reconcileCampaignsServices } from './container.ts';

const services = reconcileCampaignsServices(parseEnvironment(reconcileCampaignsEnvironment, process.env));

export const handler = handle(z.unknown(), async () => {
  const output = await reconcileCampaigns(services);
  logger.info('reconciled campaigns', { event: LOG_EVENTS.campaignsReconciled, ...output });
  return output;
});
