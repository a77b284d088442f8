import * as z from 'zod';
import { migrateEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { DataApi } from '../shared/data-api.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { migrate } from './migrate.ts';

const env = parseEnvironment(migrateEnvironment, process.env);
const database = env.DATABASE_NAME;
const db = new DataApi({
  resourceArn: env.DATABASE_RESOURCE_ARN,
  secretArn: env.DATABASE_SECRET_ARN,
  database,
});
/** The bundle carries the folder schema/sql beside the handler. */
const migrations = new URL('sql/', import.meta.url);

export const handler = handle(z.unknown(), async () => {
  const output = await migrate(db, migrations);
  logger.info('migrated', { event: LOG_EVENTS.migrated, ...output });
  return output;
});
