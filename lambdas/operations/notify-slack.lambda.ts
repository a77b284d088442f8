import * as z from 'zod';
import { alertMessage } from '../../schema/alert.ts';
import { notifySlackEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { DataApi } from '../shared/data-api.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { readSecret } from '../shared/secret.ts';
import { batchResponse } from '../shared/sqs-event.ts';
import { alarmKey, alarmSlackMessage, cloudWatchAlarm } from './notify-slack/alarm.ts';
import { httpSlack } from './notify-slack/http-slack.ts';
import { notifySlack } from './notify-slack/notify-slack.ts';
import type { News } from './notify-slack/notify-slack.ts';
import { slackMessage } from './notify-slack/slack-message.ts';
import { sqlDeliveryStore } from './notify-slack/sql-delivery-store.ts';

const env = parseEnvironment(notifySlackEnvironment, process.env);
const db = new DataApi({
  resourceArn: env.DATABASE_RESOURCE_ARN,
  secretArn: env.DATABASE_SECRET_ARN,
  database: env.DATABASE_NAME,
});
const deliveries = sqlDeliveryStore(db, () => Date.now());

const queueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const webhook = z.url({ protocol: /^https?$/ });

/** Leaves the function's 20 s room to post. */
const RECORD_PATIENCE_MS = 8_000;

export const handler = handle(queueEvent, async ({ event }) => {
  const failed: string[] = [];
  for (const { messageId, body } of event.Records) {
    const postponed = await deliver(body).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (postponed === undefined) continue;
    failed.push(messageId);
    logger.warn('an alert comes again', { event: LOG_EVENTS.alertPostponed, messageId, why: postponed });
  }
  return batchResponse(failed);
});

/** @returns why it is to come again; undefined: Slack has it */
async function deliver(body: string): Promise<string | undefined> {
  const news = newsIn(body);
  // Read each time: alerts are few, and a webhook that was replaced holds at once.
  const url = webhook.safeParse(await readSecret(env.SLACK_WEBHOOK_URL_SECRET_ARN));
  if (!url.success) return `the secret ${env.SLACK_WEBHOOK_URL_SECRET_ARN} is no URL: put the webhook there`;
  const notified = await notifySlack(
    { deliveries, slack: httpSlack(url.data), recordPatienceMs: RECORD_PATIENCE_MS },
    news,
  );
  if (notified.kind === 'later') return notified.why;
  logger.info('delivered an alert', { event: LOG_EVENTS.alertDelivered, alertKey: news.key });
  return undefined;
}

/** @throws Error when it is neither an alert nor an alarm */
function newsIn(body: string): News {
  const message = z.union([alertMessage, cloudWatchAlarm]).parse(JSON.parse(body));
  const language = env.ALERT_LANGUAGE;
  return 'alertKey' in message
    ? {
        key: message.alertKey,
        message: (mayBeRepeated) => slackMessage(message, { language, mayBeRepeated }),
        isToldUnrecorded: false,
      }
    : {
        key: alarmKey(message),
        message: (mayBeRepeated) => alarmSlackMessage(message, { language, mayBeRepeated }),
        isToldUnrecorded: true,
      };
}
