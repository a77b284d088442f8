import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import type { CampaignStore } from '../../../lambdas/campaign-grant/ports.ts';
import type { GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0);
const TYPES = ['VOUCHER', 'POINT'] as const;

let database: CampaignDatabase;
let store: CampaignStore;

beforeAll(async () => {
  database = await startCampaignDatabase();
  store = sqlCampaignStore(database.db);
});
afterAll(() => database.close());

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
  ...overrides,
});

describe('a run', () => {
  it('begins once: the second compare-and-set finds the promotion IN_PROGRESS', async () => {
    const { promotionId } = await insertPromotion(database.sql);

    const begun = await Promise.all(
      ['a', 'b', 'c'].map((executionId) => store.beginRun({ promotionId, executionId, nowMs: NOW })),
    );

    expect(begun.filter(Boolean)).toHaveLength(1);
    expect(await store.promotionStatus(promotionId)).toBe('IN_PROGRESS');
    expect((await store.latestRun(promotionId))?.runNumber).toBe(1);
  });

  it('has the number after that of the run before', async () => {
    const { promotionId } = await insertPromotion(database.sql);
    await store.beginRun({ promotionId, executionId: 'first', nowMs: NOW });
    await store.stopCampaign(promotionId, 'lunch', NOW);
    await database.sql.query(
      "UPDATE campaign_promotions SET promotion_status = 'READY' WHERE promotion_id = ?",
      [promotionId],
    );

    await store.beginRun({ promotionId, executionId: 'second', nowMs: NOW });

    expect(await store.latestRun(promotionId)).toMatchObject({ runNumber: 2, executionId: 'second' });
  });

  it('ends once: a repeated end changes nothing, and a stopped campaign stays STOPPED', async () => {
    const { promotionId } = await insertPromotion(database.sql);
    await store.beginRun({ promotionId, executionId: 'a', nowMs: NOW });
    await store.stopCampaign(promotionId, 'lunch', NOW);
    const finish = { promotionId, runNumber: 1, outcome: 'COMPLETED', memo: null, nowMs: NOW } as const;

    expect(await store.finishRun(finish)).toBe('STOPPED');
    expect(await store.finishRun(finish)).toBe('STOPPED');
    const [rows] = await database.sql.query(
      `SELECT stopped_memo AS memo, CAST(stopped_at AS CHAR) AS at, completed_at AS completed
       FROM campaign_promotion_summary WHERE promotion_id = ?`,
      [promotionId],
    );
    expect(rows).toEqual([{ memo: 'lunch', at: '2026-11-21 12:00:00', completed: null }]);
  });
});

describe.each(TYPES)('targets of a %s campaign', (type) => {
  it('are read by keyset, marked PUBLISHED once, and then read no more', async () => {
    const key = await insertPromotion(database.sql, { type });
    const ids = await insertTargets(database.sql, key, 25);
    const toTargetId = ids.at(-1) ?? '';
    const first = await store.pendingTargets(key, { afterTargetId: '0', toTargetId, limit: 10 });

    const sent = first.map((row) => row.targetId);
    expect(await store.markPublished(key, sent, NOW)).toBe(10);
    expect(await store.markPublished(key, sent, NOW)).toBe(0);
    const next = await store.pendingTargets(key, { afterTargetId: '0', toTargetId, limit: 100 });

    expect(sent).toEqual(ids.slice(0, 10));
    expect(next.map((row) => row.targetId)).toEqual(ids.slice(10));
    expect(await store.countPending(key)).toBe(15);
    expect(await store.countPublished(key)).toBe(10);
    expect(await store.countTargets(key)).toBe(25);
  });

  it('are divided into ranges that meet without a gap', async () => {
    const key = await insertPromotion(database.sql, { type });
    const ids = await insertTargets(database.sql, key, 10);

    const first = await store.pendingRange(key, '0', 3);
    const second = await store.pendingRange(key, first?.toTargetId ?? '', 7);

    expect(first).toEqual({ fromTargetId: ids[0], toTargetId: ids[2], targetCount: 3 });
    expect(second).toEqual({ fromTargetId: ids[3], toTargetId: ids[9], targetCount: 7 });
    expect(await store.pendingRange(key, ids[9] ?? '', 1)).toBeUndefined();
  });

  it('that are invalid get publish_status FAILED and a FAILED result with the reason, counted once', async () => {
    const key = await insertPromotion(database.sql, { type });
    const [targetId = ''] = await insertTargets(database.sql, key, 1);
    const invalid = [{ targetId, reason: 'INVALID_AMOUNT: the amount is not positive' }];

    expect(await store.recordInvalid(key, invalid, NOW)).toBe(1);
    expect(await store.recordInvalid(key, invalid, NOW)).toBe(0);

    expect(await store.countResults(key)).toEqual({ successCount: 0, failCount: 1, retrySuccessCount: 0 });
    expect(await store.countPending(key)).toBe(0);
  });

  it('sum to what would be granted, defaults applied, exactly', async () => {
    const key = await insertPromotion(database.sql, { type });
    await insertTargets(database.sql, key, 3, '0.10');
    await insertTargets(database.sql, key, 2, null);
    await insertTargets(database.sql, key, 1, '-7.00');

    expect(Number(await store.plannedAmount(key))).toBe(1000.3);
    expect(await store.plannedAmount(key)).toMatch(/^1000\.30/);
  });

  it('that were published and not paid are PENDING again; the paid ones are not', async () => {
    const key = await insertPromotion(database.sql, { type });
    const ids = await insertTargets(database.sql, key, 4);
    await store.markPublished(key, ids, NOW);
    const [paid = '', failed = '', retrying = '', untouched = ''] = ids;
    await store.recordResults(
      type,
      [
        result(key.promotionId, paid),
        result(key.promotionId, failed, { processStatus: 'FAILED' }),
        result(key.promotionId, retrying, { processStatus: 'RETRYING', attemptCount: 3 }),
      ],
      NOW,
    );

    await store.returnUnpaid(key, NOW);

    const pending = await store.pendingTargets(key, { afterTargetId: '0', toTargetId: untouched, limit: 10 });
    expect(pending.map((row) => row.targetId)).toEqual([retrying, untouched]);
    const grants = [{ ...key, targetId: retrying }];
    expect(await store.grantStates(type, grants)).toMatchObject([
      { processStatus: 'PENDING', attemptCount: 0 },
    ]);
  });
});

describe.each(TYPES)('results of a %s campaign', (type) => {
  it('never lose a SUCCESS, and a FAILED gives way only to a SUCCESS', async () => {
    const key = await insertPromotion(database.sql, { type });
    const [a = '', b = ''] = await insertTargets(database.sql, key, 2);
    const failed = {
      processStatus: 'FAILED',
      transactionKey: null,
      errorMessage: 'no',
      attemptCount: 6,
    } as const;
    const retrying = { ...failed, processStatus: 'RETRYING', attemptCount: 2 } as const;

    await store.recordResults(
      type,
      [result(key.promotionId, a, { attemptCount: 2 }), result(key.promotionId, b, failed)],
      NOW,
    );
    await store.recordResults(
      type,
      [result(key.promotionId, a, failed), result(key.promotionId, b, retrying)],
      NOW,
    );
    expect(await store.countResults(key)).toEqual({ successCount: 1, failCount: 1, retrySuccessCount: 1 });
    await store.recordResults(type, [result(key.promotionId, b)], NOW);

    expect(await store.countResults(key)).toEqual({ successCount: 2, failCount: 0, retrySuccessCount: 2 });
    expect(await store.grantedAmount(key)).toBe('2000.00');
  });

  it('are looked up with the state of the campaign; what does not exist is left out', async () => {
    const key = await insertPromotion(database.sql, { type });
    const [targetId = ''] = await insertTargets(database.sql, key, 1);
    await store.beginRun({ promotionId: key.promotionId, executionId: 'a', nowMs: NOW });
    const run = await store.latestRun(key.promotionId);

    const states = await store.grantStates(type, [
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
    const key = await insertPromotion(database.sql, { type });
    const [targetId = ''] = await insertTargets(database.sql, key, 1);
    await store.markPublished(key, [targetId], NOW);
    await store.beginRun({ promotionId: key.promotionId, executionId: 'a', nowMs: NOW });

    await store.returnToPending(type, [{ ...key, targetId }], NOW);
    expect(await store.countPending(key)).toBe(0);
    await store.stopCampaign(key.promotionId, 'stop', NOW);
    await store.returnToPending(type, [{ ...key, targetId }], NOW);

    expect(await store.countPending(key)).toBe(1);
  });
});

describe('dead letters', () => {
  it('are one row however often they are written, with cause, attempts and payload', async () => {
    const { promotionId } = await insertPromotion(database.sql, { type: 'POINT' });
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

    await store.recordDeadLetters([letter, unread], NOW);
    await store.recordDeadLetters([letter], NOW);

    const [rows] = await database.sql.query(
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

describe('the turn', () => {
  it('is by reservation, then priority, then id; what is not due or has no reservation does not come up', async () => {
    await database.sql.query("UPDATE campaign_promotions SET promotion_status = 'COMPLETED'");
    const at = '2026-11-21 11:00:00';
    const late = await insertPromotion(database.sql, { reservationAt: '2026-11-21 11:30:00' });
    const second = await insertPromotion(database.sql, { reservationAt: at, priority: 2 });
    const first = await insertPromotion(database.sql, { reservationAt: at, priority: 1 });
    await insertPromotion(database.sql, { reservationAt: '2026-11-21 12:00:01' });
    await insertPromotion(database.sql);

    const due = await store.duePromotions(NOW, 10);

    expect(due.map((promotion) => promotion.promotionId)).toEqual(
      [first, second, late].map((promotion) => promotion.promotionId),
    );
    expect(due[0]?.reservationAt).toBe(at);
    expect(await store.anyInProgress()).toBe(false);
  });
});
