import { beginCampaignInput } from '../../schema/campaign-run.ts';
import { beginCampaignEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { beginCampaign } from './app/begin-campaign.ts';
import { beginCampaignServices } from './container.ts';

const services = beginCampaignServices(parseEnvironment(beginCampaignEnvironment, process.env));

export const handler = handle(beginCampaignInput, async ({ event }) => {
  const begun = await beginCampaign(await services, event);
  if (begun.begun) logLine('info', 'began a run', 'campaignBegun', begun);
  return begun;
});
