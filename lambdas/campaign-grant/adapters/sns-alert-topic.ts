import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { patience } from '../../shared/patience.ts';
import type { AlertTopic } from '../ports.ts';

/** Whoever tells has other work: what is slow is told at the next look. */
const REQUEST_TIMEOUT_MS = 3_000;

export function snsAlertTopic(topicArn: string, client: SNSClient = defaultClient()): AlertTopic {
  return {
    async publish(alert) {
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
