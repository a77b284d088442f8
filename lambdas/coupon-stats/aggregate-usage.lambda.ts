import { aggregateUsageEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { aggregateUsage } from './app/aggregate-usage.ts';
import { usageServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = usageServices(parseEnvironment(aggregateUsageEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await aggregateUsage(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', { step: STEPS.aggregateUsage, ...event, ...output });
  return output;
});
