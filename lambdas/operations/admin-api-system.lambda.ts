import { OPERATIONS } from '../../schema/admin-api/operations.ts';
import { adminApiSystemEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { asError } from '../shared/as-error.ts';
import { cached } from '../shared/cached.ts';
import { systemClock } from '../shared/clock.ts';
import { DataApi } from '../shared/data-api.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { logger } from '../shared/handler.ts';
import { httpHandler } from '../shared/http/api-gateway.ts';
import { httpApp } from '../shared/http/app.ts';
import { httpLog } from '../shared/http/log.ts';
import { breakerIsOpen, readFigures } from './admin-api/figures.ts';
import { systemRoutes } from './admin-api/system-routes.ts';

const HEALTH_WITHIN_MS = 2_000;
/** Anybody may ask: however often, the database is asked this rarely. */
const FIGURES_KEPT_SECONDS = 5;

const env = parseEnvironment(adminApiSystemEnvironment, process.env);
const db = new DataApi({
  resourceArn: env.DATABASE_RESOURCE_ARN,
  secretArn: env.DATABASE_SECRET_ARN,
  database: env.DATABASE_NAME,
});
const monotonic = () => systemClock.monotonic();

const routes = systemRoutes({
  breakerIsOpen: () => breakerIsOpen(db),
  withinMs: HEALTH_WITHIN_MS,
  figures: cached(() => readFigures(db), { seconds: FIGURES_KEPT_SECONDS, monotonic }),
  log: {
    healthDown: (error) =>
      logger.error('the database is away', { event: LOG_EVENTS.healthDown, error: asError(error) }),
  },
});

/** Every route of this function is open: whatever else asks for a token is none of it. */
const nobody = () => Promise.reject(new Error('no route of this function asks for a token'));

export const handler = httpHandler(
  httpApp(routes, { authenticate: nobody, log: httpLog, monotonic, servedElsewhere: OPERATIONS }),
);
