import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import { collectDeadLetters } from '../../../lambdas/campaign-grant/app/collect-dead-letters.ts';
import { grantRewards } from '../../../lambdas/campaign-grant/app/grant-rewards.ts';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import { trackProgress } from '../../../lambdas/campaign-grant/app/track-progress.ts';
import { Pacer, pacingFor } from '../../../lambdas/campaign-grant/domain/pacer.ts';
import type { CampaignStore } from '../../../lambdas/campaign-grant/ports.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import {
  FakeGrantLog,
  FakeGrantQueue,
  FakeMoneyApi,
  FakeProgressCounters,
  START_MS,
  VirtualClock,
  answers,
  beginRun,
  deadLettersLike,
  makePartition,
  makeReceived,
  messageOf,
  targetsOf,
} from '../../support/fakes.ts';

let database: CampaignDatabase;
let store: CampaignStore;
beforeAll(async () => {
  database = await startCampaignDatabase();
  store = sqlCampaignStore(database.db);
});
afterAll(() => database.close());
function makeServices() {
  const clock = new VirtualClock();
  return {
    store,
    queue: new FakeGrantQueue(),
    money: new FakeMoneyApi(clock),
    counters: new FakeProgressCounters(),
    clock,
    backlogLimit: 1e6,
    pacer: new Pacer(pacingFor({ tps: 1_000, concurrency: 50, headroom: 0.01 }), clock.monotonic()),
    log: new FakeGrantLog(),
  };
}
async function campaign(n = 1, type: 'VOUCHER' | 'POINT' = 'VOUCHER') {
  const key = await insertPromotion(database.sql, { type });
  const ids = await insertTargets(database.sql, key, n);
  return { ...key, ids };
}
describe('on the way of a grant', () => {
  it('a start that loses the race takes back nothing that the winner published', async () => {
    const key = await campaign(3);
    const s = makeServices();
    const { promotionId } = key;
    const late = {
      ...store,
      beginRun: async (begin: Parameters<CampaignStore['beginRun']>[0]) => {
        const { run, partitions } = await beginCampaign(s, { promotionId, executionId: 'winner' });
        for (const partition of partitions)
          await publishPartition(s, { run, partition }, s.clock.budget(900));
        return store.beginRun(begin);
      },
    };

    const losing = beginCampaign({ ...s, store: late }, { promotionId, executionId: 'loser' });

    await expect(losing).rejects.toThrow('execution winner runs it');
    const statuses = (await targetsOf(database.sql, key)).map((target) => target.publishStatus);
    expect(statuses).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED']);
  });

  it('a reason of a hundred emoji reaches the Money API', async () => {
    const key = await campaign(1);
    await database.sql.query(
      'UPDATE campaign_promotion_voucher_targets SET reason = ? WHERE promotion_id = ?',
      ['🎉'.repeat(100), key.promotionId],
    );
    const run = await beginRun(store, key);
    const s = makeServices();
    await publishPartition(s, { run, partition: makePartition(key.ids) }, s.clock.budget(900));
    await grantRewards(
      s,
      s.queue.accepted.map((g) => makeReceived(g.message)),
    );
    expect(await targetsOf(database.sql, key)).toMatchObject([{ processStatus: 'SUCCESS' }]);
  });

  it('a negative partition key does not keep a target from being paid', async () => {
    const key = await campaign(1);
    await database.sql.query(
      'UPDATE campaign_promotion_voucher_targets SET partition_key = -1 WHERE promotion_id = ?',
      [key.promotionId],
    );
    const run = await beginRun(store, key);
    const s = makeServices();
    await publishPartition(s, { run, partition: makePartition(key.ids) }, s.clock.budget(900));
    await grantRewards(
      s,
      s.queue.accepted.map((g) => makeReceived(g.message)),
    );
    const tracked = await trackProgress({ ...s, intervalSeconds: 5 }, { run }, s.clock.budget(120));
    expect(tracked.settled).toBe(true);
  });

  it('a queue that cannot postpone costs neither the pace nor the answer', async () => {
    const key = await campaign(1);
    await beginRun(store, key);
    const grant = { ...key, targetId: key.ids[0] ?? '' };
    const message = makeReceived(await messageOf(store, grant));
    await store.markPublished(key, key.ids, START_MS);
    const s = makeServices();
    s.money.script(grant, answers.unavailable());
    s.queue.onPostpone = () => Promise.reject(new Error('throttled'));
    const again = await grantRewards(s, [message]).catch((e: unknown) => String(e));
    expect.soft(s.clock.monotonic()).toBeGreaterThanOrEqual(s.pacer.mayEndAt);
    expect(again).toEqual([message.messageId]);
  });

  it('a dead-lettered message of an unknown target is a dead letter', async () => {
    const key = await campaign(1);
    const message = makeReceived(await messageOf(store, { ...key, targetId: key.ids[0] ?? '' }));
    const body = message.body.replace(`Id":"${key.ids[0] ?? ''}"`, 'Id":"8999999999999999999"');
    await collectDeadLetters(makeServices(), [{ ...message, body }]);
    expect(await deadLettersLike(database.sql, `VOUCHER-${key.promotionId}-%`)).toHaveLength(1);
  });

  it('a dead-lettered message of a stopped campaign leaves its target to the resume', async () => {
    const key = await campaign(1);
    await beginRun(store, key);
    const message = makeReceived(await messageOf(store, { ...key, targetId: key.ids[0] ?? '' }));
    await store.markPublished(key, key.ids, START_MS);
    await store.stopCampaign(key.promotionId, 'x', START_MS);
    await store.returnUnpaid(key, START_MS);
    await collectDeadLetters(makeServices(), [message]);
    expect(await targetsOf(database.sql, key)).toMatchObject([
      { publishStatus: 'PENDING', processStatus: null },
    ]);
  });

  it('two messages of one target in a batch make one call', async () => {
    const key = await campaign(1);
    const run = await beginRun(store, key);
    const message = makeReceived(await messageOf(store, { ...key, targetId: key.ids[0] ?? '' }));
    await store.markPublished(key, key.ids, START_MS);
    const s = makeServices();
    await grantRewards(s, [message, { ...message, messageId: 'twin', receiptHandle: 'twin' }]);
    expect.soft(s.money.requests).toHaveLength(1);
    expect(await s.counters.read(run.summaryId)).toMatchObject({ successCount: 1 });
  });

  it('a twin in the batch of the last attempt is not called once more', async () => {
    const key = await campaign(1);
    await beginRun(store, key);
    const grant = { ...key, targetId: key.ids[0] ?? '' };
    const message = makeReceived(await messageOf(store, grant));
    await store.markPublished(key, key.ids, START_MS);
    await store.recordResults(
      'VOUCHER',
      [
        {
          targetId: grant.targetId,
          promotionId: key.promotionId,
          processStatus: 'RETRYING',
          transactionKey: null,
          errorMessage: null,
          attemptCount: 5,
        },
      ],
      START_MS,
    );
    const s = makeServices();
    s.money.script(grant, answers.unavailable());
    await grantRewards(s, [message, { ...message, messageId: 'twin', receiptHandle: 'twin' }]);
    expect.soft(s.money.requests).toHaveLength(1);
    expect.soft(await targetsOf(database.sql, key)).toMatchObject([{ processStatus: 'FAILED' }]);
  });

  it('nobody else of the customer is called after the API key was refused', async () => {
    const key = await campaign(2);
    await database.sql.query(
      'UPDATE campaign_promotion_voucher_targets SET customer_uid = 7 WHERE promotion_id = ?',
      [key.promotionId],
    );
    await beginRun(store, key);
    const grants = key.ids.map((targetId) => ({ ...key, targetId }));
    const messages = [];
    for (const g of grants) messages.push(makeReceived(await messageOf(store, g)));
    await store.markPublished(key, key.ids, START_MS);
    const s = makeServices();
    for (const g of grants) s.money.script(g, answers.unauthorized());
    await grantRewards(s, messages);
    expect(s.money.requests).toHaveLength(1);
  });
});
