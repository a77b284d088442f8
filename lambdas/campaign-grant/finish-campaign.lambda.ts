import { finishCampaignInput } from '../../schema/campaign-run.ts';
import { finishCampaignEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { finishCampaign } from './app/finish-campaign.ts';
import { finishCampaignServices } from './container.ts';

const services = finishCampaignServices(parseEnvironment(finishCampaignEnvironment, process.env));

export const handler = handle(finishCampaignInput, async ({ event }) => {
  const output = await finishCampaign(await services, event);
  logger.info('finished a campaign', { event: LOG_EVENTS.campaignFinished, ...event, ...output });
  return output;
});
