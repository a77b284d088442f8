import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../lambdas/campaign-grant/ports.ts';
import type { GrantId } from '../../../lambdas/campaign-grant/domain/idempotency.ts';
import { pay, useCampaignWorld } from '../../support/campaign-world.ts';
import type { PublishedCampaign } from '../../support/campaign-world.ts';
import {
  START_MS,
  answers,
  deadLettersLike,
  deadLettersOf,
  failingAt,
  losingAnswerOf,
  makeReceived,
  messageOf,
  setStatus,
  summaryOf,
  targetsOf,
  transactionKeyOf,
} from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;
/** Seconds between two calls of one environment: 50 of them share 1,000 calls a second, a hundredth is kept free. */
const SLOT = 1.01 / 20;
/** Twenty calls take at least so long. */
const WINDOW = 1 + 0.8 * 0.01;

const world = useCampaignWorld();

const keyOf = ({ promotionType, promotionId, targetId }: GrantId) =>
  `${promotionType}-${promotionId}-${targetId}`;
const only = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined || items.length > 1) throw new Error(`${items.length} items, not one`);
  return item;
};
const messageIdsOf = (messages: readonly ReceivedMessage[]) => messages.map((message) => message.messageId);

describe.each(TYPES)('a %s grant', (type) => {
  it('that the Money API grants is a SUCCESS with its transaction key, acknowledged and counted', async () => {
    const campaign = await world.publish({ type });
    const services = world.services();

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toEqual([
      {
        targetId: campaign.ids[0],
        publishStatus: 'PUBLISHED',
        processStatus: 'SUCCESS',
        transactionKey: transactionKeyOf(keyOf(only(campaign.grants))),
        errorMessage: null,
        attemptCount: 1,
      },
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({
      successCount: 1,
      failCount: 0,
      retrySuccessCount: 0,
    });
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
    expect(services.queue.postponed).toEqual([]);
  });

  it('that the Money API rejects is FAILED and a dead letter, and is not tried again', async () => {
    const campaign = await world.publish({ type });
    const services = world.services();
    services.money.script(only(campaign.grants), answers.rejected('ACCOUNT_CLOSED'));

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      {
        processStatus: 'FAILED',
        errorMessage: 'ACCOUNT_CLOSED: never',
        attemptCount: 1,
        transactionKey: null,
      },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toEqual([
      {
        deadLetterKey: keyOf(only(campaign.grants)),
        cause: 'ACCOUNT_CLOSED',
        transient: 0,
        attemptCount: 1,
        payload: only(campaign.messages).body,
      },
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({
      successCount: 0,
      failCount: 1,
    });
    expect(services.queue.postponed).toEqual([]);
  });

  it('about which nothing can be said is RETRYING, and comes again 3 s after that is written', async () => {
    const campaign = await world.publish({ type });
    const services = world.services();
    services.money.script(only(campaign.grants), answers.timedOut());
    const writtenBefore: unknown[] = [];
    services.queue.onPostpone = async () => {
      writtenBefore.push(...(await targetsOf(world.sql, campaign)));
    };

    const again = await pay(services, campaign.messages);

    expect(again).toEqual(messageIdsOf(campaign.messages));
    expect(services.queue.postponed).toEqual([
      { receiptHandles: [only(campaign.messages).receiptHandle], seconds: 3 },
    ]);
    expect(writtenBefore).toMatchObject([
      { processStatus: 'RETRYING', attemptCount: 1, errorMessage: 'TIMEOUT: no answer within 3000 ms' },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({
      successCount: 0,
      failCount: 0,
    });
  });

  it('granted by the second call is a success of a retry, and both calls are the same', async () => {
    const campaign = await world.publish({ type });
    const services = world.services();
    services.money.script(only(campaign.grants), answers.timedOut());
    await pay(services, campaign.messages);

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS', attemptCount: 2, errorMessage: null },
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({
      successCount: 1,
      retrySuccessCount: 1,
    });
    const [first, second] = services.money.requests;
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
    expect(second?.body).toEqual(first?.body);
  });

  it('that fails six times is FAILED, a transient dead letter and acknowledged', async () => {
    const campaign = await world.publish({ type });
    const services = world.services();
    services.money.script(only(campaign.grants), ...Array.from({ length: 7 }, () => answers.unavailable()));

    const returned: string[][] = [];
    for (let delivery = 1; delivery <= 6; delivery += 1) {
      returned.push(await pay(services, campaign.messages));
      services.clock.advance(3);
    }

    expect(returned.map((ids) => ids.length)).toEqual([1, 1, 1, 1, 1, 0]);
    expect(services.queue.postponed.map((postponed) => postponed.seconds)).toEqual([3, 3, 3, 3, 3]);
    expect(services.money.requests).toHaveLength(6);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'FAILED', attemptCount: 6 },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toMatchObject([
      { cause: 'HTTP_503', transient: 1, attemptCount: 6, payload: only(campaign.messages).body },
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({ failCount: 1 });
  });
});

describe('the request', () => {
  it('of vouchers and points in one batch is what the contract asks for, to each its own', async () => {
    const voucher = await world.publish({ type: 'VOUCHER' });
    const point = await world.publish({ type: 'POINT' });
    const services = world.services();

    const again = await pay(services, [...voucher.messages, ...point.messages]);

    expect(again).toEqual([]);
    expect(services.money.requests).toMatchObject([
      {
        promotionType: 'VOUCHER',
        idempotencyKey: `VOUCHER-${voucher.promotionId}-${voucher.ids[0] ?? ''}`,
      },
      { promotionType: 'POINT', idempotencyKey: `POINT-${point.promotionId}-${point.ids[0] ?? ''}` },
    ]);
    // Exactly these fields: the contract allows no others.
    expect(services.money.requests.map((request) => request.body)).toEqual([
      {
        customerUid: '1000',
        voucherNumber: `V${voucher.promotionId}-0`,
        amount: '1000',
        validUntil: '20300630235959',
        reason: 'a reason',
      },
      { customerUid: '1000', amount: '1000', expiryAt: '20300630235959', reason: 'a reason' },
    ]);
    expect(await targetsOf(world.sql, voucher)).toMatchObject([{ processStatus: 'SUCCESS' }]);
    expect(await targetsOf(world.sql, point)).toMatchObject([{ processStatus: 'SUCCESS' }]);
    expect(await services.counters.read(voucher.run.summaryId)).toMatchObject({ successCount: 1 });
    expect(await services.counters.read(point.run.summaryId)).toMatchObject({ successCount: 1 });
  });

  it('has the same body for the same target although another run and range published it', async () => {
    const campaign = await world.publish();
    const services = world.services();
    services.money.script(only(campaign.grants), answers.timedOut());
    await pay(services, campaign.messages);
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    await world.store.returnUnpaid(campaign, START_MS);
    await setStatus(world.sql, campaign, 'READY');
    await world.beginRun(campaign);
    const message = await messageOf(world.store, only(campaign.grants));
    await world.store.markPublished(campaign, campaign.ids, START_MS);
    const body = JSON.stringify({ ...message, sentAt: '2026-11-22T09:00:00' }).replace(
      '"partitionKey":"0"',
      '"partitionKey":"3"',
    );

    await pay(services, [makeReceived(message, { body })]);

    expect(services.money.requests).toHaveLength(2);
    expect(services.money.conflicts).toEqual([]);
  });
});

describe('attempts', () => {
  it('are counted by Money calls: a message received again and again without one has as many tries left', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const away = { ...services, store: failingAt(services.store, 'readBatch', 10) };
    for (let receive = 0; receive < 10; receive += 1) await pay(away, campaign.messages);
    services.money.script(only(campaign.grants), answers.unavailable());

    const again = await pay(away, campaign.messages);

    expect(again).toEqual(messageIdsOf(campaign.messages));
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'RETRYING', attemptCount: 1 },
    ]);
  });
});

describe('a message that comes again', () => {
  it.each(['SUCCESS', 'FAILED'] as const)(
    'after a final %s makes no call and is acknowledged',
    async (processStatus) => {
      const campaign = await world.publish();
      const final = {
        targetId: campaign.ids[0] ?? '',
        promotionId: campaign.promotionId,
        processStatus,
        transactionKey: 'T-before',
        errorMessage: null,
        attemptCount: 2,
        decided: true,
      };
      await world.store.recordResults('VOUCHER', [final], START_MS);
      const services = world.services();

      const again = await pay(services, campaign.messages);

      expect(again).toEqual([]);
      expect(services.money.requests).toEqual([]);
      expect(await targetsOf(world.sql, campaign)).toMatchObject([
        { processStatus, transactionKey: 'T-before', attemptCount: 2 },
      ]);
      expect(await services.counters.read(campaign.run.summaryId)).toBeUndefined();
      expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
      expect(services.log.paid).toMatchObject([{ repeated: 1, granted: 0, callsAt: [] }]);
    },
  );
});

describe('a campaign that is not IN_PROGRESS', () => {
  it.each(['STOPPED', 'READY', 'COMPLETED', 'FAILED'])(
    'but %s pays nothing: its targets are PENDING again, and its messages acknowledged',
    async (status) => {
      const campaign = await world.publish({ targetCount: 2 });
      await setStatus(world.sql, campaign, status);
      const services = world.services();

      const again = await pay(services, campaign.messages);

      expect(again).toEqual([]);
      expect(services.money.requests).toEqual([]);
      expect(await targetsOf(world.sql, campaign)).toMatchObject([
        { publishStatus: 'PENDING', processStatus: null },
        { publishStatus: 'PENDING', processStatus: null },
      ]);
      expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
    },
  );

  it('has what was RETRYING PENDING again, with all its attempts before it', async () => {
    const campaign = await world.publish();
    const services = world.services();
    services.money.script(only(campaign.grants), answers.unavailable());
    await pay(services, campaign.messages);
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(services.money.requests).toHaveLength(1);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
    ]);
  });

  it('holds up no other campaign of its batch', async () => {
    const stopped = await world.publish();
    await setStatus(world.sql, stopped, 'STOPPED');
    const running = await world.publish({ type: 'POINT' });
    const services = world.services();

    await pay(services, [...stopped.messages, ...running.messages]);

    expect(services.money.requests.map((request) => request.idempotencyKey)).toEqual(
      running.grants.map(keyOf),
    );
  });
});

describe('a refused API key', () => {
  it('stops the campaign with a memo; nothing is a dead letter, the refused targets are PENDING', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    const [paid, ...refused] = campaign.grants;
    for (const grant of refused) services.money.script(grant, answers.unauthorized());

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedMemo: 'the Money API refused the API key (HTTP_401)',
      stoppedAt: '2026-11-21 12:00:01',
      completedAt: null,
    });
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { targetId: paid?.targetId, publishStatus: 'PUBLISHED', processStatus: 'SUCCESS' },
      { publishStatus: 'PENDING', processStatus: null },
      { publishStatus: 'PENDING', processStatus: null },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toEqual([]);
    expect(services.log.refusedKeys).toEqual([{ promotionId: campaign.promotionId, code: 'HTTP_401' }]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({
      successCount: 1,
      failCount: 0,
    });
  });

  it('uses up no attempt of a target that was RETRYING', async () => {
    const campaign = await world.publish();
    const services = world.services();
    services.money.script(only(campaign.grants), answers.unavailable(), answers.unauthorized());
    await pay(services, campaign.messages);

    await pay(services, campaign.messages);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
    ]);
  });
});

describe('a message that cannot be paid', () => {
  it.each([
    ['that is not JSON', 'not json'],
    ['that is JSON of another kind', '[]'],
    ['that has an unknown topic', JSON.stringify({ topic: 'x', payload: {} })],
  ])('%s is a dead letter at once; the others of its batch are paid', async (_name, body) => {
    const campaign = await world.publish();
    const [message] = campaign.messages;
    const messageId = `poison-${campaign.promotionId}`;
    const poison = { messageId, receiptHandle: 'r', groupId: message?.groupId ?? '', receiveCount: 1, body };
    const services = world.services();

    const again = await pay(services, [poison, ...campaign.messages]);

    expect(again).toEqual([]);
    expect(await deadLettersLike(world.sql, `message-${messageId}`)).toMatchObject([
      { cause: 'MALFORMED', transient: 0, attemptCount: 0, payload: body },
    ]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: 'SUCCESS' }]);
  });

  it('because it is a megabyte of something is kept by its beginning', async () => {
    const poison = {
      messageId: 'megabyte',
      receiptHandle: 'r',
      groupId: '1',
      receiveCount: 1,
      body: 'x'.repeat(1_000_000),
    };

    const again = await pay(world.services(), [poison]);

    expect(again).toEqual([]);
    const [letter] = await deadLettersLike(world.sql, 'message-megabyte');
    expect(letter?.payload).toBe('x'.repeat(8_192));
  });

  it.each<[string, (campaign: PublishedCampaign) => Partial<GrantId>]>([
    ['target', () => ({ targetId: '8999999999999999999' })],
    ['promotion', () => ({ promotionId: '8999999999999999999' })],
  ])('because its %s is unknown is a dead letter, and no call is made', async (_name, change) => {
    const campaign = await world.publish();
    const unknown = { ...only(campaign.grants), ...change(campaign) };
    const body = only(campaign.messages)
      .body.replace(`"eventId":"${campaign.promotionId}"`, `"eventId":"${unknown.promotionId}"`)
      .replace(`Id":"${campaign.ids[0] ?? ''}"`, `Id":"${unknown.targetId}"`);
    const services = world.services();

    const again = await pay(services, [{ ...only(campaign.messages), body }]);

    expect(again).toEqual([]);
    expect(services.money.requests).toEqual([]);
    expect(await deadLettersLike(world.sql, keyOf(unknown))).toMatchObject([
      { cause: 'UNKNOWN_TARGET', transient: 0, attemptCount: 0, payload: body },
    ]);
    await world.sql.query('DELETE FROM campaign_dead_letters WHERE cause = ?', ['UNKNOWN_TARGET']);
  });
});

describe('the targets of one customer', () => {
  it('are paid one after the other, in order, while others are not held up', async () => {
    const same = await world.publish({ targetCount: 2, oneCustomer: true });
    const other = await world.publish();
    const services = world.services();
    const [first, second] = same.grants;
    if (first === undefined || second === undefined) throw new Error('two targets');
    services.money.script(first, answers.granted('T-slow', 2));

    await pay(services, [...same.messages, ...other.messages]);

    const [slow] = services.money.requestsFor(first);
    const [next] = services.money.requestsFor(second);
    const [unrelated] = services.money.requestsFor(only(other.grants));
    expect(next?.startedAt).toBeGreaterThanOrEqual(slow?.endedAt ?? Number.NaN);
    expect(unrelated?.startedAt).toBeLessThan(slow?.endedAt ?? Number.NaN);
  });

  it('wait behind one that is retried: they come again with it, uncalled and with no attempt used up', async () => {
    const campaign = await world.publish({ targetCount: 3, oneCustomer: true });
    const [first, second, third] = campaign.grants;
    if (first === undefined || second === undefined || third === undefined) throw new Error('three targets');
    const services = world.services();
    services.money.script(second, answers.unavailable());

    const again = await pay(services, campaign.messages);

    expect(again).toEqual(messageIdsOf(campaign.messages.slice(1)));
    expect(services.money.requestsFor(third)).toEqual([]);
    expect(services.queue.postponed).toEqual([
      { receiptHandles: campaign.messages.slice(1).map((message) => message.receiptHandle), seconds: 3 },
    ]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS' },
      { processStatus: 'RETRYING', attemptCount: 1 },
      { processStatus: null },
    ]);
  });

  it('do not wait behind one that is rejected', async () => {
    const campaign = await world.publish({ targetCount: 2, oneCustomer: true });
    const [first] = campaign.grants;
    if (first === undefined) throw new Error('two targets');
    const services = world.services();
    services.money.script(first, answers.rejected('VOUCHER_ALREADY_USED'));

    const again = await pay(services, campaign.messages);

    expect(again).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'FAILED' },
      { processStatus: 'SUCCESS' },
    ]);
  });
});

describe('a database that is away', () => {
  it('when the batch is read has all of it come again, without a call', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();

    const again = await pay(
      { ...services, store: failingAt(services.store, 'readBatch') },
      campaign.messages,
    );

    expect(again).toEqual(messageIdsOf(campaign.messages));
    expect(services.money.requests).toEqual([]);
    expect(services.queue.postponed).toEqual([
      { receiptHandles: campaign.messages.map((message) => message.receiptHandle), seconds: 5 },
    ]);
    expect(services.log.undecided).toMatchObject([{ messageCount: 2 }]);
    expect(services.log.paid).toEqual([]);
  });

  it('when the results are written has all of it come again, and the calls repeated with the same key and body', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'recordResults') };

    const first = await pay(dying, campaign.messages);
    const second = await pay(dying, campaign.messages);

    expect(first).toEqual(messageIdsOf(campaign.messages));
    expect(second).toEqual([]);
    const calls = services.money.requests.map(({ idempotencyKey, body }) => ({ idempotencyKey, body }));
    expect(calls).toHaveLength(4);
    expect(calls.slice(2)).toEqual(calls.slice(0, 2));
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS', transactionKey: transactionKeyOf(campaign.grants.map(keyOf)[0] ?? '') },
      { processStatus: 'SUCCESS', transactionKey: transactionKeyOf(campaign.grants.map(keyOf)[1] ?? '') },
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({ successCount: 2 });
  });

  it('whose answer to the write is lost has the batch come again, and no call repeated', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'recordResults') };

    const first = await pay(lossy, campaign.messages);
    const second = await pay(lossy, campaign.messages);

    expect(first).toEqual(messageIdsOf(campaign.messages));
    expect(second).toEqual([]);
    expect(services.money.requests).toHaveLength(1);
    expect(await world.store.countResults(campaign)).toMatchObject({ successCount: 1 });
  });

  it('between a rejection’s dead letter and its result leaves one dead letter and a FAILED result', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const rejection = answers.rejected('ACCOUNT_CLOSED');
    services.money.script(only(campaign.grants), rejection, rejection);
    const dying = { ...services, store: failingAt(services.store, 'recordResults') };

    await pay(dying, campaign.messages);
    const again = await pay(dying, campaign.messages);

    expect(again).toEqual([]);
    expect(await deadLettersOf(world.sql, campaign)).toHaveLength(1);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: 'FAILED' }]);
  });

  it('when a rejection’s dead letter is written leaves no FAILED result that would acknowledge it unseen', async () => {
    const campaign = await world.publish();
    const services = world.services();
    services.money.script(only(campaign.grants), answers.rejected('ACCOUNT_CLOSED'));

    const again = await pay(
      { ...services, store: failingAt(services.store, 'recordDeadLetters') },
      campaign.messages,
    );

    expect(again).toEqual(messageIdsOf(campaign.messages));
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: null }]);
  });
});

describe('Redis', () => {
  it('that is away changes nothing for the customer', async () => {
    const campaign = await world.publish();
    const services = world.services();
    services.counters.isAway = true;

    expect(await pay(services, campaign.messages)).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: 'SUCCESS' }]);
  });
});

describe('the pace', () => {
  it('of a batch is one call a slot, the first of a fresh environment after a whole window', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();

    await pay(services, campaign.messages);

    const starts = services.money.requests.map((request) => request.startedAt);
    expect(starts).toHaveLength(10);
    for (const [call, start] of starts.entries()) expect(start).toBeCloseTo(WINDOW + call * SLOT, 9);
    expect(only(services.log.paid).callsAt).toEqual(
      starts.map((start) => START_MS + Math.round(start * 1000)),
    );
  });

  it('is kept over invocations: none ends before the pacer allows it', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();

    await pay(services, campaign.messages);

    expect(services.clock.monotonic()).toBeGreaterThanOrEqual(services.pacer.mayEndAt);
    expect(services.pacer.mayEndAt).toBeGreaterThan(services.money.requests.at(-1)?.startedAt ?? Number.NaN);
  });

  it('is kept over an invocation that could not write its results', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'recordResults') };

    await pay(dying, campaign.messages);

    expect(services.money.requests).toHaveLength(1);
    expect(services.clock.monotonic()).toBeGreaterThanOrEqual(services.pacer.mayEndAt);
  });

  it('holds for retries too: no second has more calls than the environment’s share', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();
    for (const grant of campaign.grants) {
      services.money.script(grant, answers.tooMany(), answers.tooMany(), answers.tooMany());
    }

    for (let delivery = 0; delivery < 4; delivery += 1) await pay(services, campaign.messages);

    const starts = services.money.requests.map((request) => request.startedAt);
    expect(starts).toHaveLength(40);
    const spans = starts.slice(20).map((start, index) => start - (starts[index] ?? Number.NaN));
    // A hair of floating-point error is no call too many.
    expect(Math.min(...spans)).toBeGreaterThan(1 - 1e-9);
  });
});

describe('the log', () => {
  it('is told what became of each message of the batch', async () => {
    const campaign = await world.publish({ targetCount: 4 });
    const [, rejected, transient, repeated] = campaign.grants;
    if (rejected === undefined || transient === undefined || repeated === undefined) throw new Error('four');
    const services = world.services();
    services.money.script(rejected, answers.rejected('ACCOUNT_CLOSED'));
    services.money.script(transient, answers.unavailable());
    await pay(services, campaign.messages.slice(3));

    await pay(services, campaign.messages);

    expect(services.log.paid.at(-1)).toMatchObject({
      granted: 1,
      rejected: 1,
      retrying: 1,
      failed: 0,
      repeated: 1,
      returned: 0,
      deadLetters: 1,
    });
  });
});
