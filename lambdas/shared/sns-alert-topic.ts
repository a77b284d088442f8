import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { AlertMessage } from '../../schema/alert.ts';
import { patience } from './patience.ts';

/** Whoever tells has other work: what is slow is told at the next look. */
const REQUEST_TIMEOUT_MS = 3_000;

export function snsAlertTopic(topicArn: string, client: SNSClient = defaultClient()) {
  return {
    async publish(alert: AlertMessage): Promise<void> {
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Message: JSON.stringify(alert),
          // What further subscribers may filter by.
          MessageAttributes: {
            kind: { DataType: 'String', StringValue: alert.kind },
            isUrgent: { DataType: 'String', StringValue: String(alert.isUrgent) },
          },
        }),
      );
    },
  };
}

function defaultClient(): SNSClient {
  return new SNSClient({ maxAttempts: 2, requestHandler: patience(REQUEST_TIMEOUT_MS) });
}
