import { collectStoresEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { collectStores } from './app/collect-stores.ts';
import { usageServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = usageServices(parseEnvironment(collectStoresEnvironment, process.env));

export const handler = rangeHandler(STEPS.collectStores, (input, budget) =>
  collectStores(services, input, budget),
);
