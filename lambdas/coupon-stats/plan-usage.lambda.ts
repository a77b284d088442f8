import { planUsageEnvironment } from '../../schema/environment.ts';
import { stepInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { planUsage } from './app/plan-usage.ts';
import { usageServices } from './container.ts';

const services = usageServices(parseEnvironment(planUsageEnvironment, process.env));

export const handler = handle(stepInput, ({ event }) => planUsage(services, event.jobRun));
