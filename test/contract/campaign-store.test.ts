/** What CampaignStore promises, kept by the simulated database and by MariaDB behind the Data API. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GrantResult } from '../../lambdas/campaign-grant/domain/grant-result.ts';
import { idempotencyKey } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import { toDateTime } from '../../schema/seoul-time.ts';
import type { CampaignStore } from '../../lambdas/campaign-grant/ports.ts';
import { simulatedStore } from './simulated-store.ts';
import { sqlStore } from './sql-store.ts';
import type { Campaign, StoreFixture } from './store-fixture.ts';

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0);
const READY = { statuses: ['READY'] } as const;

describe.each([
  ['simulated', simulatedStore],
  ['SQL', sqlStore],
])('the %s CampaignStore', (_, makeFixture) => {
  let fixture: StoreFixture;
  let store: CampaignStore;
  beforeAll(async () => {
    fixture = await makeFixture();
    ({ store } = fixture);
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.close());

  const begin = (
    of: Campaign,
    executionId = 'execution',
    from: Parameters<CampaignStore['beginRun']>[0]['from'] = READY,
  ) => store.beginRun({ promotionId: of.promotionId, executionId, from, nowMs: NOW });

  const record = (of: Campaign, targetId: string, result: Partial<GrantResult> = {}) =>
    store.recordResults(
      of.promotionType,
      [
        {
          targetId,
          promotionId: of.promotionId,
          processStatus: 'SUCCESS',
          transactionKey: `T-${targetId}`,
          errorMessage: null,
          attemptCount: 1,
          decided: true,
          ...result,
        },
      ],
      NOW,
    );

  const giveUp = async (of: Campaign, targetId: string, cause = 'TIMEOUT', transient = true) => {
    const { promotionId, promotionType } = of;
    const grant = { promotionId, promotionType, targetId };
    const letter = {
      key: idempotencyKey(grant),
      grant,
      cause,
      errorMessage: 'why',
      transient,
      attemptCount: 6,
    };
    await store.recordDeadLetters([{ ...letter, payload: '{}' }], NOW);
    await record(of, targetId, {
      processStatus: 'FAILED',
      transactionKey: null,
      errorMessage: cause,
      attemptCount: 6,
    });
  };

  const target = async (of: Campaign, index: number) => (await fixture.targets(of))[index];
  const idOf = (of: Campaign, index: number) => of.targetIds[index] ?? '';
  /** PUBLISHED, all of them. */
  const publish = (of: Campaign) => store.markPublished(of, of.targetIds, NOW);

  describe('a promotion', () => {
    it('is found with its defaults, which the first run freezes', async () => {
      const campaign = await fixture.insert({ totalAmount: '5000.00' });
      await fixture.setDefaultAmount(campaign, '600.00');
      const before = await store.findPromotion(campaign.promotionId);
      await begin(campaign);
      await fixture.setDefaultAmount(campaign, '700.00');

      expect(before).toEqual({
        promotionId: campaign.promotionId,
        promotionType: 'VOUCHER',
        status: 'READY',
        totalAmount: '5000.00',
        reservationAt: null,
        defaults: { reason: 'default reason', amount: '600.00', expiryAt: '2030-12-31 23:59:59' },
      });
      expect((await store.findPromotion(campaign.promotionId))?.defaults.amount).toBe('600.00');
    });

    it('that does not exist is undefined', async () => {
      expect(await store.findPromotion('987654321')).toBeUndefined();
      expect(await store.promotionStatus('987654321')).toBeUndefined();
      expect(await store.latestRun('987654321')).toBeUndefined();
    });
  });

  describe('a run', () => {
    it('begins once', async () => {
      const campaign = await fixture.insert();

      const begun = [await begin(campaign, 'a'), await begin(campaign, 'b')];

      expect(begun).toEqual(['begun', 'refused']);
      expect(await store.latestRun(campaign.promotionId)).toMatchObject({ runNumber: 1, executionId: 'a' });
      expect(await store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
    });

    it('does not begin while another campaign is being paid', async () => {
      const first = await fixture.insert();
      const second = await fixture.insert();
      await begin(first);

      expect(await begin(second)).toBe('another-pays');
      expect(await store.promotionStatus(second.promotionId)).toBe('READY');
    });

    it('takes over from the execution that it names, and from no other', async () => {
      const campaign = await fixture.insert();
      await begin(campaign, 'lost');

      const begun = [
        await begin(campaign, 'new', { latestExecutionId: 'another', runNumber: 1 }),
        await begin(campaign, 'new', { latestExecutionId: 'lost', runNumber: 2 }),
        await begin(campaign, 'new', { latestExecutionId: 'lost', runNumber: 1 }),
        await begin(campaign, 'late', { latestExecutionId: 'lost', runNumber: 1 }),
      ];

      expect(begun).toEqual(['refused', 'refused', 'begun', 'refused']);
      expect(await store.latestRun(campaign.promotionId)).toMatchObject({ runNumber: 2, executionId: 'new' });
    });

    it('pays while it is the latest of a campaign that is IN_PROGRESS', async () => {
      const campaign = await fixture.insert();
      const { promotionId } = campaign;
      await begin(campaign, 'a');
      const first = await store.isPaying({ promotionId, runNumber: 1 });
      await begin(campaign, 'b', { latestExecutionId: 'a', runNumber: 1 });

      expect(first).toBe(true);
      expect(await store.isPaying({ promotionId, runNumber: 1 })).toBe(false);
      expect(await store.isPaying({ promotionId, runNumber: 2 })).toBe(true);
      await store.stopCampaign(promotionId, 'lunch', NOW);
      expect(await store.isPaying({ promotionId, runNumber: 2 })).toBe(false);
    });

    it('ends its campaign once, when every target is final, and not one that another run pays', async () => {
      const campaign = await fixture.insert({ targetCount: 2 });
      const { promotionId } = campaign;
      const finish = (runNumber: number) =>
        store.finishRun({ ...campaign, runNumber, outcome: 'COMPLETED', memo: null, nowMs: NOW });
      await begin(campaign, 'a');
      await begin(campaign, 'b', { latestExecutionId: 'a', runNumber: 1 });

      expect(await finish(2)).toBe('IN_PROGRESS');
      const paid = campaign.targetIds.map((targetId) => ({
        targetId,
        promotionId,
        processStatus: 'SUCCESS' as const,
        transactionKey: `T-${targetId}`,
        errorMessage: null,
        attemptCount: 1,
        decided: true,
      }));
      await store.markPublished(campaign, campaign.targetIds, NOW);
      await store.recordResults(campaign.promotionType, paid, NOW);

      expect(await finish(1)).toBe('IN_PROGRESS');
      expect(await finish(2)).toBe('COMPLETED');
      expect(await finish(2)).toBe('COMPLETED');
      expect(await fixture.summary(campaign)).toMatchObject({ isCompleted: true, isStopped: false });
    });

    it('that was stopped stays STOPPED with its memo, until a resume clears it', async () => {
      const campaign = await fixture.insert();
      const { promotionId, promotionType } = campaign;
      await begin(campaign);
      await store.stopCampaign(promotionId, 'lunch', NOW);
      await store.stopCampaign(promotionId, 'too late', NOW);
      const finish = {
        promotionId,
        promotionType,
        runNumber: 1,
        outcome: 'COMPLETED',
        memo: null,
        nowMs: NOW,
      } as const;

      expect(await store.finishRun(finish)).toBe('STOPPED');
      expect(await fixture.summary(campaign)).toMatchObject({ isStopped: true, stoppedMemo: 'lunch' });
      expect(await begin(campaign, 'resume', { statuses: ['READY', 'STOPPED'] })).toBe('begun');
      expect(await fixture.summary(campaign)).toMatchObject({ isStopped: false, stoppedMemo: null });
    });

    it('is closed by the execution that runs it, once', async () => {
      const campaign = await fixture.insert();
      const { promotionId, promotionType } = campaign;
      await begin(campaign, `${promotionId}-a`);
      await begin(campaign, `${promotionId}-b`, { latestExecutionId: `${promotionId}-a`, runNumber: 1 });
      const close = (executionId: string) =>
        store.closeRun({ executionId, outcome: 'STOPPED', memo: 'aborted', nowMs: NOW });

      expect(await close(`${promotionId}-a`)).toBeUndefined();
      expect(await close(`${promotionId}-b`)).toEqual({ promotionId, promotionType });
      expect(await close(`${promotionId}-b`)).toBeUndefined();
      expect(await store.promotionStatus(promotionId)).toBe('STOPPED');
      expect(await fixture.summary(campaign)).toMatchObject({ stoppedMemo: 'aborted' });
    });

    it('is open until its campaign is COMPLETED, or was stopped and wound up', async () => {
      const { promotionId, promotionType } = await fixture.insert({ type: 'POINT' });
      const run = { promotionId, promotionType, executionId: 'a', runNumber: 1 };
      await begin({ promotionId, promotionType, targetIds: [] }, 'a');
      const whilePaying = await store.openRuns(NOW);
      await store.endStoppedRun(promotionId, NOW);
      const unended = await store.openRuns(NOW);
      await fixture.setStatus(run, 'STOPPED');
      const stopped = await store.openRuns(NOW);
      await store.endStoppedRun(promotionId, NOW);

      expect(whilePaying).toEqual([{ ...run, status: 'IN_PROGRESS', isWoundUp: false }]);
      expect(unended).toEqual(whilePaying);
      expect(stopped).toEqual([{ ...run, status: 'STOPPED', isWoundUp: false }]);
      expect(await store.openRuns(NOW)).toEqual([]);
      expect(await store.openRuns(NOW - 60_000)).toEqual([{ ...run, status: 'STOPPED', isWoundUp: true }]);
      expect(await fixture.summary(run)).toMatchObject({
        isStopped: true,
        stoppedMemo: 'the status was set to STOPPED',
      });
    });

    it('has a summary that takes the progress of its latest run only, and no more when it has ended', async () => {
      const campaign = await fixture.insert({ targetCount: 1 });
      await begin(campaign, 'a');
      await begin(campaign, 'b', { latestExecutionId: 'a', runNumber: 1 });
      const late = { publishedCount: 9, successCount: 9, failCount: 9, retrySuccessCount: 9 };
      await store.saveProgress({ ...campaign, runNumber: 1, totalCount: 1 }, late);
      expect(await fixture.summary(campaign)).toMatchObject({ successCount: 0 });

      await store.stopCampaign(campaign.promotionId, 'lunch', NOW);
      await store.saveProgress({ ...campaign, runNumber: 2, totalCount: 1 }, late);
      expect(await fixture.summary(campaign)).toMatchObject({ successCount: 0 });
    });

    it('has a summary that is counted from the rows', async () => {
      const campaign = await fixture.insert({ targetCount: 3 });
      await begin(campaign);
      await publish(campaign);
      await record(campaign, idOf(campaign, 0), { attemptCount: 2 });
      await record(campaign, idOf(campaign, 1), { processStatus: 'FAILED', transactionKey: null });

      await store.recount(campaign);

      expect(await fixture.summary(campaign)).toMatchObject({
        publishedCount: 3,
        successCount: 1,
        failCount: 1,
        retrySuccessCount: 1,
      });
    });

    it('publishes nothing any more when its campaign has ended', async () => {
      const campaign = await fixture.insert({ targetCount: 2 });
      await begin(campaign);
      await store.stopCampaign(campaign.promotionId, 'lunch', NOW);

      await publish(campaign);

      expect(await store.countPending(campaign)).toBe(2);
    });

    it('has no result of an earlier run that ended late, unless the API decided it', async () => {
      const campaign = await fixture.insert({ targetCount: 2 });
      await begin(campaign);
      await publish(campaign);
      const retrying = { processStatus: 'RETRYING', transactionKey: null, decided: false } as const;
      for (const index of [0, 1])
        await record(campaign, idOf(campaign, index), { ...retrying, attemptCount: 5 });
      // A resume counts attempts anew.
      await store.returnUnpaid(campaign, NOW);

      const failed = { processStatus: 'FAILED', transactionKey: null, attemptCount: 6 } as const;
      await record(campaign, idOf(campaign, 0), { ...failed, decided: false });
      await record(campaign, idOf(campaign, 1), { ...failed, decided: true });

      expect(await fixture.targets(campaign)).toMatchObject([
        { processStatus: 'PENDING', attemptCount: 0 },
        { processStatus: 'FAILED', attemptCount: 6 },
      ]);
    });

    it('has a summary that takes its progress', async () => {
      const campaign = await fixture.insert();
      await begin(campaign);
      const progress = { publishedCount: 4, successCount: 3, failCount: 2, retrySuccessCount: 1 };

      await store.saveProgress({ ...campaign, runNumber: 1, totalCount: 1 }, progress);

      expect(await fixture.summary(campaign)).toMatchObject(progress);
    });
  });

  describe.each(['VOUCHER', 'POINT'] as const)('targets of a %s campaign', (type) => {
    it('are read by keyset, in order of id, within their range', async () => {
      const campaign = await fixture.insert({ type, targetCount: 7 });
      await store.markPublished(campaign, [idOf(campaign, 2)], NOW);

      const page = await store.pendingTargets(campaign, {
        afterTargetId: idOf(campaign, 0),
        toTargetId: idOf(campaign, 5),
        limit: 3,
      });

      expect(page.map(({ targetId }) => targetId)).toEqual([1, 3, 4].map((index) => idOf(campaign, index)));
      expect(page[0]).toMatchObject({
        customerUid: '1001',
        amount: '1000.00',
        expiredAt: '2030-06-30',
        reason: 'a reason',
        isWithdrawal: null,
        partitionKey: null,
        processStatus: null,
      });
      expect(page[0]?.voucherNumber === null).toBe(type === 'POINT');
    });

    it('are divided into ranges of PENDING rows that meet', async () => {
      const campaign = await fixture.insert({ type, targetCount: 6 });
      await store.markPublished(campaign, [idOf(campaign, 0), idOf(campaign, 3)], NOW);

      const first = await store.pendingRange(campaign, '0', 2);
      const second = await store.pendingRange(campaign, first?.toTargetId ?? '', 9);

      expect(first).toEqual({
        fromTargetId: idOf(campaign, 1),
        toTargetId: idOf(campaign, 2),
        targetCount: 2,
      });
      expect(second).toEqual({
        fromTargetId: idOf(campaign, 4),
        toTargetId: idOf(campaign, 5),
        targetCount: 2,
      });
      expect(await store.pendingRange(campaign, idOf(campaign, 5), 1)).toBeUndefined();
    });

    it('are counted by what they are', async () => {
      const campaign = await fixture.insert({ type, targetCount: 3 });

      expect(await store.markPublished(campaign, campaign.targetIds.slice(0, 2), NOW)).toBe(2);
      expect(await store.markPublished(campaign, campaign.targetIds.slice(0, 2), NOW)).toBe(0);
      expect(await store.countTargets(campaign)).toBe(3);
      expect(await store.countPending(campaign)).toBe(1);
      expect(await store.countPublished(campaign)).toBe(2);
    });

    it('that are invalid are FAILED with the reason, but not one that was paid', async () => {
      const campaign = await fixture.insert({ type, targetCount: 2 });
      const invalid = campaign.targetIds.map((targetId) => ({ targetId, reason: 'INVALID_AMOUNT' }));
      await record(campaign, idOf(campaign, 1));

      expect(await store.recordInvalid(campaign, invalid, NOW)).toBe(2);
      expect(await store.recordInvalid(campaign, invalid, NOW)).toBe(0);

      expect(await fixture.targets(campaign)).toMatchObject([
        { publishStatus: 'FAILED', processStatus: 'FAILED', errorMessage: 'INVALID_AMOUNT', attemptCount: 0 },
        { publishStatus: 'FAILED', processStatus: 'SUCCESS', errorMessage: null, attemptCount: 1 },
      ]);
    });

    it('are summed exactly: defaults applied, what is negative left out', async () => {
      const withDefaults = await fixture.insert({ type, targetCount: 3, amount: null });
      const negative = await fixture.insert({ type, targetCount: 2, amount: '-5.50' });
      const exact = await fixture.insert({ type, targetCount: 3, amount: '0.10' });

      expect(await store.plannedAmount(withDefaults)).toBe('1500.00');
      expect(Number(await store.plannedAmount(negative))).toBe(0);
      expect(await store.plannedAmount(exact)).toBe('0.30');
    });
  });

  describe('what was not paid', () => {
    /** One of each: without a result, RETRYING, SUCCESS, FAILED, and one that was never published. */
    const prepare = async () => {
      const campaign = await fixture.insert({ targetCount: 5 });
      await begin(campaign);
      await store.markPublished(campaign, campaign.targetIds.slice(0, 4), NOW);
      const retrying = { processStatus: 'RETRYING', transactionKey: null, attemptCount: 3 } as const;
      await record(campaign, idOf(campaign, 1), retrying);
      await record(campaign, idOf(campaign, 2));
      await giveUp(campaign, idOf(campaign, 3));
      return campaign;
    };
    const TAKEN_BACK = [
      { publishStatus: 'PENDING', processStatus: null },
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
      { publishStatus: 'PUBLISHED', processStatus: 'SUCCESS', attemptCount: 1 },
      { publishStatus: 'PUBLISHED', processStatus: 'FAILED', attemptCount: 6 },
      { publishStatus: 'PENDING', processStatus: null },
    ];

    it('is taken back by who owns the run, though the campaign is IN_PROGRESS', async () => {
      const campaign = await prepare();

      await store.returnUnpaid(campaign, NOW);

      expect(await fixture.targets(campaign)).toMatchObject(TAKEN_BACK);
    });

    it('is wound up after a stop, and not while the campaign is IN_PROGRESS', async () => {
      const campaign = await prepare();

      await store.windUp(campaign, NOW);
      const before = await fixture.targets(campaign);
      await store.stopCampaign(campaign.promotionId, 'lunch', NOW);
      await store.windUp(campaign, NOW);

      expect(before[1]).toMatchObject({
        publishStatus: 'PUBLISHED',
        processStatus: 'RETRYING',
        attemptCount: 3,
      });
      expect(await fixture.targets(campaign)).toMatchObject(TAKEN_BACK);
    });

    it('is returned message by message after a stop, and not while the campaign is IN_PROGRESS', async () => {
      const campaign = await prepare();
      const { promotionId, promotionType } = campaign;
      const grants = campaign.targetIds.map((targetId) => ({ promotionId, promotionType, targetId }));

      await store.returnToPending(promotionType, grants, NOW);
      const before = await target(campaign, 0);
      await store.stopCampaign(promotionId, 'lunch', NOW);
      await store.returnToPending(promotionType, grants, NOW);

      expect(before).toMatchObject({ publishStatus: 'PUBLISHED' });
      expect(await fixture.targets(campaign)).toMatchObject(TAKEN_BACK);
    });

    it('but was settled since is adopted', async () => {
      const campaign = await fixture.insert({ targetCount: 4 });
      await begin(campaign);
      await record(campaign, idOf(campaign, 0));
      await giveUp(campaign, idOf(campaign, 1));
      await record(campaign, idOf(campaign, 2), {
        processStatus: 'FAILED',
        errorMessage: 'invalid',
        attemptCount: 0,
      });

      await store.adoptSettled(campaign, NOW);

      expect((await fixture.targets(campaign)).map(({ publishStatus }) => publishStatus)).toEqual([
        'PUBLISHED',
        'PUBLISHED',
        'FAILED',
        'PENDING',
      ]);
    });
  });

  describe('results', () => {
    it('go from RETRYING to final, SUCCESS is never overwritten, FAILED only by SUCCESS', async () => {
      const campaign = await fixture.insert({ targetCount: 2 });
      const [paid, failed] = [idOf(campaign, 0), idOf(campaign, 1)];
      const retrying = { processStatus: 'RETRYING', transactionKey: null, errorMessage: 'TIMEOUT' } as const;

      await record(campaign, paid, { ...retrying, attemptCount: 1 });
      await record(campaign, paid, { attemptCount: 2 });
      await record(campaign, paid, { ...retrying, attemptCount: 5 });
      await record(campaign, failed, { ...retrying, processStatus: 'FAILED', attemptCount: 6 });
      await record(campaign, failed, { ...retrying, attemptCount: 2 });
      const given = await target(campaign, 1);
      await record(campaign, failed, { attemptCount: 1 });

      expect(await target(campaign, 0)).toMatchObject({
        processStatus: 'SUCCESS',
        transactionKey: `T-${paid}`,
        errorMessage: null,
        attemptCount: 2,
      });
      expect(given).toMatchObject({ processStatus: 'FAILED', attemptCount: 6 });
      expect(await target(campaign, 1)).toMatchObject({
        processStatus: 'SUCCESS',
        transactionKey: `T-${failed}`,
        attemptCount: 6,
      });
    });

    it('are counted, and their amounts summed with the frozen defaults', async () => {
      const campaign = await fixture.insert({ targetCount: 4, amount: null });
      await begin(campaign);
      await fixture.setDefaultAmount(campaign, '1.00');
      await record(campaign, idOf(campaign, 0));
      await record(campaign, idOf(campaign, 1), { attemptCount: 3 });
      await giveUp(campaign, idOf(campaign, 2));

      expect(await store.countResults(campaign)).toEqual({
        successCount: 2,
        failCount: 1,
        retrySuccessCount: 1,
      });
      expect(await store.grantedAmount(campaign)).toBe('1000.00');
    });
  });

  describe('the reading of a batch', () => {
    it('has each grant that exists, with what is known of it', async () => {
      const campaign = await fixture.insert({ targetCount: 2 });
      const { promotionId, promotionType } = campaign;
      const unstarted = await store.readBatch(promotionType, [
        { promotionId, promotionType, targetId: idOf(campaign, 0) },
      ]);
      await begin(campaign);
      await record(campaign, idOf(campaign, 1), { processStatus: 'RETRYING', attemptCount: 4 });

      const { states, breaker } = await store.readBatch(promotionType, [
        { promotionId, promotionType, targetId: idOf(campaign, 1) },
        { promotionId, promotionType, targetId: '987654321' },
        { promotionId: '987654321', promotionType, targetId: idOf(campaign, 0) },
      ]);

      expect(unstarted.states).toMatchObject([
        { promotionStatus: 'READY', summaryId: null, processStatus: null },
      ]);
      expect(states).toEqual([
        {
          targetId: idOf(campaign, 1),
          promotionId,
          promotionStatus: 'IN_PROGRESS',
          summaryId: (await store.latestRun(promotionId))?.summaryId,
          processStatus: 'RETRYING',
          attemptCount: 4,
        },
      ]);
      expect(breaker.openedMs).toBeNull();
    });

    it('has nothing of another type, and the breaker even when it has nothing at all', async () => {
      const campaign = await fixture.insert({ type: 'POINT', targetCount: 1 });
      const { promotionId } = campaign;
      const grant = { promotionId, promotionType: 'VOUCHER', targetId: idOf(campaign, 0) } as const;

      const { states, breaker } = await store.readBatch('VOUCHER', [grant]);

      expect(states).toEqual([]);
      expect(Math.abs(breaker.nowMs - Date.now())).toBeLessThan(60_000);
    });

    it('is followed by the gate: which campaigns are IN_PROGRESS', async () => {
      const paying = await fixture.insert();
      const other = await fixture.insert();
      await begin(paying);

      const both = await store.readGate([paying.promotionId, other.promotionId]);
      const none = await store.readGate([other.promotionId]);

      expect([...both.inProgress]).toEqual([paying.promotionId]);
      expect([...none.inProgress]).toEqual([]);
      expect(none.breaker.version).toBe(both.breaker.version);
    });
  });

  describe('the breaker', () => {
    it('is changed by who read it last', async () => {
      const { nowMs, ...before } = await store.readBreaker();
      const next = {
        version: before.version + 1,
        consecutiveFailures: 10,
        streakStartedMs: nowMs - 5,
        openedMs: nowMs,
        probeMs: null,
      };

      expect(await store.saveBreaker(before.version, next)).toBe(true);
      expect(await store.saveBreaker(before.version, { ...next, consecutiveFailures: 1 })).toBe(false);
      expect(await store.readBreaker()).toMatchObject(next);
      expect((await store.readGate([])).breaker).toMatchObject(next);
    });

    it.each([
      ['a success since it began', 0, null, true],
      ['a success from before it began', -1, null, false],
      ['any success, while the breaker is open', 0, 7, false],
    ])('has a streak that %s ends, or not', async (_name, sinceItBegan, openedMs, ends) => {
      const { nowMs, version } = await store.readBreaker();
      const streak = { consecutiveFailures: 9, streakStartedMs: nowMs, openedMs, probeMs: null };
      await store.saveBreaker(version, { ...streak, version: version + 1 });

      await store.endStreak(nowMs + sinceItBegan);
      await store.endStreak(nowMs + sinceItBegan);

      expect(await store.readBreaker()).toMatchObject(
        ends
          ? { version: version + 2, consecutiveFailures: 0, streakStartedMs: null }
          : { version: version + 1, ...streak },
      );
    });
  });

  describe('the turn', () => {
    const at = (seconds: number) => toDateTime(NOW + seconds * 1000).slice(0, 19);
    const ask = (of: Campaign, nowMs = NOW) =>
      store.askForTurn({ promotionId: of.promotionId, executionId: 'waits', nowMs });

    it('is nobody’s while a campaign is being paid, but its own', async () => {
      const paying = await fixture.insert();
      const waiting = await fixture.insert();
      await begin(paying);

      expect(await ask(waiting)).toBe(false);
      expect(await ask(paying)).toBe(true);
    });

    it('goes by reservation, then priority, then id', async () => {
      const late = await fixture.insert({ reservationAt: at(-300) });
      const lowPriority = await fixture.insert({ reservationAt: at(-600), priority: 2 });
      const first = await fixture.insert({ reservationAt: at(-600), priority: 1 });
      const twin = await fixture.insert({ reservationAt: at(-600), priority: 1 });
      for (const campaign of [late, lowPriority, first, twin]) await ask(campaign);

      expect(await Promise.all([late, lowPriority, first, twin].map((campaign) => ask(campaign)))).toEqual([
        false,
        false,
        true,
        false,
      ]);
    });

    it('of one without a reservation is that of when it first asked', async () => {
      const unreserved = await fixture.insert();
      const reservedLater = await fixture.insert({ reservationAt: at(30) });
      await ask(unreserved, NOW);
      await ask(reservedLater, NOW + 60_000);

      expect(await ask(unreserved, NOW + 120_000)).toBe(true);
      expect(await ask(reservedLater, NOW + 120_000)).toBe(false);
    });

    it('waits for a READY promotion whose reservation has just come', async () => {
      await fixture.insert({ reservationAt: at(-60) });
      const waiting = await fixture.insert({ reservationAt: at(-30) });

      expect(await ask(waiting)).toBe(false);
      expect(await ask(waiting, NOW + 120_000)).toBe(true);
    });

    it('is awaited by READY promotions that are reserved, or had a run', async () => {
      const reserved = await fixture.insert({ reservationAt: at(60) });
      const reopened = await fixture.insert();
      await fixture.insert();
      await begin(reopened);
      await fixture.setStatus(reopened, 'READY');

      expect(await store.awaitedPromotions()).toEqual([
        { promotionId: reopened.promotionId, reservationAt: null, runNumber: 1 },
        { promotionId: reserved.promotionId, reservationAt: at(60), runNumber: 0 },
      ]);
    });
  });

  describe('a redrive', () => {
    /** Two transient dead letters, one for good, one that was paid since; COMPLETED. */
    const prepare = async () => {
      const campaign = await fixture.insert({ targetCount: 4 });
      await begin(campaign);
      await publish(campaign);
      await giveUp(campaign, idOf(campaign, 0), 'TIMEOUT');
      await giveUp(campaign, idOf(campaign, 1), 'HTTP_503');
      await giveUp(campaign, idOf(campaign, 2), 'CUSTOMER_BLOCKED', false);
      await giveUp(campaign, idOf(campaign, 3), 'TIMEOUT');
      await record(campaign, idOf(campaign, 3));
      return campaign;
    };
    const statuses = async (of: Campaign) =>
      (await fixture.targets(of)).map(({ publishStatus, processStatus, attemptCount }) =>
        [publishStatus, processStatus, attemptCount].join(' '),
      );

    it('by hand takes what is selected, and makes a COMPLETED campaign READY', async () => {
      const campaign = await prepare();
      await fixture.setStatus(campaign, 'COMPLETED');

      const nothing = await store.redrive(campaign, { causes: ['NOTHING'] }, 10, NOW);
      const still = await store.promotionStatus(campaign.promotionId);
      const timeouts = await store.redrive(campaign, { causes: ['TIMEOUT'] }, 10, NOW);

      expect([nothing, still, timeouts]).toEqual([0, 'COMPLETED', 1]);
      expect(await store.promotionStatus(campaign.promotionId)).toBe('READY');
      expect(await statuses(campaign)).toEqual([
        'PENDING PENDING 0',
        'PUBLISHED FAILED 6',
        'PUBLISHED FAILED 6',
        'PUBLISHED SUCCESS 6',
      ]);
    });

    it('by hand takes targets by name, rejected ones too, page by page', async () => {
      const campaign = await prepare();
      const targetIds = [idOf(campaign, 1), idOf(campaign, 2)];

      const counts = [
        await store.redrive(campaign, { targetIds }, 1, NOW),
        await store.redrive(campaign, { targetIds }, 1, NOW),
        await store.redrive(campaign, { targetIds }, 1, NOW),
      ];

      expect(counts).toEqual([1, 1, 0]);
      expect(await store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
      expect((await statuses(campaign)).slice(0, 3)).toEqual([
        'PUBLISHED FAILED 6',
        'PENDING PENDING 0',
        'PENDING PENDING 0',
      ]);
    });

    it('by itself takes the transient ones, each once', async () => {
      const campaign = await prepare();

      const first = await store.redriveTransient(campaign, 10, NOW);
      await giveUp(campaign, idOf(campaign, 0), 'TIMEOUT');
      const second = await store.redriveTransient(campaign, 10, NOW);

      expect([first, second]).toEqual([2, 0]);
      expect((await statuses(campaign)).slice(1)).toEqual([
        'PENDING PENDING 0',
        'PUBLISHED FAILED 6',
        'PUBLISHED SUCCESS 6',
      ]);
    });
  });

  describe('an alert', () => {
    const raised = async () => (await store.unpublishedAlerts(50)).map(({ key, kind }) => ({ key, kind }));
    const key = ({ promotionId }: Campaign, what: string) => `promotion-${promotionId}-run-1-${what}`;
    const finish = ({ promotionId, promotionType }: Campaign, outcome: 'COMPLETED' | 'FAILED') =>
      store.finishRun({ promotionId, promotionType, runNumber: 1, outcome, memo: null, nowMs: NOW });
    const close = (outcome: 'STOPPED' | 'FAILED') =>
      store.closeRun({ executionId: 'execution', outcome, memo: 'why', nowMs: NOW });

    it.each<[string, string, string, (campaign: Campaign) => Promise<unknown>]>([
      ['is completed', 'completed', 'CAMPAIGN_COMPLETED', (campaign) => finish(campaign, 'COMPLETED')],
      ['has failed', 'failed', 'CAMPAIGN_FAILED', (campaign) => finish(campaign, 'FAILED')],
      [
        'is stopped',
        'stopped',
        'CAMPAIGN_STOPPED',
        ({ promotionId }) => store.stopCampaign(promotionId, 'lunch', NOW),
      ],
      [
        'is stopped because our key is refused',
        'stopped',
        'MONEY_KEY_REFUSED',
        ({ promotionId }) => store.stopCampaign(promotionId, '401', NOW, 'refused-key'),
      ],
      ['lost its execution to a person', 'stopped', 'CAMPAIGN_STOPPED', () => close('STOPPED')],
      ['lost its execution to an error', 'failed', 'CAMPAIGN_FAILED', () => close('FAILED')],
      [
        'was stopped by hand',
        'stopped',
        'CAMPAIGN_STOPPED',
        async (campaign) => {
          await fixture.setStatus(campaign, 'STOPPED');
          await store.endStoppedRun(campaign.promotionId, NOW);
        },
      ],
    ])('is raised once when a campaign %s', async (_name, what, kind, end) => {
      const campaign = await fixture.insert();
      await begin(campaign);
      expect(await raised()).toEqual([]);

      await end(campaign);
      await end(campaign);
      await store.endStoppedRun(campaign.promotionId, NOW);

      expect(await raised()).toEqual([{ key: key(campaign, what), kind }]);
    });

    it.each(['STOPPED', 'FAILED'] as const)(
      'is raised when a campaign that was set to %s by hand goes on before it was wound up',
      async (status) => {
        const campaign = await fixture.insert();
        await begin(campaign);
        await fixture.setStatus(campaign, status);

        expect(await begin(campaign, 'resume', { statuses: ['READY', 'STOPPED', 'FAILED'] })).toBe('begun');

        expect(await raised()).toEqual([
          { key: key(campaign, status.toLowerCase()), kind: `CAMPAIGN_${status}` },
        ]);
      },
    );

    it('is raised when the end of a run finds that its campaign was stopped by hand', async () => {
      const campaign = await fixture.insert();
      await begin(campaign);
      await fixture.setStatus(campaign, 'STOPPED');

      expect(await finish(campaign, 'COMPLETED')).toBe('STOPPED');

      expect(await raised()).toEqual([{ key: key(campaign, 'stopped'), kind: 'CAMPAIGN_STOPPED' }]);
      expect(await fixture.summary(campaign)).toMatchObject({
        isStopped: true,
        stoppedMemo: 'the status was set to STOPPED',
      });
    });

    it('is raised by no campaign that is stopped when its run has ended', async () => {
      const campaign = await fixture.insert();
      await begin(campaign);
      await finish(campaign, 'COMPLETED');
      await fixture.setStatus(campaign, 'STOPPED');

      await store.endStoppedRun(campaign.promotionId, NOW);

      expect(await raised()).toEqual([{ key: key(campaign, 'completed'), kind: 'CAMPAIGN_COMPLETED' }]);
    });

    it('of a run is another than that of the run before', async () => {
      const campaign = await fixture.insert();
      await begin(campaign);
      await store.stopCampaign(campaign.promotionId, 'lunch', NOW);
      await begin(campaign, 'another', { statuses: ['STOPPED'] });
      await store.stopCampaign(campaign.promotionId, 'tea', NOW);

      expect(await raised()).toEqual([
        { key: `promotion-${campaign.promotionId}-run-1-stopped`, kind: 'CAMPAIGN_STOPPED' },
        { key: `promotion-${campaign.promotionId}-run-2-stopped`, kind: 'CAMPAIGN_STOPPED' },
      ]);
    });

    it('of the breaker is raised by whoever changed it, and by nobody else', async () => {
      const { nowMs, ...before } = await store.readBreaker();
      const next = { ...before, version: before.version + 1, openedMs: nowMs };
      const alert = {
        kind: 'BREAKER_OPENED',
        promotionId: null,
        runNumber: null,
        raisedAtMs: nowMs,
      } as const;

      expect(await store.saveBreaker(before.version, next, { ...alert, key: 'ours' })).toBe(true);
      expect(await store.saveBreaker(before.version, next, { ...alert, key: 'theirs' })).toBe(false);

      expect(await raised()).toEqual([{ key: 'ours', kind: 'BREAKER_OPENED' }]);
    });

    it('is told in the order in which they were raised, and once', async () => {
      const alert = { kind: 'FAILURE_RATE', promotionId: '7', runNumber: 2, raisedAtMs: NOW } as const;
      await store.raiseAlert({ ...alert, key: 'z' });
      await store.raiseAlert({ ...alert, key: 'a' });
      await store.raiseAlert({ ...alert, key: 'z', raisedAtMs: NOW + 1 });
      expect(await store.unpublishedAlerts(1)).toEqual([{ ...alert, key: 'z' }]);

      await store.markTold('z', NOW);
      await store.markTold('z', NOW);

      expect(await store.unpublishedAlerts(50)).toEqual([{ ...alert, key: 'a' }]);
      await store.raiseAlert({ ...alert, key: 'z' });
      expect(await raised()).toEqual([{ key: 'a', kind: 'FAILURE_RATE' }]);
    });

    it('says what a run came to', async () => {
      const campaign = await fixture.insert({ targetCount: 3 });
      await begin(campaign);
      const { promotionId, promotionType } = campaign;
      const progress = { publishedCount: 3, successCount: 2, failCount: 1, retrySuccessCount: 1 };
      await store.saveProgress({ promotionId, runNumber: 1, totalCount: 3 }, progress);
      await store.stopCampaign(promotionId, 'lunch', NOW);

      expect(await store.alertCampaign({ promotionId, runNumber: 1 })).toMatchObject({
        promotionId,
        promotionType,
        runNumber: 1,
        executionArn: 'execution',
        totalCount: 3,
        successCount: 2,
        failCount: 1,
        retrySuccessCount: 1,
        memo: 'lunch',
      });
      expect(await store.alertCampaign({ promotionId, runNumber: 2 })).toBeUndefined();
    });
  });
});
