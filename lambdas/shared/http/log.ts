import { LOG_EVENTS } from '../../../schema/log-events.ts';
import { asError } from '../as-error.ts';
import { logger } from '../handler.ts';
import type { HttpLog } from './app.ts';

export const httpLog: HttpLog = {
  answered: (figures) => logger.info('answered a request', { event: LOG_EVENTS.httpAnswered, ...figures }),
  failed: (error, requestId) =>
    logger.error('a request failed', {
      event: LOG_EVENTS.httpFailed,
      requestId,
      error: asError(error),
    }),
};
