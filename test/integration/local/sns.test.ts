import {
  CreateTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import type { MessageAttributeValue, PublishBatchRequestEntry } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningService } from '../../../local/process/child-service.ts';
import { startSqs } from '../../../local/services/sqs/server.ts';
import type { SqsOptions } from '../../../local/services/sqs/server.ts';

const region = 'ap-northeast-2';
const accountId = '123456789012';
const topicArn = (name: string) => `arn:aws:sns:${region}:${accountId}:${name}`;
const queueArn = (name: string) => `arn:aws:sqs:${region}:${accountId}:${name}`;

const queue = (name: string) => ({ name, attributes: {} });
const topic = (name: string) => ({ name, arn: topicArn(name), displayName: undefined });

const makeSubscription = (
  from: string,
  to: string,
  how: { raw?: boolean; filter?: Record<string, unknown[]> } = {},
) => ({
  arn: `${topicArn(from)}:${to}`,
  topicArn: topicArn(from),
  queueArn: queueArn(to),
  rawMessageDelivery: how.raw ?? true,
  filterPolicy: how.filter && JSON.stringify(how.filter),
});

const FILTERS = {
  exact: { routingKey: ['coupon.usage.stats.fcm.send'] },
  prefix: { routingKey: [{ prefix: 'coupon.' }] },
  'anything-but': { routingKey: [{ 'anything-but': ['coupon.usage.stats.fcm.send', 'other'] }] },
  exists: { routingKey: [{ exists: true }] },
  'exists-not': { routingKey: [{ exists: false }] },
  numeric: { size: [{ numeric: ['>=', 10, '<', 20] }] },
  both: { routingKey: ['a', 'b'], size: [5] },
};

let service: RunningService;
let sns: SNSClient;
let sqs: SQSClient;

const settings = { region, credentials: { accessKeyId: 'x', secretAccessKey: 'x' }, maxAttempts: 1 };

beforeAll(async () => {
  service = await startSqs({
    region,
    accountId,
    queues: ['raw', 'wrapped', 'bound', ...Object.keys(FILTERS)].map(queue),
    topics: ['fan', 'coupon', 'filters', 'nobody'].map(topic),
    subscriptions: [
      makeSubscription('fan', 'raw'),
      makeSubscription('fan', 'wrapped', { raw: false }),
      makeSubscription('coupon', 'bound', { filter: { routingKey: ['coupon.usage.stats.fcm.send'] } }),
      ...Object.entries(FILTERS).map(([name, filter]) => makeSubscription('filters', name, { filter })),
    ],
  });
  sns = new SNSClient({ ...settings, endpoint: service.url });
  sqs = new SQSClient({ ...settings, endpoint: service.url });
});
afterAll(async () => {
  sns.destroy();
  sqs.destroy();
  await service.close();
});

async function received(name: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: `${service.url}/${accountId}/${name}`,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages;
}

const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });
const number = (StringValue: string): MessageAttributeValue => ({ DataType: 'Number', StringValue });

const batch = (entries: PublishBatchRequestEntry[], TopicArn = topicArn('nobody')) =>
  sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));

describe('publishing', () => {
  it('delivers the message and its attributes as they are to one queue, and wrapped to another', async () => {
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn: topicArn('fan'),
        Message: '캠페인 <7> "done" & paid',
        Subject: 'Campaign 7',
        MessageAttributes: { kind: text('completed') },
      }),
    );

    const [raw] = await received('raw');
    expect(raw?.Body).toBe('캠페인 <7> "done" & paid');
    expect(raw?.MessageAttributes).toMatchObject({ kind: { DataType: 'String', StringValue: 'completed' } });
    const [wrapped] = await received('wrapped');
    expect(JSON.parse(wrapped?.Body ?? '')).toMatchObject({
      Type: 'Notification',
      MessageId,
      TopicArn: topicArn('fan'),
      Subject: 'Campaign 7',
      Message: '캠페인 <7> "done" & paid',
      MessageAttributes: { kind: { Type: 'String', Value: 'completed' } },
    });
    expect(wrapped?.MessageAttributes).toBeUndefined();
  });

  it('delivers a batch, in order, to the queue that is bound by routing key', async () => {
    const entries = ['push', 'push', 'other', 'push'].map((key, index) => ({
      Id: `e${index}`,
      Message: JSON.stringify({ index }),
      MessageAttributes: {
        routingKey: text(key === 'push' ? 'coupon.usage.stats.fcm.send' : 'coupon.other'),
      },
    }));

    const { Successful = [], Failed = [] } = await batch(entries, topicArn('coupon'));

    expect(Successful.map(({ Id }) => Id)).toEqual(['e0', 'e1', 'e2', 'e3']);
    expect(new Set(Successful.map(({ MessageId }) => MessageId)).size).toBe(4);
    expect(Failed).toEqual([]);
    expect((await received('bound')).map(({ Body }) => Body)).toEqual([
      '{"index":0}',
      '{"index":1}',
      '{"index":3}',
    ]);
  });

  it.each<[string, Record<string, MessageAttributeValue>, string[]]>([
    ['the key itself', { routingKey: text('coupon.usage.stats.fcm.send') }, ['exact', 'prefix', 'exists']],
    ['a key with the prefix', { routingKey: text('coupon.x') }, ['prefix', 'anything-but', 'exists']],
    ['another key', { routingKey: text('other') }, ['exists']],
    ['a number in the range', { size: number('10') }, ['exists-not', 'numeric']],
    ['a number at its end', { size: number('20') }, ['exists-not']],
    [
      'two attributes that both match',
      { routingKey: text('b'), size: number('5.0') },
      ['anything-but', 'exists', 'both'],
    ],
    ['one of two', { routingKey: text('b'), size: number('6') }, ['anything-but', 'exists']],
    ['no attribute', {}, []],
  ])('filters by attributes: %s', async (_what, MessageAttributes, expected) => {
    await sns.send(new PublishCommand({ TopicArn: topicArn('filters'), Message: 'm', MessageAttributes }));

    const names = Object.keys(FILTERS);
    const counts = await Promise.all(names.map(async (name) => (await received(name)).length));
    expect(names.filter((_name, index) => counts[index] === 1)).toEqual(
      names.filter((name) => expected.includes(name)),
    );
  });
});

describe('what cannot be published', () => {
  it('fails an entry by itself, and delivers the others', async () => {
    const { Successful = [], Failed = [] } = await batch(
      [
        { Id: 'good', Message: 'm', MessageAttributes: { routingKey: text('coupon.usage.stats.fcm.send') } },
        { Id: 'empty', Message: '' },
        { Id: 'blank', Message: 'm', MessageAttributes: { routingKey: text('') } },
        {
          Id: 'array',
          Message: 'm',
          MessageAttributes: { a: { DataType: 'String.Array', StringValue: '[]' } },
        },
        { Id: 'number', Message: 'm', MessageAttributes: { size: number('many') } },
      ],
      topicArn('coupon'),
    );

    expect(Successful.map(({ Id }) => Id)).toEqual(['good']);
    expect(Failed).toMatchObject([
      { Id: 'empty', Code: 'InvalidParameter', SenderFault: true },
      { Id: 'blank', Code: 'ParameterValueInvalid' },
      { Id: 'array', Code: 'ParameterValueInvalid' },
      { Id: 'number', Code: 'ParameterValueInvalid' },
    ]);
    expect(await received('bound')).toHaveLength(1);
  });

  const entry = (Id: string, Message = 'm') => ({ Id, Message });

  it.each<[string, PublishBatchRequestEntry[], string]>([
    ['no entry', [], 'EmptyBatchRequestException'],
    [
      'eleven entries',
      Array.from({ length: 11 }, (_, index) => entry(`e${index}`)),
      'TooManyEntriesInBatchRequestException',
    ],
    ['two of one id', [entry('a'), entry('a')], 'BatchEntryIdsNotDistinctException'],
    ['an id with a blank', [entry('a b')], 'InvalidBatchEntryIdException'],
    [
      'more than 256 KB in all',
      ['a', 'b', 'c'].map((id) => entry(id, 'x'.repeat(90 * 1024))),
      'BatchRequestTooLongException',
    ],
  ])('refuses a batch of %s', async (_what, entries, name) => {
    await expect(batch(entries)).rejects.toMatchObject({ name });
  });

  it('takes a batch of 256 KB to the byte', async () => {
    const { Successful } = await batch(['a', 'b'].map((id) => entry(id, 'x'.repeat(128 * 1024))));

    expect(Successful).toHaveLength(2);
  });

  it.each<[string, Partial<ConstructorParameters<typeof PublishCommand>[0]>, string]>([
    ['a topic that is not there', { TopicArn: topicArn('gone') }, 'NotFoundException'],
    ['an ARN that is none', { TopicArn: 'coupon' }, 'InvalidParameterException'],
    ['no text', { Message: '' }, 'InvalidParameterException'],
    ['a text of more than 256 KB', { Message: 'x'.repeat(256 * 1024 + 1) }, 'InvalidParameterException'],
    ['a subject with a line break', { Subject: 'a\nb' }, 'InvalidParameterException'],
    ['a structure', { MessageStructure: 'json', Message: '{"default":"m"}' }, 'InvalidParameterException'],
    [
      'an attribute without a value',
      { MessageAttributes: { a: text('') } },
      'InvalidParameterValueException',
    ],
    [
      'an attribute name of AWS',
      { MessageAttributes: { 'AWS.x': text('v') } },
      'InvalidParameterValueException',
    ],
  ])('refuses %s', async (_what, overrides, name) => {
    const publish = new PublishCommand({ TopicArn: topicArn('nobody'), Message: 'm', ...overrides });

    await expect(sns.send(publish)).rejects.toMatchObject({ name });
  });
});

describe('topics', () => {
  it('are listed, described, and known by their subscriptions', async () => {
    const { Topics = [] } = await sns.send(new ListTopicsCommand());
    expect(Topics.map(({ TopicArn }) => TopicArn)).toEqual(
      ['coupon', 'fan', 'filters', 'nobody'].map(topicArn),
    );

    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn('fan') }));
    expect(Attributes).toMatchObject({
      TopicArn: topicArn('fan'),
      Owner: accountId,
      SubscriptionsConfirmed: '2',
    });

    const { Subscriptions = [] } = await sns.send(
      new ListSubscriptionsByTopicCommand({ TopicArn: topicArn('fan') }),
    );
    expect(Subscriptions.map(({ Protocol, Endpoint }) => [Protocol, Endpoint])).toEqual([
      ['sqs', queueArn('raw')],
      ['sqs', queueArn('wrapped')],
    ]);
  });

  it('that are not there are not found', async () => {
    const gone = { TopicArn: topicArn('gone') };

    await expect(sns.send(new GetTopicAttributesCommand(gone))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
    await expect(sns.send(new ListSubscriptionsByTopicCommand(gone))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });

  it('are made by templates only', async () => {
    await expect(sns.send(new CreateTopicCommand({ Name: 'mine' }))).rejects.toMatchObject({
      message: 'the local SNS does not know CreateTopic',
    });
  });

  it('do not open the other services of the library', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const identity = await fetch(service.url, {
      method: 'POST',
      headers: form,
      body: 'Action=GetCallerIdentity',
    });
    const bucket = await fetch(`${service.url}/bucket`, { method: 'PUT', headers: form });

    expect([identity.status, bucket.status]).toEqual([400, 404]);
  });
});

describe('a subscription that could never deliver', () => {
  const start = (subscription: ReturnType<typeof makeSubscription>, queues: SqsOptions['queues']) =>
    startSqs({ region, accountId, queues, topics: [topic('t')], subscriptions: [subscription] });

  it.each([
    ['to a queue that is not there', makeSubscription('t', 'gone'), /t:gone: the queue .*:gone is not here/],
    ['of a topic that is not there', makeSubscription('gone', 'q'), /gone:q: the topic .*:gone is not here/],
    [
      'to a FIFO queue',
      makeSubscription('t', 'q.fifo'),
      /t:q\.fifo: the FIFO queue .* cannot subscribe to a standard topic/,
    ],
    [
      'with a filter of six attributes',
      makeSubscription('t', 'q', {
        filter: { a: ['1'], b: ['1'], c: ['1'], d: ['1'], e: ['1'], f: ['1'] },
      }),
      /t:q: .*Filter policy is too complex/,
    ],
  ])('%s is refused in one line', async (_what, subscription, message) => {
    const queues = [queue('q'), { name: 'q.fifo', attributes: { FifoQueue: 'true' } }];
    const failure = await start(subscription, queues).catch((error: unknown) => error);

    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain('\n');
  });
});
