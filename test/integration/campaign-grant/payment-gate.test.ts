import { describe, expect, it } from 'vitest';
import { grantRewards } from '../../../lambdas/campaign-grant/app/grant-rewards.ts';
import { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import type { ReceivedMessage } from '../../../lambdas/campaign-grant/ports.ts';
import { CONSUMER_SECONDS, pay, useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices, PublishedCampaign } from '../../support/campaign-world.ts';
import { START_MS, answers, deadLettersOf, failingAt, summaryOf, targetsOf } from '../../support/fakes.ts';

/** Invariant 5, less the second that a stop by StopExecution takes to reach the rows. */
const STOP_HOLDS_WITHIN_SECONDS = 1;

const HOUR = 3_600;
/** The grant queue's maxReceiveCount: then a message is dead-lettered. */
const MAX_RECEIVES = 1_000;

const world = useCampaignWorld();

const receiptsOf = (messages: readonly ReceivedMessage[]) => messages.map((message) => message.receiptHandle);
const startsOf = ({ money }: CampaignServices) => money.requests.map((request) => request.startedAt);

/** The campaign is stopped at this moment of the virtual clock. */
async function stopAt(
  services: CampaignServices,
  campaign: PublishedCampaign,
  seconds: number,
): Promise<void> {
  await services.clock.sleep(seconds - services.clock.monotonic());
  await services.clock.during(() =>
    world.store.stopCampaign(campaign.promotionId, 'lunch', services.clock.now()),
  );
}

function openBreaker(services: CampaignServices, secondsAgo = 0): Promise<void> {
  const openedMs = services.clock.now() - secondsAgo * 1_000;
  return world.setBreaker({ version: 10, consecutiveFailures: 10, streakStartedMs: openedMs, openedMs });
}

describe('a campaign that is stopped while a batch is at work', () => {
  it('has no call later than a second after the stop; whoever was not called is PENDING again', async () => {
    const campaign = await world.publish({ targetCount: 10, oneCustomer: true });
    const services = world.services();
    for (const grant of campaign.grants) services.money.script(grant, answers.granted('T', 0.4));

    const [again] = await Promise.all([pay(services, campaign.messages), stopAt(services, campaign, 2)]);

    const starts = startsOf(services);
    expect(starts.length).toBeGreaterThan(0);
    expect(starts.length).toBeLessThan(10);
    expect(Math.max(...starts)).toBeLessThan(2 + STOP_HOLDS_WITHIN_SECONDS);
    expect(again).toEqual([]);
    const looks = await targetsOf(world.sql, campaign);
    expect(looks.map((target) => [target.publishStatus, target.processStatus])).toEqual(
      campaign.ids.map((_, index) => (index < starts.length ? ['PUBLISHED', 'SUCCESS'] : ['PENDING', null])),
    );
    expect(services.log.paid).toMatchObject([{ granted: starts.length, returned: 10 - starts.length }]);
  });

  it('has no call later than that though each answer of its customer takes 3 s', async () => {
    const campaign = await world.publish({ targetCount: 5, oneCustomer: true });
    const services = world.services();
    for (const grant of campaign.grants) services.money.script(grant, answers.granted('T', 2.9));

    await Promise.all([pay(services, campaign.messages), stopAt(services, campaign, 4.2)]);

    const starts = startsOf(services);
    expect(Math.max(...starts)).toBeLessThan(4.2 + STOP_HOLDS_WITHIN_SECONDS);
    expect(starts).toHaveLength(2);
    expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PUBLISHED',
      'PUBLISHED',
      'PENDING',
      'PENDING',
      'PENDING',
    ]);
  });

  it('has a call that was under way finished and recorded', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const [grant] = campaign.grants;
    if (grant !== undefined) services.money.script(grant, answers.granted('T-late', 2.5));

    await Promise.all([pay(services, campaign.messages), stopAt(services, campaign, 1.2)]);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PUBLISHED', processStatus: 'SUCCESS', transactionKey: 'T-late' },
    ]);
  });

  it('returns a call that was under way and failed to PENDING with all its attempts', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const [grant] = campaign.grants;
    if (grant !== undefined) services.money.script(grant, answers.timedOut());
    await Promise.all([pay(services, campaign.messages), stopAt(services, campaign, 1.2)]);

    // The RETRYING message comes again three seconds later.
    expect(await pay(services, campaign.messages)).toEqual([]);

    expect(services.money.requests).toHaveLength(1);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
    ]);
  });

  it('keeps nobody else of the batch from being paid', async () => {
    const stopped = await world.publish({ targetCount: 3, oneCustomer: true });
    const running = await world.publish({ type: 'POINT', targetCount: 3 });
    const services = world.services();
    for (const grant of stopped.grants) services.money.script(grant, answers.granted('T', 2));

    await Promise.all([
      pay(services, [...stopped.messages, ...running.messages]),
      stopAt(services, stopped, 1.1),
    ]);

    const ofRunning = await targetsOf(world.sql, running);
    expect(ofRunning.map((target) => target.processStatus)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect((await targetsOf(world.sql, stopped)).at(-1)).toMatchObject({ publishStatus: 'PENDING' });
  });
});

describe('the connection of each call', () => {
  it('stands ready before its slot is taken, and nobody else takes it in between', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();
    const events: string[] = [];
    const { money, clock, pacer } = services;
    let ready = 0;
    const watched = {
      ready: async () => {
        if (ready > 0) return;
        await clock.sleep(0.01);
        ready += 1;
        events.push('connects');
      },
      // Each answer takes long: no connection is free again.
      grant: (request: Parameters<typeof money.grant>[0]) => {
        ready -= 1;
        events.push(ready < 0 ? 'is sent without a connection' : 'is sent');
        return money.grant(request);
      },
    };
    for (const grant of campaign.grants) money.script(grant, answers.granted('T', 2));
    const takeSlot = pacer.takeSlot.bind(pacer);
    pacer.takeSlot = (now) => {
      events.push('takes its slot');
      takeSlot(now);
    };

    await grantRewards({ ...services, money: watched }, campaign.messages, clock.budget(CONSUMER_SECONDS));

    expect(events).toEqual(campaign.grants.flatMap(() => ['connects', 'takes its slot', 'is sent']));
  });
});

describe('a database that goes away in mid-batch', () => {
  it('has nothing more sent; what was paid is recorded when it can be, the rest comes again', async () => {
    const campaign = await world.publish({ targetCount: 4, oneCustomer: true });
    const services = world.services();
    // A warm environment: its first call goes out on the batch's own reading.
    services.pacer.startInvocation(services.clock.monotonic());
    services.clock.advance(2);
    for (const grant of campaign.grants) services.money.script(grant, answers.granted('T-slow', 1.2));
    const away = failingAt(services.store, 'readGate', Number.POSITIVE_INFINITY);

    const again = await pay({ ...services, store: away }, campaign.messages);

    expect(services.money.requests).toHaveLength(1);
    expect(again).toEqual(campaign.messages.slice(1).map((message) => message.messageId));
    expect(services.queue.postponed).toEqual([
      { receiptHandles: receiptsOf(campaign.messages.slice(1)), seconds: 5 },
    ]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS', transactionKey: 'T-slow' },
      { publishStatus: 'PUBLISHED', processStatus: null },
      { publishStatus: 'PUBLISHED', processStatus: null },
      { publishStatus: 'PUBLISHED', processStatus: null },
    ]);

    expect(await pay(services, campaign.messages)).toEqual([]);
    expect(services.money.requests).toHaveLength(4);
  });

  it('is asked once: nobody else of the batch waits for it, and each comes again as late as its receives say', async () => {
    const campaign = await world.publish({ targetCount: 5 });
    const services = world.services();
    let asked = 0;
    const store = {
      ...services.store,
      readGate: () => {
        asked += 1;
        return Promise.reject(new Error('the database is away'));
      },
    };
    const messages = campaign.messages.map((message, index) => ({ ...message, receiveCount: index + 1 }));

    // A fresh environment waits for so long that the batch's own reading is too old.
    await pay({ ...services, store }, messages);

    expect(asked).toBe(1);
    expect(services.queue.postponed.map(({ seconds }) => seconds)).toEqual([5, 10, 15, 20, 25]);
    expect(services.money.requests).toEqual([]);
  });

  it('for longer has the batch come again ever more rarely, with no attempt used up', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const away = { ...services, store: failingAt(services.store, 'readBatch', 4) };

    for (const receiveCount of [1, 2, 10, 500]) {
      await pay(
        away,
        campaign.messages.map((message) => ({ ...message, receiveCount })),
      );
    }

    expect(services.queue.postponed.map((postponed) => postponed.seconds)).toEqual([5, 10, 50, 900]);
    expect(services.money.requests).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: null }]);
  });

  it('while the breaker is told of a failure still has the result recorded', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const [grant] = campaign.grants;
    if (grant !== undefined) services.money.script(grant, answers.unavailable());
    const readBreaker = () => Promise.reject(new Error('the database does not answer'));
    const breaker = new MoneyBreaker({ ...services.store, readBreaker }, services.clock);

    const again = await pay({ ...services, breaker }, campaign.messages);

    expect(again).toHaveLength(1);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'RETRYING', attemptCount: 1 },
    ]);
  });
});

describe('an open breaker', () => {
  it('keeps the batch waiting in place; one probe is sent when it is due, and its success lets all go on', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();
    await openBreaker(services, 10);

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    const [probe, next] = startsOf(services);
    expect(probe).toBeGreaterThanOrEqual(20);
    expect(probe).toBeLessThan(22);
    expect(next).toBeGreaterThan(probe ?? Number.NaN);
    expect(await world.store.readBreaker()).toMatchObject({ openedMs: null, consecutiveFailures: 0 });
    expect((await targetsOf(world.sql, campaign)).map((target) => target.attemptCount)).toEqual(
      campaign.ids.map(() => 1),
    );
    expect(services.queue.postponed).toEqual([]);
  });

  it('has one probe under way until it is answered', async () => {
    const campaign = await world.publish({ targetCount: 5 });
    const services = world.services();
    await openBreaker(services, 30);
    const [first] = campaign.grants;
    if (first !== undefined) services.money.script(first, answers.granted('T', 2.5));

    await pay(services, campaign.messages);

    const [probe, ...others] = services.money.requests;
    for (const other of others) expect(other.startedAt).toBeGreaterThanOrEqual(probe?.endedAt ?? Number.NaN);
    expect(others).toHaveLength(4);
  });

  it('is probed by one of several environments', async () => {
    const campaign = await world.publish({ targetCount: 8 });
    const first = world.services();
    const second = { ...world.services({ clock: first.clock, money: first.money }), queue: first.queue };
    await openBreaker(first, 30);
    first.money.outage = answers.unavailable();

    await Promise.all([
      pay(first, campaign.messages.slice(0, 4), 25),
      pay(second, campaign.messages.slice(4), 25),
    ]);

    expect(first.money.requests).toHaveLength(1);
  });

  it('has its messages postponed after a minute, however long the invocation may last: nobody else gets them before', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    await openBreaker(services);
    services.money.outage = answers.unavailable();
    const begunAt = services.clock.monotonic();

    const again = await pay(services, campaign.messages, 300);

    expect(services.clock.monotonic() - begunAt).toBeLessThan(60);
    expect(again).toEqual(campaign.messages.map((message) => message.messageId));
    expect(services.money.requests).toHaveLength(1);
  });

  it('has its messages postponed when the time is nearly up: no attempt, no dead letter', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    await openBreaker(services);

    const again = await pay(services, campaign.messages, 20);

    expect(again).toEqual(campaign.messages.map((message) => message.messageId));
    expect(services.money.requests).toEqual([]);
    expect(services.queue.postponed).toEqual([{ receiptHandles: receiptsOf(campaign.messages), seconds: 3 }]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject(
      campaign.ids.map(() => ({ publishStatus: 'PUBLISHED', processStatus: null })),
    );
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
    expect(services.clock.monotonic()).toBeLessThan(20);
  });

  it('asks for them again a few seconds later each time, and at last a quarter of an hour', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    const delays: (number | undefined)[] = [];

    for (const openFor of [0, 40, 400, 2_000, 40_000]) {
      await openBreaker(services, openFor);
      // Its probe is under way in another environment.
      await world.sql.query('UPDATE campaign_money_breaker SET probe_ms = ?', [services.clock.now()]);
      await pay(services, campaign.messages, 14);
      delays.push(services.queue.postponed.at(-1)?.seconds);
    }

    expect(delays[0]).toBe(3);
    expect(delays.at(-1)).toBe(900);
    const seconds = delays.map(Number);
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect(new Set(seconds).size).toBe(5);
    expect(services.money.requests).toEqual([]);
  });

  it('uses up no attempt of the target whose probe fails, however often', async () => {
    const campaign = await world.publish();
    const services = world.services();
    await openBreaker(services, 30);
    services.money.outage = answers.unavailable();

    for (let delivery = 0; delivery < 12; delivery += 1) {
      await pay(services, campaign.messages);
      services.clock.advance(services.queue.postponed.at(-1)?.seconds ?? 0);
    }

    const starts = startsOf(services);
    expect(starts.length).toBeGreaterThan(6);
    for (const [index, start] of starts.entries()) {
      if (index > 0) expect(start - (starts[index - 1] ?? 0)).toBeGreaterThanOrEqual(30);
    }
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'RETRYING', attemptCount: 0 },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);

    services.money.outage = undefined;
    services.clock.advance(30);
    expect(await pay(services, campaign.messages)).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS', attemptCount: 1 },
    ]);
  });

  it('for days does not use up the thousand times that the queue hands a message out', async () => {
    const campaign = await world.publish();
    const services = world.services();
    await openBreaker(services, 30);
    services.money.outage = answers.unavailable();

    // An hour of an outage, in which every probe fails.
    let receiveCount = 0;
    while (services.clock.monotonic() < HOUR) {
      receiveCount += 1;
      const received = campaign.messages.map((message) => ({ ...message, receiveCount }));
      await pay(services, received);
      services.clock.advance(services.queue.postponed.at(-1)?.seconds ?? 0);
    }

    // The waits never become shorter, so two days of it take at most so many.
    const secondsOfOne = CONSUMER_SECONDS + (services.queue.postponed.at(-1)?.seconds ?? 0);
    expect(receiveCount + (47 * HOUR) / secondsOfOne).toBeLessThan(MAX_RECEIVES);
  });

  it('whose probe is rejected closes: the API is there, and the rejection is its target’s', async () => {
    const campaign = await world.publish({ targetCount: 2, oneCustomer: true });
    const services = world.services();
    await openBreaker(services, 30);
    const [first] = campaign.grants;
    if (first !== undefined) services.money.script(first, answers.rejected('ACCOUNT_CLOSED'));

    await pay(services, campaign.messages);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'FAILED', attemptCount: 1 },
      { processStatus: 'SUCCESS' },
    ]);
    expect((await world.store.readBreaker()).openedMs).toBeNull();
  });

  it('whose probe is answered 401 closes, and stops the campaign', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    await openBreaker(services, 30);
    services.money.outage = answers.unauthorized();

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(services.money.requests.length).toBeLessThanOrEqual(2);
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedMemo: 'the Money API refused the API key (HTTP_401)',
    });
    expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PENDING',
      'PENDING',
    ]);
    expect((await world.store.readBreaker()).openedMs).toBeNull();
  });

  it('does not hide a stop: whoever waits behind it is PENDING again within two seconds', async () => {
    const campaign = await world.publish({ targetCount: 4 });
    const services = world.services();
    await openBreaker(services);

    const [again] = await Promise.all([pay(services, campaign.messages), stopAt(services, campaign, 5)]);

    expect(again).toEqual([]);
    expect(services.money.requests).toEqual([]);
    expect(services.clock.monotonic()).toBeLessThan(7);
    expect(new Set((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus))).toEqual(
      new Set(['PENDING']),
    );
  });
});

describe('an outage of the Money API', () => {
  it('opens the breaker at the tenth failure: calls under way end, and nothing more is sent for 30 s', async () => {
    const campaign = await world.publish({ targetCount: 30 });
    const services = world.services();
    services.money.outage = answers.unavailable();

    const batches = [0, 10, 20].map((from) => campaign.messages.slice(from, from + 10));
    for (const batch of batches) await pay(services, batch, 40);

    const starts = startsOf(services);
    const tenth = starts[9] ?? Number.NaN;
    const next = starts[10] ?? Number.POSITIVE_INFINITY;
    expect(next - tenth).toBeGreaterThanOrEqual(30);
    // One probe each half minute, whatever the number of messages.
    expect(starts.length - 10).toBeLessThanOrEqual(Math.ceil((services.clock.monotonic() - tenth) / 30));
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
  });

  it('of two minutes dead-letters nothing, and the campaign is then paid', async () => {
    const campaign = await world.publish({ targetCount: 20 });
    const services = world.services();
    services.money.outage = answers.unavailable();
    let waiting = [...campaign.messages];

    while (waiting.length > 0 && services.clock.monotonic() < 1_200) {
      if (services.clock.monotonic() > 120) services.money.outage = undefined;
      const batch = waiting.slice(0, 10);
      const again = new Set(await pay(services, batch));
      waiting = [...waiting.slice(10), ...batch.filter((message) => again.has(message.messageId))];
      services.clock.advance(3);
    }

    expect(waiting).toEqual([]);
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
    expect(await world.store.countResults(campaign)).toMatchObject({ successCount: 20, failCount: 0 });
    expect(services.money.conflicts).toEqual([]);
  });
});

describe('an invocation', () => {
  it('that has little time left begins no call that it could not record', async () => {
    const campaign = await world.publish();
    const services = world.services();

    const again = await pay(services, campaign.messages, 11);

    expect(services.money.requests).toEqual([]);
    expect(again).toHaveLength(1);
    expect(services.queue.postponed).toEqual([{ receiptHandles: receiptsOf(campaign.messages), seconds: 3 }]);
  });

  it('ends within its time with ten messages of one customer that all time out', async () => {
    const campaign = await world.publish({ targetCount: 10, oneCustomer: true });
    const services = world.services();
    for (const grant of campaign.grants) services.money.script(grant, answers.granted('T', 2.99));

    await pay(services, campaign.messages);

    expect(services.clock.monotonic()).toBeLessThan(CONSUMER_SECONDS);
    expect(services.clock.now()).toBeGreaterThan(START_MS);
  });
});
