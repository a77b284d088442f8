import { collectDeadLettersEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { metricsOf } from '../shared/metrics.ts';
import { batchResponse, fifoEvent, receivedMessages } from '../shared/sqs-event.ts';
import { collectDeadLetters } from './app/collect-dead-letters.ts';
import { collectDeadLettersServices } from './container.ts';
import { collectedValues } from './metric-values.ts';

const environment = parseEnvironment(collectDeadLettersEnvironment, process.env);
const services = collectDeadLettersServices(environment);
const count = metricsOf('deadLettersCollected', environment.STAGE);

export const handler = handle(fifoEvent, async ({ event }) => {
  const collected = await collectDeadLetters(await services, receivedMessages(event));
  const { deadLetters, repeated, returned } = collected;
  logLine('warn', 'collected dead letters', 'deadLettersCollected', {
    messageCount: event.Records.length,
    repeated,
    returned,
    failures: deadLetters.map(({ key, cause, attemptCount }) => ({
      target: key,
      code: cause,
      attempt: attemptCount,
    })),
  });
  count(collectedValues(collected));
  return batchResponse([]);
});
