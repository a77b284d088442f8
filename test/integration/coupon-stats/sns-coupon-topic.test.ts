/** What becomes of messages at the topic, by what the service answers, and where it does not. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { snsCouponTopic } from '../../../lambdas/coupon-stats/adapters/sns-coupon-topic.ts';
import { couponPushMessage } from '../../../schema/coupon-push-message.ts';
import type { CouponPushMessage } from '../../../schema/coupon-push-message.ts';

const ARN = 'arn:aws:sns:ap-northeast-2:000000000000:coupon';
const MOST_BYTES = 256 * 1024;

function makeMessage(memberId: number, overrides: Partial<CouponPushMessage> = {}): CouponPushMessage {
  return {
    traceId: `0000000000000000-${memberId}`,
    memberId,
    tokens: ['a token'],
    dong: '역삼동',
    hour: 12,
    activeEventCount: 3,
    runDate: '2026-11-21',
    ...overrides,
  };
}
const makeMessages = (count: number) => Array.from({ length: count }, (_, index) => makeMessage(index + 1));

/** A service that takes what `takes` says, and says so. */
function startMock(takes: (message: CouponPushMessage) => boolean = () => true) {
  const client = new SNSClient({ region: 'ap-northeast-2' });
  const batches: { message: CouponPushMessage; bytes: number; attributes: unknown }[][] = [];
  mockClient(client)
    .on(PublishBatchCommand)
    .callsFake((input: PublishBatchCommand['input']) => {
      expect(input.TopicArn).toBe(ARN);
      const entries = (input.PublishBatchRequestEntries ?? []).map(({ Id, Message, MessageAttributes }) => ({
        Id,
        message: couponPushMessage.parse(JSON.parse(Message ?? '')),
        bytes: Buffer.byteLength(Message ?? ''),
        attributes: MessageAttributes,
      }));
      batches.push(entries);
      expect(new Set(entries.map(({ Id }) => Id)).size).toBe(entries.length);
      const failed = entries.filter(({ message }) => !takes(message));
      const taken = entries.filter(({ message }) => takes(message));
      return {
        Successful: taken.map(({ Id }) => ({ Id, MessageId: 'an id' })).toReversed(),
        Failed: failed.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })),
      };
    });
  return { topic: snsCouponTopic(ARN, client), batches };
}

describe('messages', () => {
  it('are published ten at a time, each once, with the routing key', async () => {
    const { topic, batches } = startMock();
    const messages = makeMessages(25);

    expect(await topic.publish(messages)).toEqual(messages.map(() => 'sent'));
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(batches.flat().map(({ message }) => message)).toEqual(messages);
    for (const { attributes } of batches.flat()) {
      expect(attributes).toEqual({
        routingKey: { DataType: 'String', StringValue: 'coupon.usage.stats.fcm.send' },
      });
    }
  });

  it('that are none ask for nothing', async () => {
    const { topic, batches } = startMock();

    expect(await topic.publish([])).toEqual([]);
    expect(batches).toEqual([]);
  });

  it('that are long go fewer at a time: all bytes of a request are counted', async () => {
    const { topic, batches } = startMock();
    // 100 kB of UTF-8 in 34,000 characters.
    const messages = Array.from({ length: 5 }, (_, index) =>
      makeMessage(index + 1, { tokens: ['가'.repeat(34_000)] }),
    );

    expect(await topic.publish(messages)).toEqual(messages.map(() => 'sent'));
    expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
    for (const batch of batches) {
      expect(batch.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MOST_BYTES);
    }
  });

  it('that are longer than the service takes are refused, and hold up no other', async () => {
    const { topic, batches } = startMock();
    const messages = [makeMessage(1), makeMessage(2, { tokens: ['x'.repeat(MOST_BYTES)] }), makeMessage(3)];

    expect(await topic.publish(messages)).toEqual(['sent', 'refused', 'sent']);
    expect(batches.flat().map(({ message }) => message.memberId)).toEqual([1, 3]);
  });

  it('that the service says it has not taken are refused, each by itself', async () => {
    const { topic } = startMock(({ memberId }) => memberId % 3 !== 0);

    expect(await topic.publish(makeMessages(12))).toEqual(
      makeMessages(12).map(({ memberId }) => (memberId % 3 === 0 ? 'refused' : 'sent')),
    );
  });

  it('of which the answer says nothing are unknown', async () => {
    const client = new SNSClient({ region: 'ap-northeast-2' });
    mockClient(client)
      .on(PublishBatchCommand)
      .resolves({ Successful: [{ Id: '1', MessageId: 'an id' }] });

    expect(await snsCouponTopic(ARN, client).publish(makeMessages(3))).toEqual([
      'unknown',
      'sent',
      'unknown',
    ]);
  });
});

describe('a request', () => {
  const error = (status: number, code: string) => (response: ServerResponse) => {
    response
      .writeHead(status, { 'content-type': 'text/xml' })
      .end(`<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`);
  };

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['that is refused as a whole has sent nothing', error(403, 'AuthorizationError'), 'refused'],
    ['that is throttled has sent nothing', error(400, 'Throttled'), 'refused'],
    ['that fails in the service may have been taken', error(500, 'InternalError'), 'unknown'],
    ['that is not answered for an outage may have been taken', error(503, 'ServiceUnavailable'), 'unknown'],
    ['whose connection breaks may have been taken', (response) => response.socket?.destroy(), 'unknown'],
    [
      'whose answer is none may have been taken',
      (response) => response.writeHead(200).end('<html>a proxy</html>'),
      'unknown',
    ],
  ])('%s, and is not sent a second time', async (_, answer, became) => {
    let requests = 0;
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        requests += 1;
        answer(response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = z.object({ port: z.int() }).parse(server.address());
    const before = { ...process.env };
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SNS: `http://127.0.0.1:${port}`,
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    try {
      // The client that functions have.
      expect(await snsCouponTopic(ARN).publish(makeMessages(2))).toEqual([became, became]);
      expect(requests).toBe(1);
    } finally {
      process.env = before;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });
});
