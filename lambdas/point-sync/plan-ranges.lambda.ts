import { planRangesEnvironment } from '../../schema/environment.ts';
import { stepInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { planRanges } from './app/plan-ranges.ts';
import { databaseServices } from './container.ts';

const services = databaseServices(parseEnvironment(planRangesEnvironment, process.env));

export const handler = handle(stepInput, ({ event }) => planRanges(services, event.jobRun));
