import { describe, expect, it } from 'vitest';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import { insertTargets } from '../../support/campaign-database.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import type { Campaign } from '../../support/campaign-world.ts';
import {
  START_MS,
  failingAt,
  losingAnswerOf,
  makePartition,
  setStatus,
  targetsOf,
} from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;
/** An invocation's time, in seconds; the last 60 of them are kept for the page under way. */
const PLENTY = 900;

const world = useCampaignWorld();

const idsOf = (grants: readonly { targetId: string }[] | undefined) => grants?.map((grant) => grant.targetId);

async function publishStatusesOf(campaign: Campaign): Promise<string[]> {
  return (await targetsOf(world.sql, campaign)).map((target) => target.publishStatus);
}

async function changeTarget(targetId: string | undefined, column: string, value: unknown): Promise<void> {
  await world.sql.query(
    `UPDATE campaign_promotion_voucher_targets SET ${column} = ? WHERE voucher_target_id = ?`,
    [value, targetId],
  );
}

describe.each(TYPES)('each PENDING target of a %s range', (type) => {
  it('is sent once, in its customer’s group, with an id that names the run, and is PUBLISHED', async () => {
    const campaign = await world.begin({ type, targetCount: 3 });
    const { promotionId, ids, run, partition } = campaign;
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 3, invalidCount: 0 });
    expect(
      services.queue.accepted.map(({ targetId, groupId, deduplicationId }) => [
        targetId,
        groupId,
        deduplicationId,
      ]),
    ).toEqual(ids.map((id, index) => [id, String(1_000 + index), `${type}-${promotionId}-${id}-run-1`]));
    expect(await publishStatusesOf(campaign)).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED']);
    expect(await services.counters.read(run.summaryId)).toMatchObject({ publishedCount: 3, failCount: 0 });
  });

  it('is sent, and none of the range before or behind it', async () => {
    const campaign = await world.begin({ type, targetCount: 6 });
    const { ids, run } = campaign;
    const services = world.services();

    const partition = makePartition(ids.slice(2, 4), { partitionNumber: 1 });
    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(idsOf(services.queue.accepted)).toEqual(ids.slice(2, 4));
    expect((await publishStatusesOf(campaign)).filter((status) => status === 'PENDING')).toHaveLength(4);
  });

  it('is sent past the first page', async () => {
    const { ids, run, partition } = await world.begin({ type, targetCount: 2_500 });
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output.sentCount).toBe(2_500);
    expect(services.queue.sends.map((page) => page.length)).toEqual([1_000, 1_000, 500]);
    expect(idsOf(services.queue.accepted)).toEqual(ids);
  });
});

describe('the next page', () => {
  it('is read while the one before it is sent, and only once', async () => {
    const { run, partition } = await world.begin({ targetCount: 2_500 });
    const services = world.services();
    const reads: { after: string; sends: number }[] = [];
    const store = {
      ...services.store,
      pendingTargets: (...args: Parameters<typeof services.store.pendingTargets>) => {
        reads.push({ after: args[1].afterTargetId, sends: services.queue.sends.length });
        return services.store.pendingTargets(...args);
      },
    };

    await publishPartition({ ...services, store }, { run, partition }, services.clock.budget(PLENTY));

    expect(new Set(reads.map(({ after }) => after)).size).toBe(4);
    expect(reads.map(({ sends }) => sends)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    [9, '1000'],
    [11, '7'],
  ])('that has waited for %i s has the amount %s', async (seconds, amount) => {
    const { ids, run, partition } = await world.begin({ targetCount: 1_001 });
    const services = { ...world.services(), backlogLimit: 10 };
    services.queue.scriptBacklog(0, ...Array.from({ length: seconds }, () => 10), 0);
    services.queue.onSend = async (sendNumber) => {
      if (sendNumber === 1) await services.clock.sleep(0.5);
    };
    void services.clock.sleep(1).then(() => changeTarget(ids.at(-1), 'amount', '7.00'));

    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(services.queue.accepted.at(-1)?.message.payload.amount).toBe(amount);
  });
});

describe('the message', () => {
  it('carries the target’s values, and the number of its range as partition key', async () => {
    const { promotionId, ids, run } = await world.begin({ targetCount: 1 });
    const services = world.services();

    const partition = makePartition(ids, { partitionNumber: 3 });
    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(services.queue.accepted[0]?.message).toEqual({
      sentAt: '2026-11-21T12:00:00',
      version: 20231010,
      topic: 'prepay.campaign.voucher.publish',
      payload: {
        eventId: promotionId,
        voucherEventTargetId: ids[0],
        customerUid: '1000',
        voucherNumber: `V${promotionId}-0`,
        amount: '1000',
        validUntil: '20300630235959',
        reason: 'a reason',
        partitionKey: '3',
      },
    });
  });

  it('carries the promotion’s defaults where the target has none', async () => {
    const key = await world.insert({ type: 'POINT', amount: null });
    const { ids } = key;
    await world.sql.query(
      'UPDATE campaign_promotion_point_targets SET reason = NULL, expired_at = NULL WHERE promotion_id = ?',
      [key.promotionId],
    );
    const run = await world.beginRun(key);
    const services = world.services();

    await publishPartition(services, { run, partition: makePartition(ids) }, services.clock.budget(PLENTY));

    expect(services.queue.accepted[0]?.message.payload).toMatchObject({
      amount: '500',
      reason: 'default reason',
      expiryAt: '20301231235959',
    });
  });
});

describe('a target added while a range is published', () => {
  it('is left to another pass, which checks it against the total_amount', async () => {
    const campaign = await world.begin({ targetCount: 3 });
    const services = world.services();
    services.queue.onSend = async (sendNumber) => {
      if (sendNumber === 1) await insertTargets(world.sql, campaign, 1);
    };

    const { run, partition } = campaign;
    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(idsOf(services.queue.accepted)).toEqual(campaign.ids);
    expect(await publishStatusesOf(campaign)).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED', 'PENDING']);
  });
});

describe('an execution that another has taken over from', () => {
  it('sends nothing more', async () => {
    const campaign = await world.begin({ targetCount: 3 });
    const { run, partition } = campaign;
    const from = { latestExecutionId: EXECUTION, runNumber: run.runNumber };
    await world.beginRun(campaign, { executionId: 'recovery', from });
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 0, invalidCount: 0 });
    expect(services.queue.sends).toEqual([]);
  });
});

describe('an invalid target', () => {
  it('is FAILED with the reason and not sent, and stops none of the others', async () => {
    const campaign = await world.begin({ targetCount: 4 });
    const { ids, run, partition } = campaign;
    await changeTarget(ids[0], 'amount', '0.00');
    await changeTarget(ids[2], 'voucher_number', null);
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 2, invalidCount: 2 });
    expect(idsOf(services.queue.accepted)).toEqual([ids[1], ids[3]]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      {
        publishStatus: 'FAILED',
        processStatus: 'FAILED',
        errorMessage: 'INVALID_AMOUNT: the amount is not positive',
        attemptCount: 0,
      },
      { publishStatus: 'PUBLISHED', processStatus: null },
      {
        publishStatus: 'FAILED',
        processStatus: 'FAILED',
        errorMessage: 'INVALID_VOUCHER: voucher_number is missing',
      },
      { publishStatus: 'PUBLISHED', processStatus: null },
    ]);
    expect(await services.counters.read(run.summaryId)).toMatchObject({ publishedCount: 2, failCount: 2 });
  });

  it('is all there is: nothing is sent, and the range is published', async () => {
    const { ids, run, partition } = await world.begin({ targetCount: 1 });
    await changeTarget(ids[0], 'expired_at', '2026-02-30');
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 0, invalidCount: 1 });
    expect(services.queue.accepted).toEqual([]);
  });
});

describe('what the queue refuses', () => {
  it('for the moment is sent again, after a pause and with the same id, until it is taken; none is lost', async () => {
    const campaign = await world.begin({ targetCount: 6 });
    const { ids, run, partition } = campaign;
    const services = world.services();
    services.queue.refuse(ids[1] ?? '', { permanent: false, times: 2 });
    services.queue.refuse(ids[4] ?? '', { permanent: false, times: 1 });

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 6, invalidCount: 0 });
    expect(services.queue.sends.map(idsOf)).toEqual([ids, [ids[1], ids[4]], [ids[1]]]);
    expect(idsOf(services.queue.accepted)?.toSorted()).toEqual(ids.toSorted());
    const tries = services.queue.sends.flat().filter((grant) => grant.targetId === ids[1]);
    expect(new Set(tries.map((grant) => grant.deduplicationId)).size).toBe(1);
    expect(services.clock.monotonic()).toBe(2);
    expect(new Set(await publishStatusesOf(campaign))).toEqual(new Set(['PUBLISHED']));
  });

  it('for good is FAILED with the queue’s code, and not sent again', async () => {
    const campaign = await world.begin({ targetCount: 3 });
    const { ids, run, partition } = campaign;
    const services = world.services();
    services.queue.refuse(ids[1] ?? '', { permanent: true });

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 2, invalidCount: 1 });
    expect(services.queue.sends).toHaveLength(1);
    expect((await targetsOf(world.sql, campaign))[1]).toMatchObject({
      publishStatus: 'FAILED',
      processStatus: 'FAILED',
      errorMessage: 'QUEUE_REFUSED: InvalidMessageContents',
    });
  });

  it('for the moment and for good at once, in one page, is told apart', async () => {
    const { ids, run, partition } = await world.begin({ targetCount: 3 });
    const services = world.services();
    services.queue.refuse(ids[0] ?? '', { permanent: true });
    services.queue.refuse(ids[1] ?? '', { permanent: false });

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 2, invalidCount: 1 });
    expect(services.queue.sends.map(idsOf)).toEqual([ids, [ids[1]]]);
  });

  it('without an end is left PENDING when the time is up', async () => {
    const campaign = await world.begin({ targetCount: 1 });
    const { ids, run, partition } = campaign;
    const services = world.services();
    services.queue.refuse(ids[0] ?? '', { permanent: false, times: Number.POSITIVE_INFINITY });

    const output = await publishPartition(services, { run, partition }, services.clock.budget(65));

    expect(output).toEqual({ published: false, sentCount: 0, invalidCount: 0 });
    expect(await publishStatusesOf(campaign)).toEqual(['PENDING']);
  });
});

describe('an invocation whose time is up', () => {
  it('says so, and the next one goes on without a double', async () => {
    const { ids, run, partition } = await world.begin({ targetCount: 2_500 });
    const services = world.services();
    // Each page takes 100 s: the third would begin with less than a minute left.
    services.queue.onSend = () => {
      services.clock.advance(100);
      return Promise.resolve();
    };

    const first = await publishPartition(services, { run, partition }, services.clock.budget(250));
    const second = await publishPartition(services, { run, partition }, services.clock.budget(250));

    expect(first).toEqual({ published: false, sentCount: 2_000, invalidCount: 0 });
    expect(second).toEqual({ published: true, sentCount: 500, invalidCount: 0 });
    expect(idsOf(services.queue.sends.flat())).toEqual(ids);
  });

  it('begins no page that it may not end', async () => {
    const { run, partition } = await world.begin({ targetCount: 3 });
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(60));

    expect(output.published).toBe(false);
    expect(services.queue.sends).toEqual([]);
  });
});

describe('a stop', () => {
  it('ends the sending with the page under way', async () => {
    const campaign = await world.begin({ targetCount: 2_500 });
    const { ids, run, partition } = campaign;
    const services = world.services();
    services.queue.onSend = () => setStatus(world.sql, campaign, 'STOPPED');

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 1_000, invalidCount: 0 });
    expect(idsOf(services.queue.sends.flat())).toEqual(ids.slice(0, 1_000));
  });

  it('before the first page sends nothing', async () => {
    const campaign = await world.begin({ targetCount: 3 });
    const { run, partition } = campaign;
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const services = world.services();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 0, invalidCount: 0 });
    expect(services.queue.sends).toEqual([]);
  });

  it('is seen while a full queue is waited for', async () => {
    const campaign = await world.begin({ targetCount: 3 });
    const { run, partition } = campaign;
    await setStatus(world.sql, campaign, 'STOPPED');
    const services = { ...world.services(), backlogLimit: 10 };
    services.queue.scriptBacklog(10);

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 0, invalidCount: 0 });
  });
});

describe('a full queue', () => {
  it('is waited for, a second at a time, until fewer messages than the limit are in it', async () => {
    const { ids, run, partition } = await world.begin({ targetCount: 3 });
    const services = { ...world.services(), backlogLimit: 10 };
    services.queue.scriptBacklog(11, 10, 10, 9);

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output.sentCount).toBe(ids.length);
    expect(services.clock.monotonic()).toBe(3);
  });

  it('that is comfortably filled gets a page only as often as paying has need of it', async () => {
    const { run, partition } = await world.begin({ targetCount: 1_001 });
    const services = { ...world.services(), tps: 1_000 };
    services.queue.scriptBacklog(0, 2_000);

    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(services.queue.sends.map((grants) => grants.length)).toEqual([1_000, 1]);
    // Once more for the page that is empty, and ends the range.
    expect(services.clock.monotonic()).toBe(5);
  });

  it.each([
    [0, 0],
    [1, 0.25],
    [3, 0.75],
    [4, 0],
  ])(
    'is looked at by partition %i after %d s: the ones before it have begun to fill it',
    async (number, seconds) => {
      const campaign = await world.begin({ targetCount: 1 });
      const services = world.services();
      const partition = { ...campaign.partition, partitionNumber: number };

      await publishPartition(services, { run: campaign.run, partition }, services.clock.budget(PLENTY));

      expect(services.clock.monotonic()).toBe(seconds);
    },
  );

  it('that runs low gets the next page at once', async () => {
    const { run, partition } = await world.begin({ targetCount: 1_001 });
    const services = { ...world.services(), tps: 1_000 };
    services.queue.scriptBacklog(0, 1_999);

    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(services.clock.monotonic()).toBe(0);
  });

  it('that stays full is left to the next invocation', async () => {
    const { run, partition } = await world.begin({ targetCount: 3 });
    const services = { ...world.services(), backlogLimit: 10 };
    services.queue.scriptBacklog(10);

    const output = await publishPartition(services, { run, partition }, services.clock.budget(64));

    expect(output).toEqual({ published: false, sentCount: 0, invalidCount: 0 });
    expect(services.queue.sends).toEqual([]);
  });
});

describe('an invocation that dies', () => {
  it('between sending a page and marking it has its page sent again with the same ids', async () => {
    const campaign = await world.begin({ targetCount: 3 });
    const { ids, run, partition } = campaign;
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'markPublished') };
    await expect(
      publishPartition(dying, { run, partition }, services.clock.budget(PLENTY)),
    ).rejects.toThrow();

    await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    const deduplicationIds = services.queue.sends.map((page) => page.map((grant) => grant.deduplicationId));
    expect(deduplicationIds).toHaveLength(2);
    expect(deduplicationIds[1]).toEqual(deduplicationIds[0]);
    expect(services.queue.sends.map(idsOf)).toEqual([ids, ids]);
    expect(new Set(await publishStatusesOf(campaign))).toEqual(new Set(['PUBLISHED']));
  });

  it('after marking a page does not have it sent again', async () => {
    const { ids, run, partition } = await world.begin({ targetCount: 3 });
    const services = world.services();
    const dying = { ...services, store: losingAnswerOf(services.store, 'markPublished') };
    await expect(
      publishPartition(dying, { run, partition }, services.clock.budget(PLENTY)),
    ).rejects.toThrow();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output.sentCount).toBe(0);
    expect(idsOf(services.queue.sends.flat())).toEqual(ids);
  });

  it('while it records what is invalid has it recorded by the next', async () => {
    const campaign = await world.begin({ targetCount: 1 });
    const { ids, run, partition } = campaign;
    await changeTarget(ids[0], 'amount', '-1.00');
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'recordInvalid') };
    await expect(
      publishPartition(dying, { run, partition }, services.clock.budget(PLENTY)),
    ).rejects.toThrow();

    const output = await publishPartition(services, { run, partition }, services.clock.budget(PLENTY));

    expect(output).toEqual({ published: true, sentCount: 0, invalidCount: 1 });
    expect(await world.store.countResults(campaign)).toMatchObject({ failCount: 1 });
  });
});
