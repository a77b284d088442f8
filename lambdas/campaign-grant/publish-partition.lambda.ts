import { publishPartitionInput } from '../../schema/campaign-run.ts';
import { publishPartitionEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { publishPartition } from './app/publish-partition.ts';
import { publishPartitionServices } from './container.ts';

const services = publishPartitionServices(parseEnvironment(publishPartitionEnvironment, process.env));

export const handler = handle(publishPartitionInput, async ({ event, budget }) => {
  const output = await publishPartition(await services, event, budget);
  logger.info('published of a partition', { event: LOG_EVENTS.partitionPublished, ...event, ...output });
  return output;
});
