import { describe, expect, it } from 'vitest';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import type { PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import type { BeginCampaignInput } from '../../../schema/campaign-run.ts';
import { insertTargets } from '../../support/campaign-database.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices, PreparedOverrides } from '../../support/campaign-world.ts';
import {
  FakeGrantQueue,
  START_MS,
  failingAt,
  losingAnswerOf,
  setStatus,
  summaryOf,
  targetsOf,
} from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;

const world = useCampaignWorld();

/** The begun run; an execution that must wait for its turn again fails the test. */
async function begin(
  { promotionId }: Pick<PromotionKey, 'promotionId'>,
  executionId = 'execution-1',
  more: Omit<BeginCampaignInput['input'], 'promotionId'> = {},
  services: Pick<CampaignServices, 'store' | 'counters' | 'clock'> = world.services(),
) {
  const begun = await beginCampaign(services, { executionId, input: { promotionId, ...more } });
  if (!begun.begun) throw new Error('another campaign pays');
  return begun;
}

async function makeReady(overrides: PreparedOverrides = {}, targetCount = 3) {
  return world.insert({ targetCount, ...overrides });
}

async function partitionCountOf({ promotionId }: PromotionKey): Promise<unknown> {
  const [rows] = await world.sql.query(
    'SELECT partition_count AS count, promotion_status AS status FROM campaign_promotions WHERE promotion_id = ?',
    [promotionId],
  );
  return rows;
}

describe.each(TYPES)('a READY %s campaign', (type) => {
  it('is IN_PROGRESS once begun, with run 1 and counters that stand at zero of its targets', async () => {
    const promotion = await makeReady({ type }, 10);
    const services = world.services();

    const { run } = await begin(promotion, 'execution-1', {}, services);

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

  it('is cut into equal ranges that meet without a gap', async () => {
    const promotion = await makeReady({ type }, 10);
    const { ids } = promotion;

    const { partitions } = await begin(promotion);

    expect(partitions).toEqual([
      { partitionNumber: 0, fromTargetId: ids[0], toTargetId: ids[2], targetCount: 3 },
      { partitionNumber: 1, fromTargetId: ids[3], toTargetId: ids[5], targetCount: 3 },
      { partitionNumber: 2, fromTargetId: ids[6], toTargetId: ids[7], targetCount: 2 },
      { partitionNumber: 3, fromTargetId: ids[8], toTargetId: ids[9], targetCount: 2 },
    ]);
  });

  it('whose ids lie far apart, mixed with those of another campaign, is cut by rows and not by ids', async () => {
    const promotion = await makeReady({ type }, 4);
    const other = await world.insert({ type, targetCount: 0 });
    await insertTargets(world.sql, other, 50);
    const ids = await insertTargets(world.sql, promotion, 4);

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
      { partitionNumber: 1, fromTargetId: second, toTargetId: second, targetCount: 1 },
    ]);
  });
});

describe('a promotion is refused', () => {
  it('that does not exist', async () => {
    await expect(begin({ promotionId: '999999' })).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: 'promotion 999999 does not exist',
    });
  });

  it.each([
    ['COMPLETED', ''],
    ['STOPPED', ': start it with "resume": true to go on'],
    ['FAILED', ': start it with "resume": true to go on'],
    ['IN_PROGRESS', ''],
  ])('that is %s, and stays so', async (status, hint) => {
    const promotion = await makeReady({ status });

    await expect(begin(promotion)).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId} is ${status}, not READY${hint}`,
    });
    expect(await world.store.promotionStatus(promotion.promotionId)).toBe(status);
  });

  it('that has no targets, and stays READY', async () => {
    const promotion = await world.insert({ targetCount: 0 });

    await expect(begin(promotion)).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId} has no targets`,
    });
    expect(await world.store.promotionStatus(promotion.promotionId)).toBe('READY');
  });

  it('whose targets sum to one cent more than its total_amount, naming both', async () => {
    const promotion = await makeReady({ totalAmount: '2999.99' });

    await expect(begin(promotion)).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: `promotion ${promotion.promotionId}: its targets sum to 3000.00, more than its total_amount 2999.99`,
    });
    expect(await world.store.promotionStatus(promotion.promotionId)).toBe('READY');
  });

  it('whose defaults take it over its total_amount', async () => {
    const promotion = await world.insert({ targetCount: 0, totalAmount: '1499.00' });
    await insertTargets(world.sql, promotion, 3, null);

    await expect(begin(promotion)).rejects.toThrow('sum to 1500.00');
  });
});

describe('a promotion is begun', () => {
  it('whose targets sum to exactly its total_amount', async () => {
    const promotion = await makeReady({ totalAmount: '3000.00' });

    expect((await begin(promotion)).run.runNumber).toBe(1);
  });

  it('that has no total_amount, whatever its targets sum to', async () => {
    const promotion = await world.insert({ targetCount: 0, totalAmount: null });
    await insertTargets(world.sql, promotion, 5, '99999999.99');

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
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'beginRun') };
    await expect(begin(promotion, 'execution-1', {}, lossy)).rejects.toThrow('the answer was lost');

    const { run, partitions } = await begin(promotion, 'execution-1');

    expect(run.runNumber).toBe(1);
    expect(partitions).toHaveLength(3);
  });

  it('by the same execution carries on when it died before the ranges were recorded', async () => {
    const promotion = await makeReady();
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'recordPartitionCount') };
    await expect(begin(promotion, 'execution-1', {}, dying)).rejects.toThrow();

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
    const { executionId } = (await world.store.latestRun(promotion.promotionId)) ?? {};
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
    await world.store.markPublished(promotion, [paid, failed, retrying, unanswered], START_MS);
    const base = { promotionId, transactionKey: null, errorMessage: 'no', attemptCount: 3, decided: true };
    await world.store.recordResults(
      type,
      [
        { ...base, targetId: paid, processStatus: 'SUCCESS', transactionKey: 'T-1', errorMessage: null },
        { ...base, targetId: failed, processStatus: 'FAILED' },
        { ...base, targetId: retrying, processStatus: 'RETRYING' },
      ],
      START_MS,
    );
    await world.store.stopCampaign(promotionId, 'lunch', START_MS);
    await setStatus(world.sql, promotion, 'READY');
    const services = world.services();

    // Act
    const { run, partitions } = await begin(promotion, 'execution-2', {}, services);
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
    expect(await targetsOf(world.sql, promotion)).toMatchObject([
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
    await world.store.markPublished(promotion, promotion.ids, START_MS);
    const results = promotion.ids.map((targetId) => ({
      targetId,
      promotionId: promotion.promotionId,
      processStatus: 'SUCCESS' as const,
      transactionKey: 'T',
      errorMessage: null,
      attemptCount: 1,
      decided: true,
    }));
    await world.store.recordResults(type, results, START_MS);
    await setStatus(world.sql, promotion, 'READY');

    const { run, partitions } = await begin(promotion, 'execution-2');

    expect(run.runNumber).toBe(2);
    expect(partitions).toEqual([]);
  });
});

describe('a resume', () => {
  it.each(['STOPPED', 'FAILED'])(
    'of a %s campaign begins its next run when it is asked for',
    async (status) => {
      const campaign = await world.begin({ targetCount: 3 });
      await setStatus(world.sql, campaign, status);

      await expect(begin(campaign, 'execution-2')).rejects.toThrow('start it with "resume": true to go on');
      const { run, partitions } = await begin(campaign, 'execution-2', { resume: true });

      expect(run).toMatchObject({ promotionId: campaign.promotionId, runNumber: 2 });
      expect(partitions.map((partition) => partition.targetCount)).toEqual([1, 1, 1]);
    },
  );

  it.each(['COMPLETED', 'IN_PROGRESS'])('of a %s campaign is refused', async (status) => {
    const promotion = await makeReady({ status });

    await expect(begin(promotion, 'execution-2', { resume: true })).rejects.toMatchObject({
      name: 'CampaignRefused',
    });
    expect(await world.store.promotionStatus(promotion.promotionId)).toBe(status);
  });

  it('wipes the stop from the summary, and keeps when the campaign first started', async () => {
    const campaign = await world.begin();
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const services = world.services();
    services.clock.advance(3_600);

    await begin(campaign, 'execution-2', { resume: true }, services);

    expect(await summaryOf(world.sql, campaign)).toMatchObject({ stoppedAt: null, stoppedMemo: null });
    const [rows] = await world.sql.query(
      'SELECT CAST(started_at AS CHAR) AS at FROM campaign_promotion_summary WHERE promotion_id = ?',
      [campaign.promotionId],
    );
    expect(rows).toEqual([{ at: '2026-11-21 12:00:00' }]);
  });

  it('twice at the same moment begins one run', async () => {
    const campaign = await world.begin();
    await setStatus(world.sql, campaign, 'STOPPED');

    const resumed = await Promise.allSettled(
      ['a', 'b', 'c'].map((execution) => begin(campaign, execution, { resume: true })),
    );

    expect(resumed.filter((start) => start.status === 'fulfilled')).toHaveLength(1);
    expect(await world.store.latestRun(campaign.promotionId)).toMatchObject({ runNumber: 2 });
  });

  it('sends what the first run would have sent though the defaults were edited meanwhile', async () => {
    const promotion = await makeReady({ type: 'POINT', amount: null, targetCount: 1 });
    await world.setTargets(promotion, 'reason', null);
    await world.setTargets(promotion, 'expired_at', null);
    const services = world.services();
    const publish = async ({ run, partitions }: Awaited<ReturnType<typeof begin>>) => {
      for (const partition of partitions) {
        await publishPartition(services, { run, partition }, services.clock.budget(900));
      }
    };
    await publish(await begin(promotion, 'execution-1', {}, services));
    await world.store.stopCampaign(promotion.promotionId, 'lunch', START_MS);
    await world.sql.query(
      `UPDATE campaign_promotions SET default_amount = 9000, default_reason = 'edited',
         default_expiry_at = '2031-01-01 00:00:00' WHERE promotion_id = ?`,
      [promotion.promotionId],
    );

    await publish(await begin(promotion, 'execution-2', { resume: true }, services));

    const [first, second] = services.queue.accepted;
    expect(second?.message.payload).toEqual(first?.message.payload);
    expect(second?.message.payload).toMatchObject({ amount: '500', reason: 'default reason' });
  });

  it('is held against its total_amount by the amounts that it pays, not by edited defaults', async () => {
    const promotion = await makeReady({ amount: null, totalAmount: '1500.00' });
    await begin(promotion, 'execution-1');
    await world.store.stopCampaign(promotion.promotionId, 'lunch', START_MS);
    await world.sql.query('UPDATE campaign_promotions SET default_amount = 9000 WHERE promotion_id = ?', [
      promotion.promotionId,
    ]);

    const { run } = await begin(promotion, 'execution-2', { resume: true });

    expect(run.runNumber).toBe(2);
  });
});

describe('a recovery', () => {
  it('begins the next run while the lost execution’s run is the latest', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await world.recordResults(campaign, ['SUCCESS', 'RETRYING', null]);

    const { run, partitions } = await begin(campaign, 'recovery', { recoverFrom: EXECUTION });

    expect(run.runNumber).toBe(2);
    // What it published and nobody paid is published again.
    expect(partitions.map((partition) => partition.targetCount)).toEqual([1, 1]);
    expect(await world.store.latestRun(campaign.promotionId)).toMatchObject({ executionId: 'recovery' });
  });

  it('that is asked for twice begins one run', async () => {
    const campaign = await world.begin();

    const recoveries = await Promise.allSettled(
      ['one', 'two'].map((name) => begin(campaign, name, { recoverFrom: EXECUTION })),
    );

    expect(recoveries.filter((recovery) => recovery.status === 'fulfilled')).toHaveLength(1);
  });

  it('carries on with its run when its first answer was lost', async () => {
    const campaign = await world.begin({ targetCount: 2 });
    const first = await begin(campaign, 'recovery', { recoverFrom: EXECUTION });

    expect(await begin(campaign, 'recovery', { recoverFrom: EXECUTION })).toEqual(first);
  });

  it('is refused when targets that were added take the campaign over its total_amount', async () => {
    const campaign = await world.begin({ targetCount: 2, totalAmount: '2500.00' });
    await insertTargets(world.sql, campaign, 1);

    await expect(begin(campaign, 'recovery', { recoverFrom: EXECUTION })).rejects.toThrow(
      'more than its total_amount 2500.00',
    );
  });

  it('is refused when another execution runs it by now', async () => {
    const campaign = await world.begin();
    await begin(campaign, 'faster', { recoverFrom: EXECUTION });

    await expect(begin(campaign, 'recovery', { recoverFrom: EXECUTION })).rejects.toThrow(
      'execution faster runs it',
    );
  });

  it.each(['READY', 'STOPPED', 'FAILED', 'COMPLETED'])(
    'is refused when the campaign is %s',
    async (status) => {
      const campaign = await world.begin();
      await setStatus(world.sql, campaign, status);

      await expect(begin(campaign, 'recovery', { recoverFrom: EXECUTION })).rejects.toMatchObject({
        name: 'CampaignRefused',
      });
      expect(await world.store.promotionStatus(campaign.promotionId)).toBe(status);
    },
  );
});

describe('a further pass', () => {
  it('is the next run of the same execution, and publishes what is left', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await world.recordResults(campaign, ['SUCCESS', null, 'FAILED']);

    const { run, partitions } = await begin(campaign, EXECUTION, { pass: { run: campaign.run } });

    expect(run).toEqual({ ...campaign.run, runNumber: 2 });
    expect(partitions).toMatchObject([{ fromTargetId: campaign.ids[1], targetCount: 1 }]);
    const [rows] = await world.sql.query(
      'SELECT run_number AS run, outcome FROM campaign_runs WHERE promotion_id = ? ORDER BY run_number',
      [campaign.promotionId],
    );
    expect(rows).toEqual([
      { run: 1, outcome: 'CONTINUED' },
      { run: 2, outcome: null },
    ]);
  });

  it('takes the targets that were added since the first', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    await world.recordResults(campaign, ['SUCCESS', 'SUCCESS']);
    const added = (await insertTargets(world.sql, campaign, 1)).at(-1);

    const { run, partitions } = await begin(campaign, EXECUTION, { pass: { run: campaign.run } });

    expect(run).toMatchObject({ runNumber: 2, totalCount: 3 });
    expect(partitions).toEqual([
      { partitionNumber: 0, fromTargetId: added, toTargetId: added, targetCount: 1 },
    ]);
  });

  it('is refused when the targets that were added take the campaign over its total_amount', async () => {
    const campaign = await world.publish({ targetCount: 2, totalAmount: '2500.00' });
    await world.recordResults(campaign, ['SUCCESS', 'SUCCESS']);
    await insertTargets(world.sql, campaign, 1);

    await expect(begin(campaign, EXECUTION, { pass: { run: campaign.run } })).rejects.toThrow(
      'its targets sum to 3000.00, more than its total_amount 2500.00',
    );
  });

  it('that is begun again because its answer was lost carries on with its run', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const pass = { run: campaign.run };
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'beginRun') };
    await expect(begin(campaign, EXECUTION, { pass }, lossy)).rejects.toThrow('the answer was lost');

    const second = await begin(campaign, EXECUTION, { pass });

    expect(second.run.runNumber).toBe(2);
    expect(second.partitions).toHaveLength(2);
    expect(await begin(campaign, EXECUTION, { pass })).toEqual(second);
  });

  it('after a stop publishes nothing, and leaves the winding up to FinishCampaign', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);

    const begun = await begin(campaign, EXECUTION, { pass: { run: campaign.run } });

    expect(begun).toEqual({ begun: true, run: campaign.run, partitions: [] });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
  });

  it('that a stop comes before by a hair publishes nothing either', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    const late = {
      ...services.store,
      beginRun: async (asked: Parameters<typeof services.store.beginRun>[0]) => {
        await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
        return services.store.beginRun(asked);
      },
    };

    const begun = await begin(
      campaign,
      EXECUTION,
      { pass: { run: campaign.run } },
      { ...services, store: late },
    );

    expect(begun).toEqual({ begun: true, run: campaign.run, partitions: [] });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
  });

  it('is refused when another execution has taken over', async () => {
    const campaign = await world.publish();
    await begin(campaign, 'recovery', { recoverFrom: EXECUTION });

    await expect(begin(campaign, EXECUTION, { pass: { run: campaign.run } })).rejects.toThrow(
      'execution recovery runs it',
    );
    expect(await world.store.latestRun(campaign.promotionId)).toMatchObject({ executionId: 'recovery' });
  });
});

describe('while another campaign is being paid', () => {
  it('nothing begins, and nothing is changed', async () => {
    await world.begin();
    const promotion = await makeReady();

    const output = await beginCampaign(world.services(), {
      executionId: 'execution-1',
      input: { promotionId: promotion.promotionId },
    });

    expect(output).toEqual({ begun: false });
    expect(await world.store.promotionStatus(promotion.promotionId)).toBe('READY');
    expect(await world.store.latestRun(promotion.promotionId)).toBeUndefined();
  });
});
