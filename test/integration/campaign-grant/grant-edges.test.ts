import { describe, expect, it } from 'vitest';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import { collectDeadLetters } from '../../../lambdas/campaign-grant/app/collect-dead-letters.ts';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import { trackProgress } from '../../../lambdas/campaign-grant/app/track-progress.ts';
import type { CampaignStore } from '../../../lambdas/campaign-grant/ports.ts';
import { pay, useCampaignWorld } from '../../support/campaign-world.ts';
import {
  START_MS,
  answers,
  deadLettersLike,
  makePartition,
  makeReceived,
  messageOf,
  targetsOf,
} from '../../support/fakes.ts';

const world = useCampaignWorld();
describe('on the way of a grant', () => {
  it('a start that loses the race takes back nothing that the winner published', async () => {
    const key = await world.insert({ targetCount: 3 });
    const s = world.services();
    const { promotionId } = key;
    const late = {
      ...s.store,
      beginRun: async (begin: Parameters<CampaignStore['beginRun']>[0]) => {
        const won = await beginCampaign(s, { executionId: 'winner', input: { promotionId } });
        if (!won.begun) throw new Error('nobody else pays');
        const { run, partitions } = won;
        for (const partition of partitions)
          await publishPartition(s, { run, partition }, s.clock.budget(900));
        return world.store.beginRun(begin);
      },
    };

    const losing = beginCampaign({ ...s, store: late }, { executionId: 'loser', input: { promotionId } });

    await expect(losing).rejects.toThrow('execution winner runs it');
    const statuses = (await targetsOf(world.sql, key)).map((target) => target.publishStatus);
    expect(statuses).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED']);
  });

  it('a reason of a hundred emoji reaches the Money API', async () => {
    const key = await world.insert({ targetCount: 1 });
    await world.sql.query('UPDATE campaign_promotion_voucher_targets SET reason = ? WHERE promotion_id = ?', [
      '🎉'.repeat(100),
      key.promotionId,
    ]);
    const run = await world.beginRun(key);
    const s = world.services();
    await publishPartition(s, { run, partition: makePartition(key.ids) }, s.clock.budget(900));
    await pay(
      s,
      s.queue.accepted.map((g) => makeReceived(g.message)),
    );
    expect(await targetsOf(world.sql, key)).toMatchObject([{ processStatus: 'SUCCESS' }]);
  });

  it('a negative partition key does not keep a target from being paid', async () => {
    const key = await world.insert({ targetCount: 1 });
    await world.sql.query(
      'UPDATE campaign_promotion_voucher_targets SET partition_key = -1 WHERE promotion_id = ?',
      [key.promotionId],
    );
    const run = await world.beginRun(key);
    const s = world.services();
    await publishPartition(s, { run, partition: makePartition(key.ids) }, s.clock.budget(900));
    await pay(
      s,
      s.queue.accepted.map((g) => makeReceived(g.message)),
    );
    const tracked = await trackProgress({ ...s, intervalSeconds: 5 }, { run }, s.clock.budget(120));
    expect(tracked.ended).toBe(true);
  });

  it('a queue that cannot postpone costs neither the pace nor the answer', async () => {
    const key = await world.insert({ targetCount: 1 });
    await world.beginRun(key);
    const grant = { ...key, targetId: key.ids[0] ?? '' };
    const message = makeReceived(await messageOf(world.store, grant));
    await world.store.markPublished(key, key.ids, START_MS);
    const s = world.services();
    s.money.script(grant, answers.unavailable());
    s.queue.onPostpone = () => Promise.reject(new Error('throttled'));
    const again = await pay(s, [message]).catch((e: unknown) => String(e));
    expect.soft(s.clock.monotonic()).toBeGreaterThanOrEqual(s.pacer.mayEndAt);
    expect(again).toEqual([message.messageId]);
  });

  it('a dead-lettered message of an unknown target is a dead letter', async () => {
    const key = await world.insert({ targetCount: 1 });
    const message = makeReceived(await messageOf(world.store, { ...key, targetId: key.ids[0] ?? '' }));
    const body = message.body.replace(`Id":"${key.ids[0] ?? ''}"`, 'Id":"8999999999999999999"');
    await collectDeadLetters(world.services(), [{ ...message, body }]);
    expect(await deadLettersLike(world.sql, `VOUCHER-${key.promotionId}-%`)).toHaveLength(1);
  });

  it('a dead-lettered message of a stopped campaign leaves its target to the resume', async () => {
    const key = await world.insert({ targetCount: 1 });
    await world.beginRun(key);
    const message = makeReceived(await messageOf(world.store, { ...key, targetId: key.ids[0] ?? '' }));
    await world.store.markPublished(key, key.ids, START_MS);
    await world.store.stopCampaign(key.promotionId, 'x', START_MS);
    await world.store.returnUnpaid(key, START_MS);
    await collectDeadLetters(world.services(), [message]);
    expect(await targetsOf(world.sql, key)).toMatchObject([
      { publishStatus: 'PENDING', processStatus: null },
    ]);
  });

  it('two messages of one target in a batch make one call', async () => {
    const key = await world.insert({ targetCount: 1 });
    const run = await world.beginRun(key);
    const message = makeReceived(await messageOf(world.store, { ...key, targetId: key.ids[0] ?? '' }));
    await world.store.markPublished(key, key.ids, START_MS);
    const s = world.services();
    await pay(s, [message, { ...message, messageId: 'twin', receiptHandle: 'twin' }]);
    expect.soft(s.money.requests).toHaveLength(1);
    expect(await s.counters.read(run.summaryId)).toMatchObject({ successCount: 1 });
  });

  it('a twin in the batch of the last attempt is not called once more', async () => {
    const key = await world.insert({ targetCount: 1 });
    await world.beginRun(key);
    const grant = { ...key, targetId: key.ids[0] ?? '' };
    const message = makeReceived(await messageOf(world.store, grant));
    await world.store.markPublished(key, key.ids, START_MS);
    await world.store.recordResults(
      'VOUCHER',
      [
        {
          targetId: grant.targetId,
          promotionId: key.promotionId,
          processStatus: 'RETRYING',
          transactionKey: null,
          errorMessage: null,
          attemptCount: 5,
          decided: true,
        },
      ],
      START_MS,
    );
    const s = world.services();
    s.money.script(grant, answers.unavailable());
    await pay(s, [message, { ...message, messageId: 'twin', receiptHandle: 'twin' }]);
    expect.soft(s.money.requests).toHaveLength(1);
    expect.soft(await targetsOf(world.sql, key)).toMatchObject([{ processStatus: 'FAILED' }]);
  });

  it('nobody else of the customer is called after the API key was refused', async () => {
    const key = await world.insert({ targetCount: 2 });
    await world.sql.query(
      'UPDATE campaign_promotion_voucher_targets SET customer_uid = 7 WHERE promotion_id = ?',
      [key.promotionId],
    );
    await world.beginRun(key);
    const grants = key.ids.map((targetId) => ({ ...key, targetId }));
    const messages = [];
    for (const g of grants) messages.push(makeReceived(await messageOf(world.store, g)));
    await world.store.markPublished(key, key.ids, START_MS);
    const s = world.services();
    for (const g of grants) s.money.script(g, answers.unauthorized());
    await pay(s, messages);
    expect(s.money.requests).toHaveLength(1);
  });
});
