import { sendPushesEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { sendPushes } from './app/send-pushes.ts';
import { sendPushesServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = sendPushesServices(parseEnvironment(sendPushesEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await sendPushes(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', { step: STEPS.sendPushes, ...event, ...output });
  return output;
});
