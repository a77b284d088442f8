import { finishCampaignInput } from '../../schema/campaign-run.ts';
import { finishCampaignEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { metricsOf } from '../shared/metrics.ts';
import { finishCampaign } from './app/finish-campaign.ts';
import { finishCampaignServices } from './container.ts';
import { finishedValues } from './metric-values.ts';

const environment = parseEnvironment(finishCampaignEnvironment, process.env);
const services = finishCampaignServices(environment);
const count = metricsOf('campaignFinished', environment.STAGE);

export const handler = handle(finishCampaignInput, async ({ event }) => {
  const output = await finishCampaign(await services, event);
  logLine('info', 'finished a campaign', 'campaignFinished', { ...event, ...output });
  count(finishedValues(output));
  return output;
});
