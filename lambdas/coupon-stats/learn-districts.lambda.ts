import { learnDistrictsEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { learnDistricts } from './app/learn-districts.ts';
import { learnDistrictsServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = learnDistrictsServices(parseEnvironment(learnDistrictsEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await learnDistricts(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', { step: STEPS.learnDistricts, ...event, ...output });
  return output;
});
