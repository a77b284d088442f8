/** What whoever tells alerts is made of: the topic, where we are, and what is said of it in the log. */
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { asError } from './as-error.ts';
import { logger } from './handler.ts';
import { snsAlertTopic } from './sns-alert-topic.ts';

export function alertPublishing(env: { readonly ALERT_TOPIC_ARN: string; readonly STAGE: string }) {
  const [, , , region = ''] = env.ALERT_TOPIC_ARN.split(':');
  return {
    topic: snsAlertTopic(env.ALERT_TOPIC_ARN),
    deployment: { stage: env.STAGE, region },
    alertLog,
  };
}

const alertLog = {
  alertPublished: (alertKey: string) =>
    logger.info('published an alert', { event: LOG_EVENTS.alertPublished, alertKey }),
  alertsNotPublished: (error: unknown) =>
    logger.error('could not publish alerts; they are published at the next look', {
      event: LOG_EVENTS.alertsNotPublished,
      error: asError(error),
    }),
};
