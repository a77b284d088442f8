import * as z from 'zod';
import { reconcileCampaignsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { metricsOf } from '../shared/metrics.ts';
import { reconcileCampaigns } from './app/reconcile-campaigns.ts';
import { reconcileCampaignsServices } from './container.ts';
import { reconciledValues } from './metric-values.ts';

const environment = parseEnvironment(reconcileCampaignsEnvironment, process.env);
const services = reconcileCampaignsServices(environment);
const count = metricsOf('campaignsReconciled', environment.STAGE);

export const handler = handle(z.unknown(), async () => {
  const output = await reconcileCampaigns(services);
  logLine('info', 'reconciled campaigns', 'campaignsReconciled', output);
  count(reconciledValues(output));
  return output;
});
