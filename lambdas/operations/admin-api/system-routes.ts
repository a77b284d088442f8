import { openApiDocument } from '../../../schema/admin-api/document.ts';
import { OPERATIONS } from '../../../schema/admin-api/operations.ts';
import { systemOperations } from '../../../schema/admin-api/system.ts';
import { serve } from '../../shared/http/serve.ts';
import type { Route } from '../../shared/http/serve.ts';
import type { Figures } from './figures.ts';
import { checkHealth } from './health.ts';
import type { HealthServices } from './health.ts';
import { prometheusText } from './prometheus.ts';

export interface SystemRouteServices extends HealthServices {
  readonly figures: () => Promise<Figures>;
}

/** What anybody may ask: the document of the whole API, and how Grantline is. */
export function systemRoutes(services: SystemRouteServices): Route[] {
  const document = openApiDocument(OPERATIONS);
  return [
    serve(systemOperations.document, () => Promise.resolve({ status: 200, body: document })),

    serve(systemOperations.health, async () => {
      const health = await checkHealth(services);
      return { status: health.status === 'UP' ? 200 : 503, body: health };
    }),

    serve(systemOperations.prometheus, async () => ({
      status: 200,
      body: await prometheusText(await services.figures()),
    })),
  ];
}
