import { describe, expect, it } from 'vitest';
import { batchResponse, fifoEvent, receivedMessages } from '../../../lambdas/shared/sqs-event.ts';

const makeEvent = (receiveCount: string) => ({
  Records: [
    {
      messageId: 'm-1',
      receiptHandle: 'r-1',
      body: '{}',
      attributes: { MessageGroupId: '7', ApproximateReceiveCount: receiveCount, SentTimestamp: '1' },
      eventSource: 'aws:sqs',
    },
  ],
});

describe('a FIFO queue’s event', () => {
  it('gives its messages with their group and how often they were received', () => {
    expect(receivedMessages(fifoEvent.parse(makeEvent('12')))).toEqual([
      { messageId: 'm-1', receiptHandle: 'r-1', body: '{}', groupId: '7', receiveCount: 12 },
    ]);
  });

  it.each(['0', 'x', ''])('that counts receives as "%s" is none', (receiveCount) => {
    expect(fifoEvent.safeParse(makeEvent(receiveCount)).success).toBe(false);
  });
});

describe('the response', () => {
  it('names what comes again; everything else is deleted', () => {
    expect(batchResponse(['a', 'b'])).toEqual({
      batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'b' }],
    });
  });
});
