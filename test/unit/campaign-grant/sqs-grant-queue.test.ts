import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { BatchResultErrorEntry, SendMessageBatchCommandInput } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { sqsGrantQueue } from '../../../lambdas/campaign-grant/adapters/sqs-grant-queue.ts';
import type { OutgoingGrant } from '../../../lambdas/campaign-grant/ports.ts';
import { TOPICS } from '../../../schema/grant-message.ts';

const QUEUE_URL = 'https://sqs.ap-northeast-2.amazonaws.com/000000000000/grants.fifo';

function makeQueue() {
  const client = new SQSClient({ region: 'ap-northeast-2' });
  const sqs = mockClient(client);
  return { sqs, queue: sqsGrantQueue(QUEUE_URL, client) };
}

function makeGrant(overrides: Partial<OutgoingGrant> = {}): OutgoingGrant {
  const targetId = overrides.targetId ?? '7';
  return {
    targetId,
    groupId: '12345',
    deduplicationId: `POINT-3-${targetId}-run-1`,
    message: {
      sentAt: '2026-01-21T10:30:00',
      version: 20231010,
      topic: TOPICS.POINT,
      payload: {
        eventId: '3',
        pointEventTargetId: targetId,
        customerUid: '12345',
        amount: '1000',
        reason: '새해맞이',
        partitionKey: '0',
        expiryAt: '20261231235959',
      },
    },
    ...overrides,
  };
}

const makeGrants = (count: number) =>
  Array.from({ length: count }, (_, index) => makeGrant({ targetId: String(index + 1) }));

function makeRefusal(overrides: Partial<BatchResultErrorEntry> = {}): BatchResultErrorEntry {
  return { Id: '0', Code: 'InternalError', SenderFault: false, ...overrides };
}

/** Which entry of which request carries the target: Failed[] names entries by the ids of their own request. */
function entryOf(input: SendMessageBatchCommandInput, targetId: string) {
  return input.Entries?.find((entry) => entry.MessageDeduplicationId === `POINT-3-${targetId}-run-1`);
}

describe('receiving', () => {
  const message = (id: string) => ({
    MessageId: id,
    ReceiptHandle: `handle-${id}`,
    Body: '{}',
    Attributes: { MessageGroupId: '12345', ApproximateReceiveCount: '2' },
  });

  const full = (prefix: string) => Array.from({ length: 10 }, (_, index) => message(`${prefix}-${index}`));

  it('hands a message over with what SQS says of it', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(ReceiveMessageCommand).resolves({ Messages: [message('a')] });

    expect(await queue.receive(10, 90)).toEqual([
      { messageId: 'a', receiptHandle: 'handle-a', groupId: '12345', receiveCount: 2, body: '{}' },
    ]);
  });

  it('waits for the first messages, and not for more: those that came would wait with it', async () => {
    const { sqs, queue } = makeQueue();
    sqs
      .on(ReceiveMessageCommand)
      .resolvesOnce({ Messages: full('first') })
      .resolvesOnce({ Messages: [message('b')] })
      .resolves({});

    expect(await queue.receive(23, 90)).toHaveLength(11);

    const inputs = sqs.commandCalls(ReceiveMessageCommand).map((call) => call.args[0].input);
    expect(inputs.map((input) => [input.MaxNumberOfMessages, input.WaitTimeSeconds])).toEqual([
      [10, 1],
      [10, 0],
      [3, 0],
    ]);
    expect(new Set(inputs.map((input) => input.VisibilityTimeout))).toEqual(new Set([90]));
    expect(new Set(inputs.map((input) => input.ReceiveRequestAttemptId)).size).toBe(3);
  });

  it('does not ask for more than the limit, nor when the queue has less than ten', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(ReceiveMessageCommand).resolves({ Messages: [message('a')] });

    await queue.receive(3, 90);
    await queue.receive(50, 90);

    const inputs = sqs.commandCalls(ReceiveMessageCommand).map((call) => call.args[0].input);
    expect(inputs.map((input) => input.MaxNumberOfMessages)).toEqual([3, 10]);
  });

  it('hands over what came when a further request fails: nobody else has these messages', async () => {
    const { sqs, queue } = makeQueue();
    sqs
      .on(ReceiveMessageCommand)
      .resolvesOnce({ Messages: full('first') })
      .rejectsOnce(new Error('throttled'))
      .resolvesOnce({ Messages: [message('b')] });

    const messages = await queue.receive(30, 90);

    expect(messages.map(({ messageId }) => messageId)).toEqual([
      ...full('first').map(({ MessageId }) => MessageId),
      'b',
    ]);
  });

  it('fails when the first request fails', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(ReceiveMessageCommand).rejects(new Error('throttled'));

    await expect(queue.receive(20, 90)).rejects.toThrow('throttled');
  });
});

describe('sending', () => {
  it('gives SQS the group, the deduplication id and the message as JSON', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
    const grant = makeGrant();

    const failures = await queue.send([grant]);

    expect(failures).toEqual([]);
    expect(sqs.commandCalls(SendMessageBatchCommand).map((call) => call.args[0].input)).toEqual([
      {
        QueueUrl: QUEUE_URL,
        Entries: [
          {
            Id: '0',
            MessageGroupId: '12345',
            MessageDeduplicationId: 'POINT-3-7-run-1',
            MessageBody: JSON.stringify(grant.message),
          },
        ],
      },
    ]);
  });

  it('goes in batches of ten, each grant in one of them', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [] });
    const grants = makeGrants(123);

    await queue.send(grants);

    const batches = sqs.commandCalls(SendMessageBatchCommand).map((call) => call.args[0].input.Entries ?? []);
    expect(batches.map((batch) => batch.length).toSorted()).toEqual(
      [...Array<number>(12).fill(10), 3].toSorted(),
    );
    expect(batches.flat().map((entry) => entry.MessageDeduplicationId)).toEqual(
      grants.map((grant) => grant.deduplicationId),
    );
    for (const batch of batches) expect(new Set(batch.map((entry) => entry.Id)).size).toBe(batch.length);
  });

  it('of nothing asks SQS nothing', async () => {
    const { sqs, queue } = makeQueue();

    expect(await queue.send([])).toEqual([]);
    expect(sqs.calls()).toEqual([]);
  });

  it('keeps few batches on the way at once', async () => {
    const { sqs, queue } = makeQueue();
    let underway = 0;
    let most = 0;
    sqs.on(SendMessageBatchCommand).callsFake(async () => {
      underway += 1;
      most = Math.max(most, underway);
      await new Promise((resolve) => setImmediate(resolve));
      underway -= 1;
      return {};
    });

    await queue.send(makeGrants(500));

    expect(most).toBe(4);
  });

  it('fails as a whole when SQS cannot be reached', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(SendMessageBatchCommand).rejects(new Error('getaddrinfo ENOTFOUND'));

    await expect(queue.send(makeGrants(11))).rejects.toThrow('ENOTFOUND');
  });
});

describe('what a 200 refuses in Failed[]', () => {
  it('comes back by target, of whichever batch; the others are sent', async () => {
    const { sqs, queue } = makeQueue();
    const refused = ['3', '17', '25'];
    sqs.on(SendMessageBatchCommand).callsFake((input: SendMessageBatchCommandInput) => ({
      Failed: refused.flatMap((targetId) => {
        const entry = entryOf(input, targetId);
        return entry === undefined ? [] : [makeRefusal({ Id: entry.Id })];
      }),
    }));

    const failures = await queue.send(makeGrants(25));

    expect(failures.toSorted((a, b) => Number(a.targetId) - Number(b.targetId))).toEqual(
      refused.map((targetId) => ({ targetId, code: 'InternalError', permanent: false })),
    );
  });

  it.each<[string, Partial<BatchResultErrorEntry>, boolean]>([
    ['a fault of SQS', { Code: 'InternalError', SenderFault: false }, false],
    ['throttling', { Code: 'RequestThrottled', SenderFault: false }, false],
    [
      'throttling that is called the sender’s fault',
      { Code: 'ThrottlingException', SenderFault: true },
      false,
    ],
    ['throttling by KMS', { Code: 'KmsThrottled', SenderFault: true }, false],
    ['a message that SQS never takes', { Code: 'InvalidMessageContents', SenderFault: true }, true],
  ])('is, for %s (%o), permanent: %s', async (_name, refusal, permanent) => {
    const { sqs, queue } = makeQueue();
    sqs.on(SendMessageBatchCommand).resolves({ Failed: [makeRefusal(refusal)] });

    const failures = await queue.send([makeGrant()]);

    expect(failures).toEqual([{ targetId: '7', code: refusal.Code, permanent }]);
  });
});

describe('the backlog', () => {
  it('is what waits and what is at work', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(GetQueueAttributesCommand).resolves({
      Attributes: { ApproximateNumberOfMessages: '40', ApproximateNumberOfMessagesNotVisible: '2' },
    });

    expect(await queue.backlog()).toBe(42);
    expect(sqs.commandCalls(GetQueueAttributesCommand)[0]?.args[0].input).toEqual({
      QueueUrl: QUEUE_URL,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    });
  });
});

describe('postponing', () => {
  it('changes the visibility of each message, ten at a time', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(ChangeMessageVisibilityBatchCommand).resolves({});
    const handles = Array.from({ length: 12 }, (_, index) => `receipt-${index}`);

    await queue.postpone(handles, 3);

    const batches = sqs.commandCalls(ChangeMessageVisibilityBatchCommand).map((call) => call.args[0].input);
    expect(batches.map((batch) => batch.Entries?.length)).toEqual([10, 2]);
    expect(batches[1]).toEqual({
      QueueUrl: QUEUE_URL,
      Entries: [
        { Id: '0', ReceiptHandle: 'receipt-10', VisibilityTimeout: 3 },
        { Id: '1', ReceiptHandle: 'receipt-11', VisibilityTimeout: 3 },
      ],
    });
  });

  it('does not fail for a handle that SQS refuses: its message comes back by itself', async () => {
    const { sqs, queue } = makeQueue();
    sqs.on(ChangeMessageVisibilityBatchCommand).resolves({
      Failed: [makeRefusal({ Code: 'ReceiptHandleIsInvalid', SenderFault: true })],
    });

    await expect(queue.postpone(['expired'], 3)).resolves.toBeUndefined();
  });
});
