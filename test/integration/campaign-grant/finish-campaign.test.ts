import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { finishCampaign } from '../../../lambdas/campaign-grant/app/finish-campaign.ts';
import type { GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { CampaignStore, PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import type { CampaignRun } from '../../../schema/campaign-run.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import {
  FakeProgressCounters,
  START_MS,
  VirtualClock,
  beginRun,
  failingAt,
  losingAnswerOf,
  summaryOf,
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
}

/** IN_PROGRESS, all targets PUBLISHED: the statuses of their results in order, null for none. */
async function makeCampaign(
  statuses: readonly (GrantResult['processStatus'] | null)[],
  overrides: { type?: 'VOUCHER' | 'POINT' } = {},
): Promise<Campaign> {
  const key = await insertPromotion(database.sql, { type: overrides.type ?? 'VOUCHER' });
  const ids = await insertTargets(database.sql, key, statuses.length, '1000.10');
  const run = await beginRun(store, key);
  await store.markPublished(key, ids, START_MS);
  const results = statuses.flatMap((processStatus, index): GrantResult[] => {
    const targetId = ids[index] ?? '';
    const attemptCount = index + 1;
    if (processStatus === null) return [];
    return [
      {
        targetId,
        promotionId: key.promotionId,
        processStatus,
        transactionKey: null,
        errorMessage: null,
        attemptCount,
      },
    ];
  });
  await store.recordResults(key.promotionType, results, START_MS);
  return { ...key, ids, run };
}

function makeServices(overrides: { store?: CampaignStore } = {}) {
  return { store, counters: new FakeProgressCounters(), clock: new VirtualClock(), ...overrides };
}

async function runOf({ promotionId }: PromotionKey): Promise<unknown> {
  const [rows] = await database.sql.query(
    'SELECT outcome, CAST(ended_at AS CHAR) AS endedAt FROM campaign_runs WHERE promotion_id = ?',
    [promotionId],
  );
  return rows;
}

describe.each(TYPES)('a %s campaign whose targets are all final', (type) => {
  it('is COMPLETED, partial failures and all, with counts and amount from the rows', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'SUCCESS', 'FAILED'], { type });
    const { run } = campaign;
    const services = makeServices();
    services.counters.set(run.summaryId, { successCount: 99 });
    const counts = { publishedCount: 3, successCount: 2, failCount: 1, retrySuccessCount: 1 };

    const output = await finishCampaign(services, { run });

    expect(output).toEqual({ outcome: 'COMPLETED', totalCount: 3, ...counts, grantedAmount: '2000.20' });
    expect(await store.promotionStatus(campaign.promotionId)).toBe('COMPLETED');
    expect(await summaryOf(database.sql, campaign)).toEqual({
      ...counts,
      completedAt: '2026-11-21 12:00:00',
      stoppedAt: null,
      stoppedMemo: null,
    });
    expect(await services.counters.read(run.summaryId)).toEqual(counts);
    expect(await runOf(campaign)).toEqual([{ outcome: 'COMPLETED', endedAt: '2026-11-21 12:00:00' }]);
  });
});

describe('a campaign whose execution failed', () => {
  it('is FAILED with what the machine caught as its memo, and what is unpaid is PENDING', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'RETRYING', null]);
    const error = { Error: 'States.TaskFailed', Cause: 'the queue is gone' };

    const output = await finishCampaign(makeServices(), { run: campaign.run, error });

    expect(output).toMatchObject({ outcome: 'FAILED', publishedCount: 1, successCount: 1 });
    expect(await summaryOf(database.sql, campaign)).toMatchObject({
      stoppedMemo: 'States.TaskFailed: the queue is gone',
      stoppedAt: '2026-11-21 12:00:00',
      completedAt: null,
    });
    expect(await targetsOf(database.sql, campaign)).toMatchObject([
      { publishStatus: 'PUBLISHED', processStatus: 'SUCCESS' },
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
      { publishStatus: 'PENDING', processStatus: null },
    ]);
    expect(await runOf(campaign)).toMatchObject([{ outcome: 'FAILED' }]);
  });

  it('with a cause of many pages keeps its beginning', async () => {
    const campaign = await makeCampaign([null]);
    const error = { Error: 'E', Cause: '길'.repeat(2_000) };

    await finishCampaign(makeServices(), { run: campaign.run, error });

    expect((await summaryOf(database.sql, campaign))?.stoppedMemo).toBe(`E: ${'길'.repeat(497)}`);
  });
});

describe('a campaign that was stopped', () => {
  it('stays STOPPED with its memo, and what is unpaid is PENDING', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'FAILED', 'RETRYING', null]);
    await store.stopCampaign(campaign.promotionId, 'lunch', START_MS);

    const output = await finishCampaign(makeServices(), { run: campaign.run });

    expect(output).toMatchObject({ outcome: 'STOPPED', publishedCount: 2, successCount: 1, failCount: 1 });
    expect(await store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
    expect(await summaryOf(database.sql, campaign)).toMatchObject({
      stoppedMemo: 'lunch',
      completedAt: null,
    });
    expect((await targetsOf(database.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PUBLISHED',
      'PUBLISHED',
      'PENDING',
      'PENDING',
    ]);
    expect(await runOf(campaign)).toMatchObject([{ outcome: 'STOPPED' }]);
  });

  it('stays STOPPED with its memo although its execution then failed', async () => {
    const campaign = await makeCampaign([null]);
    await store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const error = { Error: 'States.Runtime', Cause: '' };

    const output = await finishCampaign(makeServices(), { run: campaign.run, error });

    expect(output.outcome).toBe('STOPPED');
    expect(await summaryOf(database.sql, campaign)).toMatchObject({ stoppedMemo: 'lunch' });
  });
});

describe('running it twice', () => {
  it.each<[string, (campaign: Campaign) => Promise<void>, { Error: string; Cause: string } | undefined]>([
    ['COMPLETED', () => Promise.resolve(), undefined],
    ['FAILED', () => Promise.resolve(), { Error: 'E', Cause: 'C' }],
    ['STOPPED', ({ promotionId }) => store.stopCampaign(promotionId, 'lunch', START_MS), undefined],
  ])('is the same for a campaign that is %s', async (_outcome, before, error) => {
    const campaign = await makeCampaign(['SUCCESS', 'FAILED']);
    await before(campaign);
    const services = makeServices();
    const first = await finishCampaign(services, { run: campaign.run, error });
    const after = [
      await summaryOf(database.sql, campaign),
      await targetsOf(database.sql, campaign),
      await runOf(campaign),
    ];
    services.clock.advance(60);

    const second = await finishCampaign(services, { run: campaign.run, error });

    expect(second).toEqual(first);
    expect([
      await summaryOf(database.sql, campaign),
      await targetsOf(database.sql, campaign),
      await runOf(campaign),
    ]).toEqual(after);
  });

  it('ends what a death in between began', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'FAILED']);
    const dying = makeServices({ store: failingAt(store, 'saveProgress') });
    await expect(finishCampaign(dying, { run: campaign.run })).rejects.toThrow();

    const output = await finishCampaign(dying, { run: campaign.run });

    expect(output).toMatchObject({ outcome: 'COMPLETED', successCount: 1, failCount: 1 });
    expect(await summaryOf(database.sql, campaign)).toMatchObject({
      successCount: 1,
      completedAt: '2026-11-21 12:00:00',
    });
  });

  it('returns what is unpaid when the stop’s end was recorded and its answer was lost', async () => {
    const campaign = await makeCampaign(['SUCCESS', null]);
    await store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const lossy = makeServices({ store: losingAnswerOf(store, 'finishRun') });
    await expect(finishCampaign(lossy, { run: campaign.run })).rejects.toThrow('the answer was lost');

    await finishCampaign(lossy, { run: campaign.run });

    expect((await targetsOf(database.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PUBLISHED',
      'PENDING',
    ]);
  });
});
