import { aggregateUsageEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { aggregateUsage } from './app/aggregate-usage.ts';
import { usageServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = usageServices(parseEnvironment(aggregateUsageEnvironment, process.env));

export const handler = rangeHandler(STEPS.aggregateUsage, (input, budget) =>
  aggregateUsage(services, input, budget),
);
