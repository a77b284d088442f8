import { planPushesEnvironment } from '../../schema/environment.ts';
import { stepInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { planPushes } from './app/plan-pushes.ts';
import { pushServices } from './container.ts';

const services = pushServices(parseEnvironment(planPushesEnvironment, process.env));

export const handler = handle(stepInput, ({ event }) => planPushes(services, event.jobRun));
