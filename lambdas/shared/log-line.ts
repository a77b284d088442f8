import { LOG_EVENTS } from '../../schema/log-events.ts';
import type { LogFields, LoggedEvent } from '../../schema/log-lines.ts';
import { logger } from './handler.ts';

/** A line that saved queries read: with all the fields that they may ask for. */
export function logLine<Event extends LoggedEvent>(
  level: 'info' | 'warn' | 'critical',
  message: string,
  event: Event,
  fields: LogFields<Event>,
): void {
  logger[level](message, { event: LOG_EVENTS[event], ...fields });
}
