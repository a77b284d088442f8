import { publishPartitionInput } from '../../schema/campaign-run.ts';
import { publishPartitionEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { publishPartition } from './app/publish-partition.ts';
import { publishPartitionServices } from './container.ts';

const services = publishPartitionServices(parseEnvironment(publishPartitionEnvironment, process.env));

export const handler = handle(publishPartitionInput, async ({ event, budget }) => {
  const output = await publishPartition(await services, event, budget);
  logLine('info', 'published of a partition', 'partitionPublished', { ...event, ...output });
  return output;
});
