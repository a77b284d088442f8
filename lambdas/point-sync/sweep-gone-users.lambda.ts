import { sweepGoneUsersEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { sweepGoneUsers } from './app/sweep-gone-users.ts';
import { balanceServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = await balanceServices(parseEnvironment(sweepGoneUsersEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await sweepGoneUsers(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', { step: STEPS.sweepGoneUsers, ...event, ...output });
  return output;
});
