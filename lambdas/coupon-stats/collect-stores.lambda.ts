import { collectStoresEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { collectStores } from './app/collect-stores.ts';
import { usageServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = usageServices(parseEnvironment(collectStoresEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await collectStores(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', { step: STEPS.collectStores, ...event, ...output });
  return output;
});
