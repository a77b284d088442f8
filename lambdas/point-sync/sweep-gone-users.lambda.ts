import { sweepGoneUsersEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { sweepGoneUsers } from './app/sweep-gone-users.ts';
import { balanceServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = await balanceServices(parseEnvironment(sweepGoneUsersEnvironment, process.env));

export const handler = rangeHandler(STEPS.sweepGoneUsers, (input, budget) =>
  sweepGoneUsers(services, input, budget),
);
