import { collectMembersEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { collectMembers } from './app/collect-members.ts';
import { pushServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = pushServices(parseEnvironment(collectMembersEnvironment, process.env));

export const handler = rangeHandler(STEPS.collectMembers, (input, budget) =>
  collectMembers(services, input, budget),
);
