import * as z from 'zod';

/** The part of a FIFO queue's event that handlers use. */
export const fifoEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        MessageGroupId: z.string(),
        ApproximateReceiveCount: z.coerce.number().int().positive(),
      }),
    }),
  ),
});

export function receivedMessages(event: z.infer<typeof fifoEvent>) {
  return event.Records.map(({ messageId, receiptHandle, body, attributes }) => ({
    messageId,
    receiptHandle,
    body,
    groupId: attributes.MessageGroupId,
    receiveCount: attributes.ApproximateReceiveCount,
  }));
}

/** Partial batch response: everything that is not named is deleted. */
export function batchResponse(failedMessageIds: readonly string[]) {
  return { batchItemFailures: failedMessageIds.map((itemIdentifier) => ({ itemIdentifier })) };
}
