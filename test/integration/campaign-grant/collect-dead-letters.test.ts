import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { collectDeadLetters } from '../../../lambdas/campaign-grant/app/collect-dead-letters.ts';
import type { ReceivedMessage } from '../../../lambdas/campaign-grant/app/read-grant-messages.ts';
import type { CampaignStore, PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import type { CampaignRun } from '../../../schema/campaign-run.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import {
  FakeProgressCounters,
  START_MS,
  VirtualClock,
  beginRun,
  deadLettersLike,
  deadLettersOf,
  failingAt,
  makeReceived,
  messageOf,
  targetsOf,
} from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;

let database: CampaignDatabase;
let store: CampaignStore;

beforeAll(async () => {
  database = await startCampaignDatabase();
  store = sqlCampaignStore(database.db);
});
afterAll(() => database.close());

interface Campaign extends PromotionKey {
  readonly ids: readonly string[];
  readonly run: CampaignRun;
  readonly messages: readonly ReceivedMessage[];
}

/** IN_PROGRESS, all targets PUBLISHED. */
async function makeCampaign(
  overrides: { type?: 'VOUCHER' | 'POINT'; targetCount?: number } = {},
): Promise<Campaign> {
  const key = await insertPromotion(database.sql, { type: overrides.type ?? 'VOUCHER' });
  const ids = await insertTargets(database.sql, key, overrides.targetCount ?? 1);
  const run = await beginRun(store, key);
  const messages: ReceivedMessage[] = [];
  for (const targetId of ids) messages.push(makeReceived(await messageOf(store, { ...key, targetId })));
  await store.markPublished(key, ids, START_MS);
  return { ...key, ids, run, messages };
}

function makeServices(overrides: { store?: CampaignStore } = {}) {
  return { store, counters: new FakeProgressCounters(), clock: new VirtualClock(), ...overrides };
}

function result(campaign: Campaign, index: number, processStatus: 'SUCCESS' | 'FAILED' | 'RETRYING') {
  const { promotionId, ids } = campaign;
  const transactionKey = processStatus === 'SUCCESS' ? 'T-paid' : null;
  return {
    targetId: ids[index] ?? '',
    promotionId,
    processStatus,
    transactionKey,
    errorMessage: processStatus === 'FAILED' ? 'ACCOUNT_CLOSED' : null,
    attemptCount: 4,
  };
}

describe.each(TYPES)('a %s message that the queue gave up on', (type) => {
  it('becomes a FAILED result and a dead letter that may be redriven, and counts as failed', async () => {
    const campaign = await makeCampaign({ type });
    const services = makeServices();

    await collectDeadLetters(services, campaign.messages);

    expect(await targetsOf(database.sql, campaign)).toMatchObject([
      {
        publishStatus: 'PUBLISHED',
        processStatus: 'FAILED',
        errorMessage: 'RECEIVES_EXHAUSTED: the queue handed it out too often without an end',
        attemptCount: 0,
      },
    ]);
    expect(await deadLettersOf(database.sql, campaign)).toEqual([
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
    const campaign = await makeCampaign({ type });
    await store.recordResults(type, [result(campaign, 0, 'RETRYING')], START_MS);

    await collectDeadLetters(makeServices(), campaign.messages);

    expect(await targetsOf(database.sql, campaign)).toMatchObject([
      { processStatus: 'FAILED', attemptCount: 4 },
    ]);
    expect(await deadLettersOf(database.sql, campaign)).toMatchObject([{ attemptCount: 4 }]);
  });

  it('whose target is final already changes nothing', async () => {
    const campaign = await makeCampaign({ type, targetCount: 3 });
    await store.recordResults(
      type,
      [result(campaign, 0, 'SUCCESS'), result(campaign, 1, 'FAILED')],
      START_MS,
    );
    const services = makeServices();

    await collectDeadLetters(services, campaign.messages);

    expect(await targetsOf(database.sql, campaign)).toMatchObject([
      { processStatus: 'SUCCESS', transactionKey: 'T-paid', attemptCount: 4 },
      { processStatus: 'FAILED', errorMessage: 'ACCOUNT_CLOSED' },
      { processStatus: 'FAILED', attemptCount: 0 },
    ]);
    const letters = await deadLettersOf(database.sql, campaign);
    expect(letters.map((letter) => letter.deadLetterKey)).toEqual([
      `${type}-${campaign.promotionId}-${campaign.ids[2] ?? ''}`,
    ]);
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({ failCount: 1 });
  });
});

describe('a batch', () => {
  it('of vouchers, points and what cannot be read is collected whole', async () => {
    const voucher = await makeCampaign({ type: 'VOUCHER' });
    const point = await makeCampaign({ type: 'POINT' });
    const poison = { messageId: 'poison', receiptHandle: 'r', groupId: '1', body: 'not json' };

    await collectDeadLetters(makeServices(), [poison, ...voucher.messages, ...point.messages]);

    expect(await deadLettersLike(database.sql, 'message-poison')).toMatchObject([
      { cause: 'MALFORMED', transient: 0, payload: 'not json' },
    ]);
    expect(await targetsOf(database.sql, voucher)).toMatchObject([{ processStatus: 'FAILED' }]);
    expect(await targetsOf(database.sql, point)).toMatchObject([{ processStatus: 'FAILED' }]);
  });

  it('collected twice is counted once', async () => {
    const campaign = await makeCampaign({ targetCount: 2 });
    const services = makeServices();
    await collectDeadLetters(services, campaign.messages);

    await collectDeadLetters(services, campaign.messages);

    expect(await deadLettersOf(database.sql, campaign)).toHaveLength(2);
    expect(await store.countResults(campaign)).toMatchObject({ failCount: 2 });
    expect(await services.counters.read(campaign.run.summaryId)).toMatchObject({ failCount: 2 });
  });

  it('whose collector died before the results were written is collected by the next', async () => {
    const campaign = await makeCampaign();
    const dying = makeServices({ store: failingAt(store, 'recordResults') });
    await expect(collectDeadLetters(dying, campaign.messages)).rejects.toThrow();
    expect(await targetsOf(database.sql, campaign)).toMatchObject([{ processStatus: null }]);

    await collectDeadLetters(dying, campaign.messages);

    expect(await targetsOf(database.sql, campaign)).toMatchObject([{ processStatus: 'FAILED' }]);
    expect(await deadLettersOf(database.sql, campaign)).toHaveLength(1);
  });

  it('that is empty does nothing', async () => {
    await expect(collectDeadLetters(makeServices(), [])).resolves.toBeUndefined();
  });
});
