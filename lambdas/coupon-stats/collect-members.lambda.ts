import { collectMembersEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { collectMembers } from './app/collect-members.ts';
import { pushServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = pushServices(parseEnvironment(collectMembersEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await collectMembers(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', { step: STEPS.collectMembers, ...event, ...output });
  return output;
});
