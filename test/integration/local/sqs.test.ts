import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import type { Message, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningService } from '../../../local/process/child-service.ts';
import { DeduplicationWindow } from '../../../local/services/sqs/deduplication-window.ts';
import { SqsStore } from '../../../local/services/sqs/fauxqs.ts';
import { LocalQueue, inFlightLimit } from '../../../local/services/sqs/local-queue.ts';
import { requirePinnedFauxqs } from '../../../local/services/sqs/pinned-version.ts';
import { startSqs } from '../../../local/services/sqs/server.ts';

const region = 'ap-northeast-2';
const accountId = '123456789012';
const arnOf = (name: string) => `arn:aws:sqs:${region}:${accountId}:${name}`;
const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true' };
const highThroughput = { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' };

let service: RunningService;
let sqs: SQSClient;

const clientOf = (endpoint: string) =>
  new SQSClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });

beforeAll(async () => {
  service = await startSqs({ region, accountId, queues: [] });
  sqs = clientOf(service.url);
});

afterAll(async () => {
  sqs.destroy();
  await service.close();
});

let queuesMade = 0;

/** A queue of its own for a test. */
async function makeQueue(attributes: Record<string, string> = fifo): Promise<string> {
  const suffix = attributes.FifoQueue === 'true' ? '.fifo' : '';
  const created = await sqs.send(
    new CreateQueueCommand({ QueueName: `queue-${++queuesMade}${suffix}`, Attributes: attributes }),
  );
  return created.QueueUrl ?? '';
}

const nameOf = (queueUrl: string) => queueUrl.slice(queueUrl.lastIndexOf('/') + 1);

const send = (QueueUrl: string, MessageBody: string, group = 'a', id?: string) =>
  sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody,
      MessageGroupId: group,
      ...(id !== undefined && { MessageDeduplicationId: id }),
    }),
  );

const sendBatch = (QueueUrl: string, entries: readonly Omit<SendMessageBatchRequestEntry, 'Id'>[]) =>
  sqs.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: entries.map((entry, index) => ({ Id: String(index), ...entry })),
    }),
  );

async function receive(
  QueueUrl: string,
  how: { max?: number; wait?: number; visibility?: number } = {},
): Promise<Message[]> {
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: how.max ?? 10,
      WaitTimeSeconds: how.wait ?? 0,
      ...(how.visibility !== undefined && { VisibilityTimeout: how.visibility }),
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return Messages ?? [];
}

const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body);

const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));

const hide = (QueueUrl: string, { ReceiptHandle }: Message, VisibilityTimeout: number) =>
  sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

async function counts(QueueUrl: string): Promise<readonly (string | undefined)[]> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  return [
    Attributes?.ApproximateNumberOfMessages,
    Attributes?.ApproximateNumberOfMessagesNotVisible,
    Attributes?.ApproximateNumberOfMessagesDelayed,
  ];
}

function the(messages: readonly Message[], index = 0): Message {
  const message = messages[index];
  if (message === undefined) throw new Error(`no message ${index} was received`);
  return message;
}

describe('starting', () => {
  const start = (name: string, attributes: Record<string, string>) =>
    startSqs({ region, accountId, queues: [{ name, attributes }] });

  it('creates the queues of a template with their attributes, whatever their order', async () => {
    const redrive = JSON.stringify({ deadLetterTargetArn: arnOf('grants-dlq.fifo'), maxReceiveCount: 5 });
    const attributes = {
      ...fifo,
      ...highThroughput,
      VisibilityTimeout: '180',
      MessageRetentionPeriod: '1209600',
      ReceiveMessageWaitTimeSeconds: '20',
      DelaySeconds: '0',
      KmsMasterKeyId: 'alias/aws/sqs',
      SqsManagedSseEnabled: 'false',
      RedrivePolicy: redrive,
    };
    const allow = JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [arnOf('grants.fifo')] });
    const own = await startSqs({
      region,
      accountId,
      queues: [
        { name: 'grants.fifo', attributes },
        { name: 'grants-dlq.fifo', attributes: { FifoQueue: 'true', RedriveAllowPolicy: allow } },
      ],
    });
    const client = clientOf(own.url);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'grants.fifo' }));
    const got = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    client.destroy();
    await own.close();

    expect(own.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(got.Attributes).toMatchObject({ ...attributes, QueueArn: arnOf('grants.fifo') });
  });

  it('refuses an unknown attribute in one line that names the queue and the attribute', async () => {
    await expect(start('grants.fifo', { FifoQueue: 'true', Colour: 'red' })).rejects.toThrow(
      /^queue grants\.fifo: Unknown attribute: Colour$/,
    );
  });

  it.each([
    ['q', { VisibilityTimeout: '43201' }, 'queue q: Invalid value for VisibilityTimeout'],
    ['q', { RedrivePolicy: '{}' }, 'queue q: Invalid value for RedrivePolicy'],
    ['q', { ContentBasedDeduplication: 'true' }, 'queue q: Unknown attribute: ContentBasedDeduplication'],
    ['q', { FifoQueue: 'true' }, 'queue q: FifoQueue is true exactly when the name ends in .fifo'],
    [
      'q.fifo',
      { ...fifo, FifoThroughputLimit: 'perMessageGroupId' },
      'needs DeduplicationScope messageGroup',
    ],
    [
      'q',
      { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('none'), maxReceiveCount: 1 }) },
      'which is not here',
    ],
  ])('refuses what SQS would refuse: %s %j', async (name, attributes, message) => {
    await expect(start(name, attributes)).rejects.toThrow(message);
  });

  it('refuses another fauxqs than the one it mends', () => {
    requirePinnedFauxqs();
    expect(() => requirePinnedFauxqs('2.5.0')).toThrow('mends fauxqs 2.4.1 but 2.5.0 is installed');
  });
});

describe('the endpoint', () => {
  it("gives queue URLs under the request's host and takes them under any", async () => {
    const queueUrl = await makeQueue();
    const port = new URL(service.url).port;
    const byName = clientOf(`http://localhost:${port}`);
    const { QueueUrl } = await byName.send(new GetQueueUrlCommand({ QueueName: nameOf(queueUrl) }));
    const listed = await byName.send(new ListQueuesCommand({ QueueNamePrefix: nameOf(queueUrl) }));
    byName.destroy();

    expect(queueUrl).toBe(`${service.url}/${accountId}/${nameOf(queueUrl)}`);
    expect(QueueUrl).toBe(`http://localhost:${port}/${accountId}/${nameOf(queueUrl)}`);
    expect(listed.QueueUrls).toEqual([QueueUrl]);
    await send(`https://sqs.${region}.amazonaws.com/${accountId}/${nameOf(queueUrl)}`, 'there');
    expect(bodies(await receive(queueUrl))).toEqual(['there']);
  });

  it('is found by an SDK through AWS_ENDPOINT_URL_SQS', async () => {
    const queueUrl = await makeQueue();
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', service.url);
    const byEnvironment = new SQSClient({ region, credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
    const { QueueUrl } = await byEnvironment.send(new GetQueueUrlCommand({ QueueName: nameOf(queueUrl) }));
    await byEnvironment.send(new SendMessageCommand({ QueueUrl, MessageBody: 'there', MessageGroupId: 'a' }));
    byEnvironment.destroy();
    vi.unstubAllEnvs();

    expect(QueueUrl).toBe(queueUrl);
    expect(bodies(await receive(queueUrl))).toEqual(['there']);
  });

  it('creates a queue once however often it is asked, and knows when there is none', async () => {
    const queueUrl = await makeQueue();
    const again = await sqs.send(new CreateQueueCommand({ QueueName: nameOf(queueUrl), Attributes: fifo }));
    expect(again.QueueUrl).toBe(queueUrl);
    const other = { ...fifo, VisibilityTimeout: '7' };
    await expect(
      sqs.send(new CreateQueueCommand({ QueueName: nameOf(queueUrl), Attributes: other })),
    ).rejects.toMatchObject({ name: 'QueueNameExists' });
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });

  it('is SQS and nothing else', async () => {
    const response = await fetch(`${service.url}/some-bucket`);
    expect(response.status).toBe(404);
  });

  it('sets and shows the high-throughput attributes, and refuses unknown ones', async () => {
    const QueueUrl = await makeQueue();
    const set = (Attributes: Record<string, string>) =>
      sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    await set(highThroughput);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['DeduplicationScope', 'FifoThroughputLimit'],
      }),
    );
    expect(Attributes).toEqual(highThroughput);
    await expect(set({ Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
    await expect(makeQueue({ Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
  });

  it('ends long polls at once when it closes, with an answer', async () => {
    const own = await startSqs({ region, accountId, queues: [{ name: 'q', attributes: {} }] });
    const client = clientOf(own.url);
    const poll = client.send(
      new ReceiveMessageCommand({ QueueUrl: `${own.url}/${accountId}/q`, WaitTimeSeconds: 20 }),
    );
    await sleep(200);
    const began = performance.now();
    await own.close();
    const answer = await poll;
    client.destroy();

    expect(answer.Messages).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('sending', () => {
  it('takes characters outside the basic plane', async () => {
    const queueUrl = await makeQueue();
    await send(queueUrl, '쿠폰 🎉');
    expect(bodies(await receive(queueUrl))).toEqual(['쿠폰 🎉']);
  });

  it('takes a message and a batch of 1 MiB and not one byte more', async () => {
    const queueUrl = await makeQueue();
    const mebibyte = 1_048_576;
    await send(queueUrl, 'x'.repeat(mebibyte));
    await expect(send(queueUrl, 'x'.repeat(mebibyte + 1))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
    const half = { MessageGroupId: 'a', MessageBody: 'x'.repeat(mebibyte / 2) };
    const sent = await sendBatch(queueUrl, [half, { ...half, MessageBody: 'y'.repeat(mebibyte / 2) }]);
    expect(sent.Successful).toHaveLength(2);
    await expect(
      sendBatch(queueUrl, [half, { ...half, MessageBody: 'y'.repeat(mebibyte / 2 + 1) }]),
    ).rejects.toMatchObject({ name: 'BatchRequestTooLong' });
  });

  it('takes at most 10 entries and names the failed ones of a batch', async () => {
    const queueUrl = await makeQueue();
    const entries = Array.from({ length: 11 }, (_, index) => ({
      MessageBody: String(index),
      MessageGroupId: 'a',
    }));
    await expect(sendBatch(queueUrl, entries)).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
    const sent = await sendBatch(queueUrl, [
      { MessageBody: 'good', MessageGroupId: 'a' },
      { MessageBody: 'no group' },
      { MessageBody: 'own delay', MessageGroupId: 'a', DelaySeconds: 5 },
    ]);
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['0']);
    expect(sent.Failed).toMatchObject([
      { Id: '1', Code: 'MissingParameter' },
      { Id: '2', Code: 'InvalidParameterValue' },
    ]);
  });

  it('delays by the queue and counts delayed messages apart', async () => {
    const queueUrl = await makeQueue({ ...fifo, DelaySeconds: '1' });
    await send(queueUrl, 'later');
    expect(await receive(queueUrl)).toEqual([]);
    expect(await counts(queueUrl)).toEqual(['0', '0', '1']);
    expect(bodies(await receive(queueUrl, { wait: 3 }))).toEqual(['later']);
    expect(await counts(queueUrl)).toEqual(['0', '1', '0']);
  });
});

describe('deduplication', () => {
  it('answers a duplicate with the ids of the original, also after that was deleted', async () => {
    const queueUrl = await makeQueue();
    const first = await send(queueUrl, 'one', 'a', 'id-1');
    await remove(queueUrl, the(await receive(queueUrl)));
    const again = await send(queueUrl, 'two', 'b', 'id-1');
    const batch = await sendBatch(queueUrl, [
      { MessageBody: 'three', MessageGroupId: 'a', MessageDeduplicationId: 'id-1' },
    ]);

    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
    expect(batch.Successful?.[0]).toMatchObject({ MessageId: first.MessageId });
    expect(await receive(queueUrl)).toEqual([]);
  });

  it('is per message group where the queue says so', async () => {
    const queueUrl = await makeQueue({ FifoQueue: 'true', ...highThroughput });
    await send(queueUrl, 'one', 'a', 'id-1');
    await send(queueUrl, 'again', 'a', 'id-1');
    await send(queueUrl, 'two', 'b', 'id-1');
    const received = await receive(queueUrl);
    expect(bodies(received)).toEqual(['one', 'two']);
    expect(received.map(({ Attributes }) => Attributes?.MessageDeduplicationId)).toEqual(['id-1', 'id-1']);
  });

  it('takes the body for the id on a queue with content-based deduplication, per group too', async () => {
    const queueUrl = await makeQueue({ ...fifo, ...highThroughput });
    await send(queueUrl, 'same', 'a');
    await send(queueUrl, 'same', 'a');
    await send(queueUrl, 'same', 'b');
    expect(bodies(await receive(queueUrl))).toEqual(['same', 'same']);
  });

  it('lasts five minutes', () => {
    let now = 1_000_000;
    const queue = makeLocalQueue({ now: () => now });
    sendTo(queue, 'a', 'id-1');
    now += 299_999;
    sendTo(queue, 'a', 'id-1');
    expect(queue.getAttribute('ApproximateNumberOfMessages')).toBe('1');
    now += 1;
    sendTo(queue, 'a', 'id-1');
    expect(queue.getAttribute('ApproximateNumberOfMessages')).toBe('2');
  });

  it('keeps every id of five minutes and holds no more than two windows of them', () => {
    const window = new DeduplicationWindow();
    const perMinute = 5_000;
    const id = (minute: number, n: number) => `${minute}-${n}`;
    for (let minute = 0; minute < 60; minute++) {
      for (let n = 0; n < perMinute; n++) {
        window.record(id(minute, n), { messageId: 'm', sequenceNumber: '1', sentAt: minute * 60_000 });
      }
      const now = minute * 60_000 + 59_999;
      const oldest = Math.max(0, minute - 4);
      const kept = Array.from({ length: perMinute }, (_, n) => window.find(id(oldest, n), now));
      expect(kept).not.toContain(undefined);
      if (oldest > 0) expect(window.find(id(oldest - 1, 0), now)).toBeUndefined();
      expect(window.size).toBeLessThanOrEqual(10 * perMinute);
    }
  });
});

describe('receiving', () => {
  it('gives several messages of one group in order, and nothing more of it until they are gone', async () => {
    const queueUrl = await makeQueue();
    for (const body of ['a1', 'a2', 'a3', 'a4']) await send(queueUrl, body, 'a');
    await send(queueUrl, 'b1', 'b');

    const first = await receive(queueUrl, { max: 3 });
    expect(bodies(first)).toEqual(['a1', 'a2', 'a3']);
    expect(bodies(await receive(queueUrl))).toEqual(['b1']);
    for (const message of first.slice(1)) await remove(queueUrl, message);
    expect(await receive(queueUrl)).toEqual([]);
    await remove(queueUrl, the(first));
    expect(bodies(await receive(queueUrl))).toEqual(['a4']);
  });

  it('fills up from the next groups, oldest first', async () => {
    const queueUrl = await makeQueue();
    for (const [body, group] of ['a1 a', 'b1 b', 'a2 a', 'c1 c'].map((text) => text.split(' '))) {
      await send(queueUrl, body ?? '', group);
    }
    expect(bodies(await receive(queueUrl, { max: 3 }))).toEqual(['a1', 'a2', 'b1']);
  });

  it('brings expired messages of a group back in order and before those of later arrival', async () => {
    const queueUrl = await makeQueue();
    for (const body of ['a1', 'a2', 'a3', 'a4']) await send(queueUrl, body, 'a');
    await receive(queueUrl, { max: 3, visibility: 1 });
    await send(queueUrl, 'b1', 'b');
    const again = await receive(queueUrl, { max: 1, visibility: 0 });
    expect(bodies(again)).toEqual(['b1']);
    await sleep(1_050);
    const back = await receive(queueUrl);
    expect(bodies(back)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
    expect(back.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual([
      '2',
      '2',
      '2',
      '1',
      '2',
    ]);
  });

  it('wakes a long poll for a message sent, expired or unblocked meanwhile', async () => {
    const queueUrl = await makeQueue();
    const sent = receive(queueUrl, { wait: 5, visibility: 1 });
    await sleep(100);
    await send(queueUrl, 'a1');
    expect(bodies(await sent)).toEqual(['a1']);

    const began = performance.now();
    const [expired] = await receive(queueUrl, { wait: 5, max: 1 });
    expect(expired?.Body).toBe('a1');
    expect(performance.now() - began).toBeGreaterThan(700);

    await send(queueUrl, 'a2');
    const unblocked = receive(queueUrl, { wait: 5 });
    await sleep(100);
    if (expired !== undefined) await remove(queueUrl, expired);
    expect(bodies(await unblocked)).toEqual(['a2']);
  });

  it('wakes only as many long polls as find something', async () => {
    const queueUrl = await makeQueue();
    const ended: number[] = [];
    const polls = Array.from({ length: 6 }, async () => {
      const messages = await receive(queueUrl, { wait: 2, max: 1 });
      ended.push(messages.length);
    });
    await sleep(200);
    await sendBatch(queueUrl, [
      { MessageBody: 'a1', MessageGroupId: 'a' },
      { MessageBody: 'b1', MessageGroupId: 'b' },
    ]);
    await sleep(300);
    expect(ended).toEqual([1, 1]);
    await Promise.all(polls);
    expect(ended).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it('gives nothing to a receiver that has hung up', async () => {
    const queueUrl = await makeQueue();
    const hangUp = new AbortController();
    const gone = sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: hangUp.signal,
    });
    await sleep(100);
    hangUp.abort();
    await expect(gone).rejects.toThrow();
    await sleep(50);
    await send(queueUrl, 'a1');
    expect(bodies(await receive(queueUrl))).toEqual(['a1']);
  });

  it('stops at 120,000 in flight: silent if FIFO, an error if standard', { timeout: 60_000 }, () => {
    const queue = makeLocalQueue();
    const standard = makeLocalQueue({ attributes: {} });
    for (const full of [queue, standard]) {
      for (let n = 0; n <= inFlightLimit; n++) sendTo(full, `g${n}`, `id-${n}`);
      for (let n = 0; n < inFlightLimit; n += 10) full.dequeue(10);
      expect(full.getAttribute('ApproximateNumberOfMessagesNotVisible')).toBe('120000');
    }
    expect(queue.dequeue(10)).toEqual([]);
    expect(() => standard.dequeue(10)).toThrow('the limit is 120000');
  });

  it('is no slower behind many blocked and many waiting groups', { timeout: 60_000 }, () => {
    const queue = makeLocalQueue();
    const fill = (count: number, group: string, round: string) => {
      for (let n = 0; n < count; n++) sendTo(queue, `${group}-${n}`, `${group}-${n}-${round}`);
    };
    const millisecondsToReceive = (count: number) => {
      const began = performance.now();
      for (let n = 0; n < count; n += 10) queue.dequeue(10);
      return performance.now() - began;
    };
    fill(20_000, 'warm-up', '1');
    millisecondsToReceive(10_000);
    const shallow = millisecondsToReceive(10_000);
    fill(90_000, 'blocked', '1');
    millisecondsToReceive(90_000);
    fill(90_000, 'blocked', '2');
    fill(100_000, 'free', '1');
    const deep = millisecondsToReceive(10_000);

    expect(queue.getAttribute('ApproximateNumberOfMessagesNotVisible')).toBe('120000');
    // A scan over the 90,000 blocked groups at each receive would take minutes.
    expect(deep).toBeLessThan(20 * shallow + 500);
  });
});

describe('visibility and deletion', () => {
  it('makes a message visible at once, in its place, while its group is blocked by another', async () => {
    const queueUrl = await makeQueue();
    for (const body of ['a1', 'a2', 'a3']) await send(queueUrl, body, 'a');
    const held = await receive(queueUrl, { max: 2 });
    await hide(queueUrl, the(held, 0), 0);
    expect(await receive(queueUrl)).toEqual([]);
    expect(await counts(queueUrl)).toEqual(['2', '1', '0']);
    await hide(queueUrl, the(held, 1), 0);
    expect(bodies(await receive(queueUrl))).toEqual(['a1', 'a2', 'a3']);
  });

  it('delays one message by changing its visibility, shorter and longer', async () => {
    const queueUrl = await makeQueue();
    await send(queueUrl, 'a1');
    await hide(queueUrl, the(await receive(queueUrl, { visibility: 30 })), 1);
    expect(await receive(queueUrl)).toEqual([]);
    await sleep(1_050);
    const [message] = await receive(queueUrl, { visibility: 1 });
    await hide(queueUrl, the(message === undefined ? [] : [message]), 30);
    await sleep(1_050);
    expect(await receive(queueUrl)).toEqual([]);
  });

  it('names the failed entries of a visibility batch', async () => {
    const queueUrl = await makeQueue();
    await send(queueUrl, 'a1', 'a');
    await send(queueUrl, 'b1', 'b');
    const held = await receive(queueUrl);
    const changed = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queueUrl,
        Entries: [
          { Id: 'now', ReceiptHandle: the(held).ReceiptHandle, VisibilityTimeout: 0 },
          { Id: 'unknown', ReceiptHandle: 'no-handle', VisibilityTimeout: 0 },
          { Id: 'range', ReceiptHandle: the(held, 1).ReceiptHandle, VisibilityTimeout: 43_201 },
        ],
      }),
    );
    expect(changed.Successful).toEqual([{ Id: 'now' }]);
    expect(changed.Failed?.map(({ Id }) => Id)).toEqual(['unknown', 'range']);
    expect(bodies(await receive(queueUrl))).toEqual(['a1']);
  });

  it('refuses to delete from a FIFO queue by an expired handle and takes a second delete', async () => {
    const queueUrl = await makeQueue();
    await send(queueUrl, 'a1', 'a');
    await send(queueUrl, 'b1', 'b');
    const [stale, other] = await receive(queueUrl, { visibility: 1 });
    await hide(queueUrl, the(other === undefined ? [] : [other]), 30);
    await sleep(1_050);
    await expect(remove(queueUrl, the(stale === undefined ? [] : [stale]))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('The receipt handle has expired') as string,
    });
    const deleteBoth = () =>
      sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: [stale, other].map((message, index) => ({
            Id: String(index),
            ReceiptHandle: message?.ReceiptHandle,
          })),
        }),
      );
    for (const answer of [await deleteBoth(), await deleteBoth()]) {
      expect(answer.Successful).toEqual([{ Id: '1' }]);
      expect(answer.Failed).toMatchObject([{ Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true }]);
    }
    await remove(queueUrl, the(await receive(queueUrl)));
    expect(await counts(queueUrl)).toEqual(['0', '0', '0']);
  });

  it('deletes from a standard queue by an expired handle unless the message was received again', async () => {
    const queueUrl = await makeQueue({});
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'one' }));
    const first = the(await receive(queueUrl, { visibility: 0 }));
    const second = the(await receive(queueUrl, { visibility: 1 }));
    await remove(queueUrl, first);
    expect(await counts(queueUrl)).toEqual(['0', '1', '0']);
    await sleep(1_050);
    await remove(queueUrl, second);
    expect(await counts(queueUrl)).toEqual(['0', '0', '0']);
  });

  it('counts visible, held and purged messages', async () => {
    const queueUrl = await makeQueue();
    for (const body of ['1', '2', '3']) await send(queueUrl, body, 'a');
    await send(queueUrl, '4', 'b');
    await receive(queueUrl, { max: 2 });
    expect(await counts(queueUrl)).toEqual(['2', '2', '0']);
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
    expect(await counts(queueUrl)).toEqual(['0', '0', '0']);
    await send(queueUrl, '5', 'a');
    expect(bodies(await receive(queueUrl))).toEqual(['5']);
  });
});

describe('dead letters', () => {
  it('moves a message received maxReceiveCount times, under its message id, and frees its group', async () => {
    const dlq = await makeQueue();
    const redrive = JSON.stringify({ deadLetterTargetArn: arnOf(nameOf(dlq)), maxReceiveCount: 2 });
    const queueUrl = await makeQueue({ ...fifo, RedrivePolicy: redrive });
    const sent = await send(queueUrl, 'poison', 'a', 'poison-1');
    await send(queueUrl, 'fine', 'a');
    for (const count of ['1', '2']) {
      const [poison] = await receive(queueUrl, { max: 1, visibility: 0 });
      expect(poison).toMatchObject({ Body: 'poison', Attributes: { ApproximateReceiveCount: count } });
    }
    expect(bodies(await receive(queueUrl))).toEqual(['fine']);
    const [dead] = await receive(dlq);
    expect(dead).toMatchObject({
      Body: 'poison',
      MessageId: sent.MessageId,
      Attributes: { MessageGroupId: 'a', MessageDeduplicationId: sent.MessageId },
    });
    expect(await counts(queueUrl)).toEqual(['0', '1', '0']);
  });

  it('wakes a receiver that waits at the dead-letter queue, and no receiver of the source', async () => {
    const dlq = await makeQueue();
    const redrive = JSON.stringify({ deadLetterTargetArn: arnOf(nameOf(dlq)), maxReceiveCount: 1 });
    const queueUrl = await makeQueue({ ...fifo, RedrivePolicy: redrive });
    await send(queueUrl, 'poison');
    await receive(queueUrl, { visibility: 0 });
    const waiting = receive(dlq, { wait: 5 });
    await sleep(100);
    expect(await receive(queueUrl)).toEqual([]);
    expect(bodies(await waiting)).toEqual(['poison']);
  });
});

/** The queue itself, for what HTTP cannot show in reasonable time. */
function makeLocalQueue(how: { attributes?: Record<string, string>; now?: () => number } = {}): LocalQueue {
  const identity = { name: 'q.fifo', url: 'http://localhost/1/q.fifo', arn: arnOf('q.fifo') };
  return new LocalQueue(identity, how.attributes ?? fifo, how.now === undefined ? {} : { now: how.now });
}

const template = SqsStore.createMessage('body');

/** Copies one message: a message of its own would cost a random id and a digest, 300,000 times. */
function sendTo(queue: LocalQueue, group: string, id: string): void {
  queue.enqueue({ ...template, messageId: id, messageGroupId: group, messageDeduplicationId: id });
}
