import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import type { CampaignStore, PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import type { BeginCampaignOutput } from '../../../schema/campaign-run.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import {
  FakeGrantQueue,
  FakeProgressCounters,
  START_MS,
  VirtualClock,
  failingAt,
  losingAnswerOf,
  setStatus,
  targetsOf,
} from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;
const MAX_ID = '9223372036854775807';

let database: CampaignDatabase;
let store: CampaignStore;

beforeAll(async () => {
  database = await startCampaignDatabase();
  store = sqlCampaignStore(database.db);
});
afterAll(() => database.close());

function makeServices(overrides: { store?: CampaignStore } = {}) {
  return { store, counters: new FakeProgressCounters(), clock: new VirtualClock(), ...overrides };
}

function begin({ promotionId }: PromotionKey, executionId = 'execution-1'): Promise<BeginCampaignOutput> {
  return beginCampaign(makeServices(), { promotionId, executionId });
}

async function makeReady(
  overrides: Parameters<typeof insertPromotion>[1] = {},
  targetCount = 3,
): Promise<PromotionKey & { ids: string[] }> {
  const key = await insertPromotion(database.sql, overrides);
  return { ...key, ids: await insertTargets(database.sql, key, targetCount) };
}

async function partitionCountOf({ promotionId }: PromotionKey): Promise<unknown> {
  const [rows] = await database.sql.query(
    'SELECT partition_count AS count, promotion_status AS status FROM campaign_promotions WHERE promotion_id = ?',
    [promotionId],
  );
  return rows;
}

describe.each(TYPES)('a READY %s campaign', (type) => {
  it('is IN_PROGRESS once begun, with run 1 and counters that stand at zero of its targets', async () => {
    const promotion = await makeReady({ type }, 10);
    const services = makeServices();

    const { run } = await beginCampaign(services, { ...promotion, executionId: 'execution-1' });

    expect(run).toEqual({
      promotionId: promotion.promotionId,
      promotionType: type,
      runNumber: 1,
      summaryId: run.summaryId,
      totalCount: 10,
    });
    expect(await partitionCountOf(promotion)).toEqual([{ count: 4, status: 'IN_PROGRESS' }]);
    expect(await services.counters.read(run.summaryId)).toMatchObject({ publishedCount: 0, successCount: 0 });
    expect(services.counters.totals.get(run.summaryId)).toBe(10);
  });

  it('is cut into equal ranges that meet without a gap, the last one open for targets added later', async () => {
    const promotion = await makeReady({ type }, 10);
    const { ids } = promotion;

    const { partitions } = await begin(promotion);

    expect(partitions).toEqual([
      { partitionNumber: 0, fromTargetId: ids[0], toTargetId: ids[2], targetCount: 3 },
      { partitionNumber: 1, fromTargetId: ids[3], toTargetId: ids[5], targetCount: 3 },
      { partitionNumber: 2, fromTargetId: ids[6], toTargetId: ids[7], targetCount: 2 },
      { partitionNumber: 3, fromTargetId: ids[8], toTargetId: MAX_ID, targetCount: 2 },
    ]);
  });

  it('whose ids lie far apart, mixed with those of another campaign, is cut by rows and not by ids', async () => {
    const promotion = await makeReady({ type }, 4);
    const other = await insertPromotion(database.sql, { type });
    await insertTargets(database.sql, other, 50);
    const ids = await insertTargets(database.sql, promotion, 4);

    const { partitions } = await begin(promotion);

    expect(partitions.map((partition) => partition.fromTargetId)).toEqual([ids[0], ids[2], ids[4], ids[6]]);
    expect(partitions.map((partition) => partition.targetCount)).toEqual([2, 2, 2, 2]);
  });

  it('of fewer targets than partitions has no empty range', async () => {
    const promotion = await makeReady({ type }, 2);
    const [first, second] = promotion.ids;

    const { partitions } = await begin(promotion);

    expect(partitions).toEqual([
      { partitionNumber: 0, fromTargetId: first, toTargetId: first, targetCount: 1 },
      { partitionNumber: 1, fromTargetId: second, toTargetId: MAX_ID, targetCount: 1 },
    ]);
  });
});

describe('a promotion is refused', () => {
  it('that does not exist', async () => {
    await expect(begin({ promotionId: '999999', promotionType: 'POINT' })).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: 'promotion 999999 does not exist',
    });
  });

  it.each(['COMPLETED', 'STOPPED', 'FAILED', 'IN_PROGRESS'])('that is %s, and stays so', async (status) => {
    const promotion = await makeReady({ status });

    await expect(begin(promotion)).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId} is ${status}, not READY`,
    });
    expect(await store.promotionStatus(promotion.promotionId)).toBe(status);
  });

  it('that has no targets, and stays READY', async () => {
    const promotion = await insertPromotion(database.sql);

    await expect(begin(promotion)).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId} has no targets`,
    });
    expect(await store.promotionStatus(promotion.promotionId)).toBe('READY');
  });

  it('whose targets sum to one cent more than its total_amount, naming both', async () => {
    const promotion = await makeReady({ totalAmount: '2999.99' });

    await expect(begin(promotion)).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId}: its targets sum to 3000.00, more than its total_amount 2999.99`,
    });
    expect(await store.promotionStatus(promotion.promotionId)).toBe('READY');
  });

  it('whose defaults take it over its total_amount', async () => {
    const promotion = await insertPromotion(database.sql, { totalAmount: '1499.00' });
    await insertTargets(database.sql, promotion, 3, null);

    await expect(begin(promotion)).rejects.toThrow('sum to 1500.00');
  });
});

describe('a promotion is begun', () => {
  it('whose targets sum to exactly its total_amount', async () => {
    const promotion = await makeReady({ totalAmount: '3000.00' });

    expect((await begin(promotion)).run.runNumber).toBe(1);
  });

  it('that has no total_amount, whatever its targets sum to', async () => {
    const promotion = await insertPromotion(database.sql, { totalAmount: null });
    await insertTargets(database.sql, promotion, 5, '99999999.99');

    expect((await begin(promotion)).run.totalCount).toBe(5);
  });
});

describe('a second start', () => {
  it('by the same execution, whose first answer was lost, carries on with the same run and ranges', async () => {
    const promotion = await makeReady();
    const first = await begin(promotion, 'execution-1');

    const second = await begin(promotion, 'execution-1');

    expect(second).toEqual(first);
  });

  it('by the same execution carries on when the commit happened and its answer was lost', async () => {
    const promotion = await makeReady();
    const input = { promotionId: promotion.promotionId, executionId: 'execution-1' };
    const lossy = makeServices({ store: losingAnswerOf(store, 'beginRun') });
    await expect(beginCampaign(lossy, input)).rejects.toThrow('the answer was lost');

    const { run, partitions } = await begin(promotion, 'execution-1');

    expect(run.runNumber).toBe(1);
    expect(partitions).toHaveLength(3);
  });

  it('by the same execution carries on when it died before the ranges were recorded', async () => {
    const promotion = await makeReady();
    const input = { promotionId: promotion.promotionId, executionId: 'execution-1' };
    const dying = makeServices({ store: failingAt(store, 'recordPartitionCount') });
    await expect(beginCampaign(dying, input)).rejects.toThrow();

    await begin(promotion, 'execution-1');

    expect(await partitionCountOf(promotion)).toEqual([{ count: 3, status: 'IN_PROGRESS' }]);
  });

  it('by another execution is refused, naming the one that runs', async () => {
    const promotion = await makeReady();
    await begin(promotion, 'execution-1');

    await expect(begin(promotion, 'execution-2')).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId} is IN_PROGRESS, not READY: execution execution-1 runs it`,
    });
  });

  it('at the same moment begins one run, and tells the others whose it is', async () => {
    const promotion = await makeReady();

    const starts = await Promise.allSettled(['a', 'b', 'c'].map((execution) => begin(promotion, execution)));

    const begun = starts.filter((start) => start.status === 'fulfilled');
    const refused = starts.filter((start) => start.status === 'rejected');
    expect(begun).toHaveLength(1);
    const { executionId } = (await store.latestRun(promotion.promotionId)) ?? {};
    expect(refused.map(({ reason }) => String(reason))).toEqual(
      Array.from(
        { length: 2 },
        () => expect.stringContaining(`execution ${executionId ?? ''} runs it`) as unknown,
      ),
    );
  });
});

describe.each(TYPES)('a resumed %s campaign', (type) => {
  it('has run 2 and publishes what is unpaid, and only that', async () => {
    // Prepare
    const promotion = await makeReady({ type }, 6);
    const { promotionId } = promotion;
    const [paid = '', failed = '', retrying = '', unanswered = '', untouched = '', other = ''] =
      promotion.ids;
    await begin(promotion, 'execution-1');
    await store.markPublished(promotion, [paid, failed, retrying, unanswered], START_MS);
    const base = { promotionId, transactionKey: null, errorMessage: 'no', attemptCount: 3 };
    await store.recordResults(
      type,
      [
        { ...base, targetId: paid, processStatus: 'SUCCESS', transactionKey: 'T-1', errorMessage: null },
        { ...base, targetId: failed, processStatus: 'FAILED' },
        { ...base, targetId: retrying, processStatus: 'RETRYING' },
      ],
      START_MS,
    );
    await store.stopCampaign(promotionId, 'lunch', START_MS);
    await setStatus(database.sql, promotion, 'READY');
    const services = makeServices();

    // Act
    const { run, partitions } = await beginCampaign(services, { promotionId, executionId: 'execution-2' });
    const queue = new FakeGrantQueue();
    for (const partition of partitions) {
      await publishPartition(
        { ...services, queue, backlogLimit: 1_000 },
        { run, partition },
        services.clock.budget(900),
      );
    }

    // Assess
    expect(run.runNumber).toBe(2);
    expect(queue.accepted.map((grant) => grant.targetId)).toEqual([retrying, unanswered, untouched, other]);
    expect(queue.accepted[0]?.deduplicationId).toBe(`${type}-${promotionId}-${retrying}-run-2`);
    expect(await targetsOf(database.sql, promotion)).toMatchObject([
      { processStatus: 'SUCCESS', publishStatus: 'PUBLISHED', attemptCount: 3 },
      { processStatus: 'FAILED', publishStatus: 'PUBLISHED' },
      { processStatus: 'PENDING', publishStatus: 'PUBLISHED', attemptCount: 0 },
      { processStatus: null, publishStatus: 'PUBLISHED' },
      { processStatus: null, publishStatus: 'PUBLISHED' },
      { processStatus: null, publishStatus: 'PUBLISHED' },
    ]);
    // Both runs together: the two final ones of the first, the four of this one.
    expect(await services.counters.read(run.summaryId)).toMatchObject({
      publishedCount: 6,
      successCount: 1,
      failCount: 1,
      retrySuccessCount: 1,
    });
  });

  it('of which everybody is paid has nothing to publish', async () => {
    const promotion = await makeReady({ type }, 2);
    await begin(promotion, 'execution-1');
    await store.markPublished(promotion, promotion.ids, START_MS);
    const results = promotion.ids.map((targetId) => ({
      targetId,
      promotionId: promotion.promotionId,
      processStatus: 'SUCCESS' as const,
      transactionKey: 'T',
      errorMessage: null,
      attemptCount: 1,
    }));
    await store.recordResults(type, results, START_MS);
    await setStatus(database.sql, promotion, 'READY');

    const { run, partitions } = await begin(promotion, 'execution-2');

    expect(run.runNumber).toBe(2);
    expect(partitions).toEqual([]);
  });
});
