import { sendPushesEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { sendPushes } from './app/send-pushes.ts';
import { sendPushesServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = sendPushesServices(parseEnvironment(sendPushesEnvironment, process.env));

export const handler = rangeHandler(STEPS.sendPushes, (input, budget) => sendPushes(services, input, budget));
