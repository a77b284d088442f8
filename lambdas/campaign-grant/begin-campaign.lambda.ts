import { beginCampaignInput } from '../../schema/campaign-run.ts';
import { beginCampaignEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { beginCampaign } from './app/begin-campaign.ts';
import { beginCampaignServices } from './container.ts';

const services = beginCampaignServices(parseEnvironment(beginCampaignEnvironment, process.env));

export const handler = handle(beginCampaignInput, async ({ event }) => {
  const begun = await beginCampaign(await services, event);
  if (begun.begun) logger.info('began a run', { event: LOG_EVENTS.campaignBegun, ...begun });
  return begun;
});
