import { adminApiJobsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { httpHandler } from '../shared/http/api-gateway.ts';
import { httpApp } from '../shared/http/app.ts';
import { jobRoutes } from './admin-api/job-routes.ts';
import { adminApiJobsServices } from './container.ts';

const { http, ...services } = adminApiJobsServices(parseEnvironment(adminApiJobsEnvironment, process.env));

export const handler = httpHandler(httpApp(jobRoutes(services), http));
