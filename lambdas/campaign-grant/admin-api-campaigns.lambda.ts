import { adminApiCampaignsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { httpHandler } from '../shared/http/api-gateway.ts';
import { httpApp } from '../shared/http/app.ts';
import { campaignRoutes } from './admin-api/campaign-routes.ts';
import { adminApiCampaignsServices } from './container.ts';

const { http, ...services } = adminApiCampaignsServices(
  parseEnvironment(adminApiCampaignsEnvironment, process.env),
);

export const handler = httpHandler(httpApp(campaignRoutes(services), http));
