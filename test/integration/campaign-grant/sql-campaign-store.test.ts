import { describe, expect, it } from 'vitest';
import type { GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import { insertPromotion, insertTargets } from '../../support/campaign-database.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import { setStatus, summaryOf } from '../../support/fakes.ts';

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0);
const TYPES = ['VOUCHER', 'POINT'] as const;

const world = useCampaignWorld();

const READY = { statuses: ['READY'] } as const;

const result = (
  promotionId: string,
  targetId: string,
  overrides: Partial<GrantResult> = {},
): GrantResult => ({
  promotionId,
  targetId,
  processStatus: 'SUCCESS',
  transactionKey: `T-${targetId}`,
  errorMessage: null,
  attemptCount: 1,
  decided: true,
  ...overrides,
});

describe('progress', () => {
  it('that says less than before, since its counters were set anew, has no negative rate', async () => {
    const { promotionId, run } = await world.begin();
    const counters = { publishedCount: 90, failCount: 0, retrySuccessCount: 0 };
    await world.store.saveProgress(run, { ...counters, successCount: 50 });
    await world.sql.query('UPDATE campaign_progress SET measured_ms = measured_ms - 10000');

    await world.store.saveProgress(run, { ...counters, successCount: 40 });

    const [rows] = await world.sql.query(
      'SELECT final_count AS final, final_per_second AS rate FROM campaign_progress WHERE promotion_id = ?',
      [promotionId],
    );
    expect(rows).toEqual([{ final: 40, rate: '0.0' }]);
  });
});

describe('a run', () => {
  it('begins once: the second compare-and-set finds the promotion IN_PROGRESS', async () => {
    const { promotionId } = await insertPromotion(world.sql);

    const begun = await Promise.all(
      ['a', 'b', 'c'].map((executionId) =>
        world.store.beginRun({ promotionId, executionId, from: READY, nowMs: NOW }),
      ),
    );

    expect(begun.toSorted()).toEqual(['begun', 'refused', 'refused']);
    expect(await world.store.promotionStatus(promotionId)).toBe('IN_PROGRESS');
    expect((await world.store.latestRun(promotionId))?.runNumber).toBe(1);
  });

  it('has the number after that of the run before', async () => {
    const { promotionId } = await insertPromotion(world.sql);
    await world.store.beginRun({ promotionId, executionId: 'first', from: READY, nowMs: NOW });
    await world.store.stopCampaign(promotionId, 'lunch', NOW);
    await world.sql.query(
      "UPDATE campaign_promotions SET promotion_status = 'READY' WHERE promotion_id = ?",
      [promotionId],
    );

    await world.store.beginRun({ promotionId, executionId: 'second', from: READY, nowMs: NOW });

    expect(await world.store.latestRun(promotionId)).toMatchObject({ runNumber: 2, executionId: 'second' });
  });

  it('ends once: a repeated end changes nothing, and a stopped campaign stays STOPPED', async () => {
    const { promotionId, promotionType } = await insertPromotion(world.sql);
    await world.store.beginRun({ promotionId, executionId: 'a', from: READY, nowMs: NOW });
    await world.store.stopCampaign(promotionId, 'lunch', NOW);
    const finish = {
      promotionId,
      promotionType,
      runNumber: 1,
      outcome: 'COMPLETED',
      memo: null,
      nowMs: NOW,
    } as const;

    expect(await world.store.finishRun(finish)).toBe('STOPPED');
    expect(await world.store.finishRun(finish)).toBe('STOPPED');
    const [rows] = await world.sql.query(
      `SELECT stopped_memo AS memo, CAST(stopped_at AS CHAR) AS at, completed_at AS completed
       FROM campaign_promotion_summary WHERE promotion_id = ?`,
      [promotionId],
    );
    expect(rows).toEqual([{ memo: 'lunch', at: '2026-11-21 12:00:00', completed: null }]);
  });
});

describe.each(TYPES)('targets of a %s campaign', (type) => {
  it('are read by keyset, marked PUBLISHED once, and then read no more', async () => {
    const key = await insertPromotion(world.sql, { type });
    const ids = await insertTargets(world.sql, key, 25);
    const toTargetId = ids.at(-1) ?? '';
    const first = await world.store.pendingTargets(key, { afterTargetId: '0', toTargetId, limit: 10 });

    const sent = first.map((row) => row.targetId);
    expect(await world.store.markPublished(key, sent, NOW)).toBe(10);
    expect(await world.store.markPublished(key, sent, NOW)).toBe(0);
    const next = await world.store.pendingTargets(key, { afterTargetId: '0', toTargetId, limit: 100 });

    expect(sent).toEqual(ids.slice(0, 10));
    expect(next.map((row) => row.targetId)).toEqual(ids.slice(10));
    expect(await world.store.countPending(key)).toBe(15);
    expect(await world.store.countPublished(key)).toBe(10);
    expect(await world.store.countTargets(key)).toBe(25);
  });

  it('are divided into ranges that meet without a gap', async () => {
    const key = await insertPromotion(world.sql, { type });
    const ids = await insertTargets(world.sql, key, 10);

    const first = await world.store.pendingRange(key, '0', 3);
    const second = await world.store.pendingRange(key, first?.toTargetId ?? '', 7);

    expect(first).toEqual({ fromTargetId: ids[0], toTargetId: ids[2], targetCount: 3 });
    expect(second).toEqual({ fromTargetId: ids[3], toTargetId: ids[9], targetCount: 7 });
    expect(await world.store.pendingRange(key, ids[9] ?? '', 1)).toBeUndefined();
  });

  it('that are invalid get publish_status FAILED and a FAILED result with the reason, counted once', async () => {
    const key = await insertPromotion(world.sql, { type });
    const [targetId = ''] = await insertTargets(world.sql, key, 1);
    const invalid = [{ targetId, reason: 'INVALID_AMOUNT: the amount is not positive' }];

    expect(await world.store.recordInvalid(key, invalid, NOW)).toBe(1);
    expect(await world.store.recordInvalid(key, invalid, NOW)).toBe(0);

    expect(await world.store.countResults(key)).toEqual({
      successCount: 0,
      failCount: 1,
      retrySuccessCount: 0,
    });
    expect(await world.store.countPending(key)).toBe(0);
  });

  it('sum to what would be granted, defaults applied, exactly', async () => {
    const key = await insertPromotion(world.sql, { type });
    await insertTargets(world.sql, key, 3, '0.10');
    await insertTargets(world.sql, key, 2, null);
    await insertTargets(world.sql, key, 1, '-7.00');

    expect(Number(await world.store.plannedAmount(key))).toBe(1000.3);
    expect(await world.store.plannedAmount(key)).toMatch(/^1000\.30/);
  });

  it('that were published and not paid are PENDING again; the paid ones are not', async () => {
    const key = await insertPromotion(world.sql, { type });
    const ids = await insertTargets(world.sql, key, 4);
    await world.store.markPublished(key, ids, NOW);
    const [paid = '', failed = '', retrying = '', untouched = ''] = ids;
    await world.store.recordResults(
      type,
      [
        result(key.promotionId, paid),
        result(key.promotionId, failed, { processStatus: 'FAILED' }),
        result(key.promotionId, retrying, { processStatus: 'RETRYING', attemptCount: 3 }),
      ],
      NOW,
    );

    await world.store.returnUnpaid(key, NOW);

    const pending = await world.store.pendingTargets(key, {
      afterTargetId: '0',
      toTargetId: untouched,
      limit: 10,
    });
    expect(pending.map((row) => row.targetId)).toEqual([retrying, untouched]);
    const grants = [{ ...key, targetId: retrying }];
    expect((await world.store.readBatch(type, grants)).states).toMatchObject([
      { processStatus: 'PENDING', attemptCount: 0 },
    ]);
  });
});

describe.each(TYPES)('results of a %s campaign', (type) => {
  it('never lose a SUCCESS, and a FAILED gives way only to a SUCCESS', async () => {
    const key = await insertPromotion(world.sql, { type });
    const [a = '', b = ''] = await insertTargets(world.sql, key, 2);
    const failed = {
      processStatus: 'FAILED',
      transactionKey: null,
      errorMessage: 'no',
      attemptCount: 6,
    } as const;
    const retrying = { ...failed, processStatus: 'RETRYING', attemptCount: 2 } as const;

    await world.store.recordResults(
      type,
      [result(key.promotionId, a, { attemptCount: 2 }), result(key.promotionId, b, failed)],
      NOW,
    );
    await world.store.recordResults(
      type,
      [result(key.promotionId, a, failed), result(key.promotionId, b, retrying)],
      NOW,
    );
    expect(await world.store.countResults(key)).toEqual({
      successCount: 1,
      failCount: 1,
      retrySuccessCount: 1,
    });
    await world.store.recordResults(type, [result(key.promotionId, b)], NOW);

    expect(await world.store.countResults(key)).toEqual({
      successCount: 2,
      failCount: 0,
      retrySuccessCount: 2,
    });
    expect(await world.store.grantedAmount(key)).toBe('2000.00');
  });

  it('are looked up with the state of the campaign; what does not exist is left out', async () => {
    const key = await insertPromotion(world.sql, { type });
    const [targetId = ''] = await insertTargets(world.sql, key, 1);
    await world.store.beginRun({ promotionId: key.promotionId, executionId: 'a', from: READY, nowMs: NOW });
    const run = await world.store.latestRun(key.promotionId);

    const { states } = await world.store.readBatch(type, [
      { ...key, targetId },
      { ...key, targetId: '9223372036854775807' },
      { ...key, promotionId: '999999999', targetId },
    ]);

    expect(states).toEqual([
      {
        targetId,
        promotionId: key.promotionId,
        promotionStatus: 'IN_PROGRESS',
        summaryId: run?.summaryId,
        processStatus: null,
        attemptCount: 0,
      },
    ]);
  });

  it('go back to PENDING unless the campaign is IN_PROGRESS again', async () => {
    const key = await insertPromotion(world.sql, { type });
    const [targetId = ''] = await insertTargets(world.sql, key, 1);
    await world.store.markPublished(key, [targetId], NOW);
    await world.store.beginRun({ promotionId: key.promotionId, executionId: 'a', from: READY, nowMs: NOW });

    await world.store.returnToPending(type, [{ ...key, targetId }], NOW);
    expect(await world.store.countPending(key)).toBe(0);
    await world.store.stopCampaign(key.promotionId, 'stop', NOW);
    await world.store.returnToPending(type, [{ ...key, targetId }], NOW);

    expect(await world.store.countPending(key)).toBe(1);
  });
});

describe('dead letters', () => {
  it('are one row however often they are written, with cause, attempts and payload', async () => {
    const { promotionId } = await insertPromotion(world.sql, { type: 'POINT' });
    const letter = {
      key: `POINT-${promotionId}-5`,
      grant: { promotionType: 'POINT', promotionId, targetId: '5' },
      cause: 'HTTP_503',
      errorMessage: '점검 중',
      transient: true,
      attemptCount: 6,
      payload: '{"reason":"새해맞이 🎉"}',
    } as const;
    const unread = { ...letter, key: 'message-1', grant: null, cause: 'MALFORMED', transient: false };

    await world.store.recordDeadLetters([letter, unread], NOW);
    await world.store.recordDeadLetters([letter], NOW);

    const [rows] = await world.sql.query(
      `SELECT CAST(promotion_id AS CHAR) AS promotionId, cause, error_message AS message, is_transient AS transient,
              attempt_count AS attempts, payload FROM campaign_dead_letters ORDER BY dead_letter_id`,
    );
    expect(rows).toEqual([
      {
        promotionId,
        cause: 'HTTP_503',
        message: '점검 중',
        transient: 1,
        attempts: 6,
        payload: letter.payload,
      },
      {
        promotionId: null,
        cause: 'MALFORMED',
        message: '점검 중',
        transient: 0,
        attempts: 6,
        payload: letter.payload,
      },
    ]);
  });
});

describe('awaited promotions', () => {
  it('are READY ones that have a reservation, or had a run before, with the number of that run', async () => {
    const at = '2026-11-21 11:00:00';
    const reserved = await world.insert({ reservationAt: at });
    const resumed = await world.insert();
    await world.beginRun(resumed);
    await world.store.stopCampaign(resumed.promotionId, 'lunch', NOW);
    await setStatus(world.sql, resumed, 'READY');
    await world.insert();
    await world.insert({ reservationAt: at, status: 'STOPPED' });

    expect(await world.store.awaitedPromotions()).toEqual([
      { promotionId: resumed.promotionId, reservationAt: null, runNumber: 1 },
      { promotionId: reserved.promotionId, reservationAt: at, runNumber: 0 },
    ]);
  });
});

describe('open runs', () => {
  it('are the latest of campaigns that are IN_PROGRESS, and of those stopped and not wound up yet', async () => {
    const running = await world.begin();
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    await world.beginRun(running, { executionId: 'recovery', from });
    const stopped = await world.begin({ type: 'POINT' });
    await world.store.stopCampaign(stopped.promotionId, 'lunch', NOW);
    const woundUp = await world.begin();
    await world.store.stopCampaign(woundUp.promotionId, 'lunch', NOW);
    await world.store.endStoppedRun(woundUp.promotionId, NOW);

    expect((await world.store.openRuns(NOW)).toSorted((a, b) => b.runNumber - a.runNumber)).toEqual([
      {
        promotionId: running.promotionId,
        promotionType: 'VOUCHER',
        status: 'IN_PROGRESS',
        executionId: 'recovery',
        runNumber: 2,
        isWoundUp: false,
      },
      {
        promotionId: stopped.promotionId,
        promotionType: 'POINT',
        status: 'STOPPED',
        executionId: EXECUTION,
        runNumber: 1,
        isWoundUp: false,
      },
    ]);
  });

  it('that were stopped by hand are given a memo when they are wound up; a memo that stands is kept', async () => {
    const byHand = await world.begin();
    await setStatus(world.sql, byHand, 'STOPPED');
    await world.store.endStoppedRun(byHand.promotionId, NOW);
    const byUs = await world.begin();
    await world.store.stopCampaign(byUs.promotionId, 'lunch', NOW);
    await world.store.endStoppedRun(byUs.promotionId, NOW + 60_000);

    expect(await summaryOf(world.sql, byHand)).toMatchObject({
      stoppedAt: '2026-11-21 12:00:00',
      stoppedMemo: 'the status was set to STOPPED',
    });
    expect(await summaryOf(world.sql, byUs)).toMatchObject({
      stoppedAt: '2026-11-21 12:00:00',
      stoppedMemo: 'lunch',
    });
  });
});

describe('a promotion’s defaults', () => {
  it('are its row’s until its first run begins, and frozen from then on, NULL ones too', async () => {
    const promotion = await world.insert();
    const edit = (amount: string, reason: string | null) =>
      world.sql.query(
        'UPDATE campaign_promotions SET default_amount = ?, default_reason = ? WHERE promotion_id = ?',
        [amount, reason, promotion.promotionId],
      );
    const defaults = async () => (await world.store.findPromotion(promotion.promotionId))?.defaults;

    await edit('700', null);
    expect(await defaults()).toMatchObject({ amount: '700.00', reason: null });
    await world.beginRun(promotion);
    await edit('900', 'edited');
    expect(await defaults()).toMatchObject({ amount: '700.00', reason: null });
  });

  it('are what the granted amount is counted with', async () => {
    const campaign = await world.publish({ amount: null, targetCount: 2 });
    await world.recordResults(campaign, ['SUCCESS', 'SUCCESS']);
    await world.sql.query('UPDATE campaign_promotions SET default_amount = 9 WHERE promotion_id = ?', [
      campaign.promotionId,
    ]);

    expect(await world.store.grantedAmount(campaign)).toBe('1000.00');
  });
});

describe('the end of a run', () => {
  it('is not the end of a newer one of the same promotion', async () => {
    const campaign = await world.begin();
    const { promotionId, promotionType } = campaign;
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    await world.beginRun(campaign, { executionId: 'recovery', from });

    const finish = {
      promotionId,
      promotionType,
      runNumber: 1,
      outcome: 'FAILED',
      memo: 'old',
      nowMs: NOW,
    } as const;

    expect(await world.store.finishRun(finish)).toBe('IN_PROGRESS');
    expect(await world.store.isPaying({ ...campaign.run, runNumber: 1 })).toBe(false);
    expect(await world.store.isPaying({ ...campaign.run, runNumber: 2 })).toBe(true);
  });
});
