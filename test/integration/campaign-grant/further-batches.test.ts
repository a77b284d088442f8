/** What an invocation does after the batch that the event source brought: it goes on with the queue itself. */
import { describe, expect, it } from 'vitest';
import { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import type { ReceivedMessage } from '../../../lambdas/campaign-grant/ports.ts';
import { pay, useCampaignWorld } from '../../support/campaign-world.ts';
import { answers, failingAt, targetsOf } from '../../support/fakes.ts';

const world = useCampaignWorld();

const receiptsOf = (messages: readonly ReceivedMessage[]) => messages.map((message) => message.receiptHandle);

describe('messages that the queue still has', () => {
  it('are paid batch after batch, and deleted, those of the event source too', async () => {
    const campaign = await world.publish({ targetCount: 25 });
    const [first, ...more] = [
      campaign.messages.slice(0, 5),
      campaign.messages.slice(5, 15),
      campaign.messages.slice(15),
    ];
    const services = world.services();
    services.queue.waiting.push(...more);

    const again = await pay(services, first);

    expect(again).toEqual([]);
    expect(services.queue.deleted.toSorted()).toEqual(receiptsOf(campaign.messages).toSorted());
    const statuses = (await targetsOf(world.sql, campaign)).map((target) => target.processStatus);
    expect(new Set(statuses)).toEqual(new Set(['SUCCESS']));
    expect(services.log.paid.map(({ granted }) => granted)).toEqual([5, 10, 10]);
    // A batch has a minute: nobody else gets it before, nor much later when this environment dies.
    expect(new Set(services.queue.hiddenFor)).toEqual(new Set([120]));
  });

  it('are paid while a slow answer is waited for: no slot stands empty', async () => {
    const campaign = await world.publish({ targetCount: 40 });
    const services = world.services();
    const [slow] = campaign.grants;
    if (slow !== undefined) services.money.script(slow, answers.granted('T-slow', 2.5));
    services.queue.waiting.push(
      campaign.messages.slice(10, 20),
      campaign.messages.slice(20, 30),
      campaign.messages.slice(30),
    );

    await pay(services, campaign.messages.slice(0, 10));

    const starts = services.money.requests.map((request) => request.startedAt);
    expect(starts).toHaveLength(40);
    for (const [index, start] of starts.entries()) {
      expect(start - (starts[0] ?? 0)).toBeCloseTo(index * services.pacer.slot, 9);
    }
  });

  it('are deleted only after their results are written; those that fail for now come again', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    const [, , failing] = campaign.grants;
    if (failing !== undefined) services.money.script(failing, answers.unavailable());
    services.queue.waiting.push(campaign.messages.slice(1));
    const statusesAtDelete: unknown[] = [];
    services.queue.onDelete = async () => {
      statusesAtDelete.push((await targetsOf(world.sql, campaign)).map((target) => target.processStatus));
    };

    expect(await pay(services, campaign.messages.slice(0, 1))).toEqual([]);

    expect(statusesAtDelete).toEqual([
      ['SUCCESS', null, null],
      ['SUCCESS', 'SUCCESS', 'RETRYING'],
    ]);
    expect(services.queue.deleted).toEqual(receiptsOf(campaign.messages.slice(0, 2)));
    expect(services.queue.postponed).toEqual([
      { receiptHandles: receiptsOf(campaign.messages.slice(2)), seconds: 3 },
    ]);
  });

  it('that are not deleted are logged, and paid once all the same', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    const [first, second] = campaign.messages.map((message) => [message]);
    services.queue.waiting.push(second ?? []);
    services.queue.onDelete = () => Promise.reject(new Error('SQS is away'));

    await pay(services, first ?? []);
    await pay(services, second ?? []);

    expect(services.money.requests).toHaveLength(2);
    expect(services.log.queueFailures.map(({ action }) => action)).toEqual(['delete', 'delete', 'delete']);
    expect(services.log.paid.map(({ repeated }) => repeated)).toEqual([0, 0, 1]);
  });
});

describe('a key that is refused', () => {
  it('is sent with nobody else of the invocation, also of another batch', async () => {
    const campaign = await world.publish({ targetCount: 30 });
    const services = world.services();
    const [refused] = campaign.grants;
    if (refused !== undefined) services.money.script(refused, answers.unauthorized());
    services.queue.waiting.push(campaign.messages.slice(3));

    await pay(services, campaign.messages.slice(0, 3));

    expect(services.money.requests).toHaveLength(1);
  });
});

describe('what the breaker is told', () => {
  it('is told before the invocation ends, also when the results cannot be written', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const [grant] = campaign.grants;
    if (grant !== undefined) services.money.script(grant, answers.unavailable());
    let told = false;
    const store = {
      ...failingAt(services.store, 'recordResults'),
      saveBreaker: async (...args: Parameters<typeof services.store.saveBreaker>) => {
        await services.clock.sleep(1);
        told = true;
        return services.store.saveBreaker(...args);
      },
    };

    await pay({ ...services, store, breaker: new MoneyBreaker(store, services.clock) }, campaign.messages);

    expect(told).toBe(true);
  });
});

describe('no further batch is received', () => {
  it('when the queue does not answer: the first batch is not harmed', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    services.queue.waiting.push(new Error('SQS is away'), campaign.messages.slice(1));

    expect(await pay(services, campaign.messages.slice(0, 1))).toEqual([]);

    expect(services.log.queueFailures.map(({ action }) => action)).toEqual(['receive']);
    expect(services.queue.waiting).toHaveLength(1);
  });

  it('when the database did not decide a batch', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    const store = failingAt(services.store, 'readBatch');
    services.queue.waiting.push(campaign.messages.slice(1));

    const again = await pay({ ...services, store }, campaign.messages.slice(0, 1));

    expect(again).toHaveLength(1);
    expect(services.queue.waiting).toHaveLength(1);
    expect(services.money.requests).toEqual([]);
  });

  it('when the breaker is open', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    await world.setBreaker({ consecutiveFailures: 10, openedMs: services.clock.now() });
    services.queue.waiting.push(campaign.messages.slice(1));

    await pay(services, campaign.messages.slice(0, 1));

    expect(services.queue.waiting).toHaveLength(1);
    expect(services.money.requests.length).toBeLessThan(2);
  });

  it('when little of the invocation’s time is left', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    services.queue.waiting.push(campaign.messages.slice(1));

    await pay(services, campaign.messages.slice(0, 1), 30);

    expect(services.queue.waiting).toHaveLength(1);
    expect(services.money.requests).toHaveLength(1);
  });
});
