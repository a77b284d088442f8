import { describe, expect, it } from 'vitest';
import { collectDeadLetters } from '../../../lambdas/campaign-grant/app/collect-dead-letters.ts';
import { useCampaignWorld } from '../../support/campaign-world.ts';
import type { PublishedCampaign } from '../../support/campaign-world.ts';
import { START_MS, deadLettersLike, deadLettersOf, failingAt, targetsOf } from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;

const world = useCampaignWorld();

function result(
  campaign: PublishedCampaign,
  index: number,
  processStatus: 'SUCCESS' | 'FAILED' | 'RETRYING',
) {
  const { promotionId, ids } = campaign;
  const transactionKey = processStatus === 'SUCCESS' ? 'T-paid' : null;
  return {
    targetId: ids[index] ?? '',
    promotionId,
    processStatus,
    transactionKey,
    errorMessage: processStatus === 'FAILED' ? 'ACCOUNT_CLOSED' : null,
    attemptCount: 4,
    decided: true,
  };
}

describe.each(TYPES)('a %s message that the queue gave up on', (type) => {
  it('becomes a FAILED result and a dead letter that may be redriven, and counts as failed', async () => {
    const campaign = await world.publish({ type });
    const services = world.services();

    await collectDeadLetters(services, campaign.messages);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      {
        publishStatus: 'PUBLISHED',
        processStatus: 'FAILED',
        errorMessage: 'RECEIVES_EXHAUSTED: the queue handed it out too often without an end',
        attemptCount: 0,
      },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toEqual([
      {
        deadLetterKey: `${type}-${campaign.promotionId}-${campaign.ids[0] ?? ''}`,
        cause: 'RECEIVES_EXHAUSTED',
        transient: 1,
        attemptCount: 0,
        payload: campaign.messages[0]?.body,
      },
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({
      failCount: 1,
      successCount: 0,
    });
  });

  it('keeps the attempts that were made for it', async () => {
    const campaign = await world.publish({ type });
    await world.store.recordResults(type, [result(campaign, 0, 'RETRYING')], START_MS);

    await collectDeadLetters(world.services(), campaign.messages);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'FAILED', attemptCount: 4 },
    ]);
    expect(await deadLettersOf(world.sql, campaign)).toMatchObject([{ attemptCount: 4 }]);
  });

  it('whose target is final already changes nothing', async () => {
    const campaign = await world.publish({ type, targetCount: 3 });
    await world.store.recordResults(
      type,
      [result(campaign, 0, 'SUCCESS'), result(campaign, 1, 'FAILED')],
      START_MS,
    );
    const services = world.services();

    await collectDeadLetters(services, campaign.messages);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS', transactionKey: 'T-paid', attemptCount: 4 },
      { processStatus: 'FAILED', errorMessage: 'ACCOUNT_CLOSED' },
      { processStatus: 'FAILED', attemptCount: 0 },
    ]);
    const letters = await deadLettersOf(world.sql, campaign);
    expect(letters.map((letter) => letter.deadLetterKey)).toEqual([
      `${type}-${campaign.promotionId}-${campaign.ids[2] ?? ''}`,
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({ failCount: 1 });
  });
});

describe('a batch', () => {
  it('of vouchers, points and what cannot be read is collected whole', async () => {
    const voucher = await world.publish({ type: 'VOUCHER' });
    const point = await world.publish({ type: 'POINT' });
    const poison = {
      messageId: 'poison',
      receiptHandle: 'r',
      groupId: '1',
      receiveCount: 1,
      body: 'not json',
    };

    await collectDeadLetters(world.services(), [poison, ...voucher.messages, ...point.messages]);

    expect(await deadLettersLike(world.sql, 'message-poison')).toMatchObject([
      { cause: 'MALFORMED', transient: 0, payload: 'not json' },
    ]);
    expect(await targetsOf(world.sql, voucher)).toMatchObject([{ processStatus: 'FAILED' }]);
    expect(await targetsOf(world.sql, point)).toMatchObject([{ processStatus: 'FAILED' }]);
  });

  it('collected twice is counted once', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    await collectDeadLetters(services, campaign.messages);

    await collectDeadLetters(services, campaign.messages);

    expect(await deadLettersOf(world.sql, campaign)).toHaveLength(2);
    expect(await world.store.countResults(campaign)).toMatchObject({ failCount: 2 });
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({ failCount: 2 });
  });

  it('whose collector died before the results were written is collected by the next', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'recordResults') };
    await expect(collectDeadLetters(dying, campaign.messages)).rejects.toThrow();
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: null }]);

    await collectDeadLetters(dying, campaign.messages);

    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: 'FAILED' }]);
    expect(await deadLettersOf(world.sql, campaign)).toHaveLength(1);
  });

  it('that is empty does nothing', async () => {
    await expect(collectDeadLetters(world.services(), [])).resolves.toEqual({
      deadLetters: [],
      repeated: 0,
      returned: 0,
    });
  });
});
