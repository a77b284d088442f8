import { redriveInput } from '../../schema/campaign-run.ts';
import { redriveDeadLettersEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { redriveDeadLetters } from './app/redrive-dead-letters.ts';
import { redriveDeadLettersServices } from './container.ts';

const services = redriveDeadLettersServices(parseEnvironment(redriveDeadLettersEnvironment, process.env));

export const handler = handle(redriveInput, async ({ event, budget }) => {
  const output = await redriveDeadLetters(services, event, budget);
  logger.info('redrove dead letters', {
    event: LOG_EVENTS.deadLettersRedriven,
    promotionId: event.promotionId,
    ...output,
  });
  return output;
});
