import { collectDeadLettersEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { batchResponse, fifoEvent, receivedMessages } from '../shared/sqs-event.ts';
import { collectDeadLetters } from './app/collect-dead-letters.ts';
import { collectDeadLettersServices } from './container.ts';

const services = collectDeadLettersServices(parseEnvironment(collectDeadLettersEnvironment, process.env));

export const handler = handle(fifoEvent, async ({ event }) => {
  await collectDeadLetters(await services, receivedMessages(event));
  logger.warn('collected dead letters', {
    event: LOG_EVENTS.deadLettersCollected,
    messageCount: event.Records.length,
  });
  return batchResponse([]);
});
