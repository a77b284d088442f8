/** The event that a function gets for a batch, in the shape of Lambda's SQS events. */
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';

export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly message: Message;
}

/** A message without the two ids that every received message has cannot be handled, so it is not one. */
export function received(message: Message): ReceivedMessage[] {
  const { MessageId: messageId, ReceiptHandle: receiptHandle } = message;
  return messageId === undefined || receiptHandle === undefined
    ? []
    : [{ messageId, receiptHandle, message }];
}

export function sqsEvent(messages: readonly ReceivedMessage[], queueArn: string): object {
  const awsRegion = queueArn.split(':')[3];
  return {
    Records: messages.map(({ messageId, receiptHandle, message }) => ({
      messageId,
      receiptHandle,
      body: message.Body ?? '',
      attributes: message.Attributes ?? {},
      messageAttributes: messageAttributes(message.MessageAttributes ?? {}),
      ...(message.MD5OfMessageAttributes !== undefined && {
        md5OfMessageAttributes: message.MD5OfMessageAttributes,
      }),
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion,
    })),
  };
}

function messageAttributes(attributes: Record<string, MessageAttributeValue>): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      {
        ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
        ...(value.BinaryValue && { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
        stringListValues: [],
        binaryListValues: [],
        dataType: value.DataType,
      },
    ]),
  );
}
