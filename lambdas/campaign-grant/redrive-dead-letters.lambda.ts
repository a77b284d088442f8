import { redriveInput } from '../../schema/campaign-run.ts';
import { redriveDeadLettersEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { redriveDeadLetters } from './app/redrive-dead-letters.ts';
import { redriveDeadLettersServices } from './container.ts';

const services = redriveDeadLettersServices(parseEnvironment(redriveDeadLettersEnvironment, process.env));

export const handler = handle(redriveInput, async ({ event, budget }) => {
  const output = await redriveDeadLetters(services, event, budget);
  const { promotionId } = event;
  logLine('info', 'redrove dead letters', 'deadLettersRedriven', { promotionId, ...output });
  return output;
});
