import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetQueueAttributesCommand, SQSClient, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { RunningService } from '../../../local/process/child-service.ts';
import { failedMessages } from '../../../local/services/lambda/batch-response.ts';
import { startEventSourceMapping } from '../../../local/services/lambda/event-source-mapping.ts';
import type {
  EventSourceMapping,
  EventSourceMappingOptions,
} from '../../../local/services/lambda/event-source-mapping.ts';
import { pollersAfter } from '../../../local/services/lambda/poll-sizing.ts';
import { createLambdaService } from '../../../local/services/lambda/service.ts';
import type { LambdaService } from '../../../local/services/lambda/service.ts';
import { startSqs } from '../../../local/services/sqs/server.ts';
import { makeFunction } from './make-function.ts';

const region = 'ap-northeast-2';
const VISIBILITY_SECONDS = 2;
// One for each test, and some.
const queueNames = Array.from({ length: 30 }, (_, index) => `queue-${index}.fifo`);

let sqs: RunningService;
let client: SQSClient;
let queueUrl: string;
let queueName: string;
let directory: string;
let lambda: LambdaService;
const mappings: EventSourceMapping[] = [];
const spareQueues = [...queueNames];

beforeAll(async () => {
  const attributes = { FifoQueue: 'true', VisibilityTimeout: String(VISIBILITY_SECONDS) };
  const queues = queueNames.map((name) => ({ name, attributes }));
  sqs = await startSqs({ region, accountId: '000000000000', queues });
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  client = new SQSClient({ endpoint: sqs.url, region, credentials });
});

afterAll(async () => {
  client.destroy();
  await sqs.close();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mapping-'));
  queueName = spareQueues.pop() ?? '';
  queueUrl = `${sqs.url}/000000000000/${queueName}`;
});

afterEach(async () => {
  for (const mapping of mappings.splice(0)) await mapping.close(1000);
  await lambda.close();
  rmSync(directory, { recursive: true });
});

const recorded = z.object({
  start: z.number(),
  end: z.number(),
  records: z.array(
    z.object({ body: z.string(), attributes: z.record(z.string(), z.string()) }).catchall(z.unknown()),
  ),
});

/** Starts a function that writes down its invocations and answers by `answer`, and a mapping onto it. */
async function start(
  answer: string,
  overrides: Partial<EventSourceMappingOptions['mapping']> = {},
  options: { reservedConcurrency?: number; sqsEndpoint?: string; log?: (line: string) => void } = {},
): Promise<EventSourceMapping> {
  const code = `import { appendFileSync } from 'node:fs';
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const answer = async (Records) => { ${answer} };
    export const handler = async ({ Records }) => {
      const start = Date.now();
      try { return await answer(Records); }
      finally {
        appendFileSync(${JSON.stringify(join(directory, 'calls'))}, JSON.stringify({ start, end: Date.now(), records: Records }) + '\\n');
      }
    };`;
  const { reservedConcurrency } = options;
  lambda = await createLambdaService({
    functions: [makeFunction(directory, code, { reservedConcurrency })],
    region,
    endpointsEnv: {},
    overrides: {},
    logDirectory: join(directory, 'logs'),
  });
  const mapping = startEventSourceMapping({
    mapping: {
      functionName: 'work',
      queueArn: `arn:aws:sqs:${region}:000000000000:${queueName}`,
      queueUrl,
      batchSize: 10,
      maximumConcurrency: 5,
      reportBatchItemFailures: true,
      enabled: true,
      ...overrides,
    },
    lambda,
    sqsEndpoint: options.sqsEndpoint ?? sqs.url,
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    log: options.log ?? (() => undefined),
  });
  mappings.push(mapping);
  return mapping;
}

function calls(): z.infer<typeof recorded>[] {
  const file = join(directory, 'calls');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => recorded.parse(JSON.parse(line)));
}

const bodies = () => calls().flatMap(({ records }) => records.map(({ body }) => body));

async function send(messages: readonly { body: string; group: string }[]): Promise<void> {
  for (let first = 0; first < messages.length; first += 10) {
    const Entries = messages.slice(first, first + 10).map(({ body, group }, index) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: `${body}-${first + index}`,
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ body: `m${i}`, group: `g${i}` }));

async function left(): Promise<{ visible: number; inFlight: number }> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

const emptied = () =>
  vi.waitFor(async () => expect(await left()).toEqual({ visible: 0, inFlight: 0 }), { timeout: 15_000 });

const FAIL_B = `return { batchItemFailures: Records.filter((r) => r.body === 'b').map((r) => ({ itemIdentifier: r.messageId })) };`;

describe('batches', () => {
  it('reach the function once each, as SQS events, and are deleted', async () => {
    await start('return { batchItemFailures: [] };');
    await send(numbered(200));

    await emptied();

    expect(bodies().toSorted()).toEqual(
      numbered(200)
        .map(({ body }) => body)
        .toSorted(),
    );
    const record = calls()[0]?.records[0];
    expect(record).toMatchObject({
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${region}:000000000000:${queueName}`,
      awsRegion: region,
      md5OfBody: expect.any(String) as unknown,
      messageAttributes: { kind: { stringValue: 'test', dataType: 'String' } },
      attributes: { ApproximateReceiveCount: '1' },
    });
    for (const name of ['SentTimestamp', 'MessageGroupId', 'MessageDeduplicationId', 'SequenceNumber']) {
      expect(record?.attributes).toHaveProperty(name);
    }
  });

  it('run MaximumConcurrency at a time', async () => {
    await start('await sleep(100);', { batchSize: 1, maximumConcurrency: 3 });
    await send(numbered(12));

    await emptied();

    const all = calls();
    const concurrentWith = ({ start }: { start: number }) =>
      all.filter((c) => c.start <= start && c.end > start).length;
    expect(Math.max(...all.map(concurrentWith))).toBe(3);
    expect(lambda.processes()[0]?.environments).toBe(3);
  });

  it('never hold one group twice at a time, and keep its order', async () => {
    await start('await sleep(20);', { batchSize: 2 });
    const messages = Array.from({ length: 30 }, (_, i) => ({ body: String(i), group: `g${i % 3}` }));
    await send(messages);

    await emptied();

    for (const group of ['g0', 'g1', 'g2']) {
      const ofGroup = calls().filter(({ records }) =>
        records.some((r) => r.attributes.MessageGroupId === group),
      );
      const inOrder = ofGroup.flatMap(({ records }) =>
        records.filter((r) => r.attributes.MessageGroupId === group),
      );
      expect(inOrder.map(({ body }) => Number(body))).toEqual(
        inOrder.map(({ body }) => Number(body)).toSorted((a, b) => a - b),
      );
      for (const [index, call] of ofGroup.slice(1).entries()) {
        expect(call.start).toBeGreaterThanOrEqual(ofGroup[index]?.end ?? 0);
      }
    }
  });
});

describe('failures', () => {
  it('of single messages leave just those until their visibility ends', async () => {
    await start(`if (Records.every((r) => r.attributes.ApproximateReceiveCount === '1')) { ${FAIL_B} }`);
    const sentAt = Date.now();
    await send([
      { body: 'a', group: 'a' },
      { body: 'b', group: 'b' },
    ]);

    await emptied();

    expect(bodies().filter((body) => body === 'a')).toHaveLength(1);
    expect(bodies().filter((body) => body === 'b')).toHaveLength(2);
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(VISIBILITY_SECONDS * 1000 - 100);
  });

  it('by throwing leave the whole batch', async () => {
    await start(`if (Records[0].attributes.ApproximateReceiveCount === '1') throw new Error('no');`);
    await send(numbered(2));

    await emptied();

    expect(bodies().toSorted()).toEqual(['m0', 'm0', 'm1', 'm1']);
  });

  it('are not read from the answer where the mapping does not ask for them', async () => {
    await start(FAIL_B, { reportBatchItemFailures: false });
    await send([{ body: 'b', group: 'b' }]);

    await emptied();

    expect(bodies()).toEqual(['b']);
  });

  it('by throttling come back when their visibility ends, a receive later', async () => {
    await start('await sleep(300);', { batchSize: 1, maximumConcurrency: 2 }, { reservedConcurrency: 1 });
    await send(numbered(2));

    await emptied();

    const receives = calls().flatMap(({ records }) =>
      records.map((r) => r.attributes.ApproximateReceiveCount),
    );
    expect(receives.toSorted()).toEqual(['1', '2']);
  });
});

describe('a mapping whose invocations are all busy', () => {
  it('receives nothing: whoever is free to pay a message would have to wait for it', async () => {
    await start('await sleep(1500);', { batchSize: 1, maximumConcurrency: 2 });
    await send(numbered(5));

    await vi.waitFor(async () => expect(await left()).toEqual({ visible: 3, inFlight: 2 }));
    await new Promise((resolve) => setTimeout(resolve, 500));

    expect(await left()).toEqual({ visible: 3, inFlight: 2 });
  });
});

describe('what an answer means for a batch of a and b', () => {
  it.each([
    ['null', []],
    ['{}', []],
    ['{"batchItemFailures":[]}', []],
    ['{"batchItemFailures":null}', []],
    ['{"batchItemFailures":[{"itemIdentifier":"b"}]}', ['b']],
    ['{"batchItemFailures":[{"itemIdentifier":"other"}]}', ['a', 'b']],
    ['{"batchItemFailures":[{"itemIdentifier":""}]}', ['a', 'b']],
    ['{"batchItemFailures":[{"itemIdentifier":null}]}', ['a', 'b']],
    ['{"batchItemFailures":[{"messageId":"b"}]}', ['a', 'b']],
    ['"done"', ['a', 'b']],
  ])('%s', (payload, failed) => {
    expect([...failedMessages(payload, ['a', 'b'])]).toEqual(failed);
  });
});

describe('a mapping', () => {
  it('that is not enabled receives nothing', async () => {
    await start('', { enabled: false });
    await send(numbered(3));
    await new Promise((resolve) => setTimeout(resolve, 300));

    expect(await left()).toEqual({ visible: 3, inFlight: 0 });
  });

  it('that closes lets what runs finish and be deleted, and gives the rest back at once', async () => {
    const mapping = await start('await sleep(500);', { batchSize: 1, maximumConcurrency: 2 });
    await send(numbered(10));
    await vi.waitFor(() => expect(mapping.load.busy).toBe(2));

    await mapping.close(5000);

    expect(bodies()).toHaveLength(2);
    expect(await left()).toEqual({ visible: 8, inFlight: 0 });
  });

  it('that closes does not wait longer than its grace', async () => {
    const mapping = await start('await sleep(8000);');
    await send(numbered(1));
    await vi.waitFor(() => expect(mapping.load.busy).toBe(1));

    const startedAt = Date.now();
    await mapping.close(200);

    expect(Date.now() - startedAt).toBeLessThan(1500);
  });

  it('waits for an SQS that is not there, and says so once', async () => {
    const log = vi.fn();
    await start('', {}, { sqsEndpoint: 'http://127.0.0.1:1', log });
    await new Promise((resolve) => setTimeout(resolve, 1000));

    expect(log).toHaveBeenCalledOnce();
  });
});

describe('the pollers', () => {
  it('grow with full batches and shrink with empty ones', () => {
    expect(pollersAfter(2, 10, 10)).toBe(4);
    expect(pollersAfter(8, 10, 10)).toBe(10);
    expect(pollersAfter(8, 3, 10)).toBe(8);
    expect(pollersAfter(8, 0, 10)).toBe(4);
  });
});
