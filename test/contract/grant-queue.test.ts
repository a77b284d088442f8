/** What the grant queue promises, kept by the simulated queue and by the local SQS service behind the AWS SDK. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingGrant } from '../../lambdas/campaign-grant/ports.ts';
import type { QueueFixture, Received } from './queue-fixture.ts';
import { simulatedQueue } from './simulated-queue.ts';
import { sqsQueue } from './sqs-queue.ts';

/** More than the clocks of a queue are apart. */
const A_MOMENT = 0.3;

describe.each([
  ['simulated', simulatedQueue],
  ['SQS', sqsQueue],
])('the %s grant queue', (_, makeFixture) => {
  let fixture: QueueFixture;
  beforeAll(async () => {
    fixture = await makeFixture();
  });
  beforeEach(() => fixture.renew());
  afterAll(() => fixture.close());

  const send = (...grants: OutgoingGrant[]) => fixture.queue.send(grants);
  const targets = (messages: readonly Received[]) => messages.map(({ targetId }) => targetId);
  const handleOf = (messages: readonly Received[], targetId: string) =>
    messages.find((message) => message.targetId === targetId)?.receiptHandle ?? '';

  it('takes more than a batch, and refuses nothing', async () => {
    const grants = Array.from({ length: 23 }, (__, index) => grant(String(index + 1), `customer-${index}`));

    expect(await send(...grants)).toEqual([]);
    expect(await fixture.queue.backlog()).toBe(23);
  });

  it('hands messages to the port as they were sent, and forgets those that it deletes', async () => {
    const sent = [grant('1', 'a'), grant('2', 'b'), grant('3', 'c')];
    await send(...sent);

    const received = [];
    for (let round = 0; received.length < 3 && round < 50; round += 1) {
      received.push(...(await fixture.queue.receive(10, fixture.visibilitySeconds)));
    }
    const [kept, ...done] = received.toSorted((a, b) => a.groupId.localeCompare(b.groupId));
    await fixture.queue.delete(done.map(({ receiptHandle }) => receiptHandle));

    expect(kept).toMatchObject({ groupId: 'a', receiveCount: 1, body: JSON.stringify(sent[0]?.message) });
    expect(await fixture.queue.backlog()).toBe(1);
    await fixture.wait(fixture.visibilitySeconds + A_MOMENT);
    expect((await fixture.receive()).map(({ groupId, receiveCount }) => [groupId, receiveCount])).toEqual([
      ['a', 2],
    ]);
  });

  it('hides from others what the port received for as long as it asked, whatever is usual', async () => {
    await send(grant('1', 'a'));
    const hiddenSeconds = fixture.visibilitySeconds + 2;
    const received = [];
    for (let round = 0; received.length < 1 && round < 50; round += 1) {
      received.push(...(await fixture.queue.receive(10, hiddenSeconds)));
    }

    await fixture.wait(fixture.visibilitySeconds + A_MOMENT);
    const meanwhile = await fixture.receive();
    await fixture.wait(2);
    const then = await fixture.receive();

    expect(targets(meanwhile)).toEqual([]);
    expect(targets(then)).toEqual(['1']);
  });

  it('hands out a group in order, and nothing more of it until that is dealt with', async () => {
    await send(grant('1', 'a'), grant('2', 'a'), grant('3', 'a'));

    const first = await fixture.receive();
    await send(grant('4', 'a'), grant('5', 'b'));
    const meanwhile = await fixture.receive();
    for (const { receiptHandle } of first) await fixture.remove(receiptHandle);
    const then = await fixture.receive();

    expect(targets(first)).toEqual(['1', '2', '3']);
    expect(targets(meanwhile)).toEqual(['5']);
    expect(targets(then)).toEqual(['4']);
  });

  it('drops a repeat within five minutes, of the same group only, even of a message that is gone', async () => {
    await send(grant('1', 'a', 'same'));
    const [message] = await fixture.receive();
    await fixture.remove(message?.receiptHandle ?? '');

    const failures = await send(grant('1', 'a', 'same'), grant('2', 'b', 'same'));

    expect(failures).toEqual([]);
    expect(targets(await fixture.receive())).toEqual(['2']);
    expect(await fixture.queue.backlog()).toBe(1);
  });

  it('hands a message out again when its visibility ends, in its old place', async () => {
    await send(grant('1', 'a'), grant('2', 'a'));
    const first = await fixture.receive();
    await fixture.wait(fixture.visibilitySeconds + A_MOMENT);

    const second = await fixture.receive();

    expect(first.map(({ receiveCount }) => receiveCount)).toEqual([1, 1]);
    expect(targets(second)).toEqual(['1', '2']);
    expect(second.map(({ receiveCount }) => receiveCount)).toEqual([2, 2]);
  });

  it('does not take a deletion whose handle is an earlier one', async () => {
    await send(grant('1', 'a'));
    const [first] = await fixture.receive();
    await fixture.wait(fixture.visibilitySeconds + A_MOMENT);
    await fixture.receive();

    await fixture.remove(first?.receiptHandle ?? '');

    expect(await fixture.queue.backlog()).toBe(1);
  });

  it('counts what waits and what is at work', async () => {
    await send(grant('1', 'a'), grant('2', 'b'));
    const messages = await fixture.receive();
    await send(grant('3', 'c'));
    const before = await fixture.queue.backlog();
    await fixture.remove(handleOf(messages, '1'));

    expect([before, await fixture.queue.backlog()]).toEqual([3, 2]);
  });

  it('postpones a message, and its group with it', async () => {
    await send(grant('1', 'a'), grant('2', 'a'), grant('3', 'b'));
    const messages = await fixture.receive();
    await fixture.remove(handleOf(messages, '2'));
    const handles = ['1', '3'].map((targetId) => handleOf(messages, targetId));
    await fixture.queue.postpone(handles, fixture.visibilitySeconds + 2);
    await send(grant('4', 'a'));
    await fixture.wait(fixture.visibilitySeconds + A_MOMENT);

    const early = await fixture.receive();
    await fixture.wait(2);
    const later = await fixture.receive();

    expect(early).toEqual([]);
    expect(targets(later).toSorted()).toEqual(['1', '3', '4']);
    expect(targets(later).filter((targetId) => targetId !== '3')).toEqual(['1', '4']);
    expect(later.find(({ targetId }) => targetId === '1')?.receiveCount).toBe(2);
  });

  it('hands a message out at once that is postponed by nothing', async () => {
    await send(grant('1', 'a'));
    const [message] = await fixture.receive();

    await fixture.queue.postpone([message?.receiptHandle ?? ''], 0);

    expect(targets(await fixture.receive())).toEqual(['1']);
  });

  it('gives a message up after so many receives, to the dead-letter queue', async () => {
    await send(grant('1', 'a'), grant('2', 'a'));
    for (let receive = 0; receive < fixture.maxReceiveCount; receive += 1) {
      const messages = await fixture.receive();
      await fixture.queue.postpone([handleOf(messages, '1'), handleOf(messages, '2')], 0);
    }

    const after = await fixture.receive();
    const givenUp = await fixture.receiveDeadLetters();

    expect(after).toEqual([]);
    expect(targets(givenUp)).toEqual(['1', '2']);
    expect(givenUp[0]?.groupId).toBe('a');
    expect(await fixture.queue.backlog()).toBe(0);
  });
});

function grant(targetId: string, groupId: string, deduplicationId = `${groupId}-${targetId}`): OutgoingGrant {
  const payload = {
    eventId: '1',
    pointEventTargetId: targetId,
    customerUid: '1',
    amount: '10',
    reason: 'a gift',
    partitionKey: '0',
    expiryAt: '20301231235959',
  };
  const envelope = { sentAt: '2026-11-21T12:00:00', version: 20231010 } as const;
  return {
    targetId,
    groupId,
    deduplicationId,
    message: { ...envelope, topic: 'prepay.campaign.point.publish', payload },
  };
}
