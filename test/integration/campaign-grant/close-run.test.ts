import { describe, expect, it } from 'vitest';
import { closeRun } from '../../../lambdas/campaign-grant/app/close-run.ts';
import { reconcileCampaigns } from '../../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import { START_MS, losingAnswerOf, setStatus, summaryOf, targetsOf } from '../../support/fakes.ts';

const world = useCampaignWorld();

const ABORTED = { executionId: EXECUTION, status: 'ABORTED', cause: 'lunch' } as const;

async function runsOf({ promotionId }: { promotionId: string }): Promise<unknown> {
  const [rows] = await world.sql.query(
    `SELECT run_number AS run, outcome, CAST(ended_at AS CHAR) AS endedAt FROM campaign_runs
     WHERE promotion_id = ? ORDER BY run_number`,
    [promotionId],
  );
  return rows;
}

describe('an execution that ended on its own', () => {
  it.each([
    ['ABORTED', 'STOPPED'],
    ['FAILED', 'FAILED'],
    ['TIMED_OUT', 'FAILED'],
  ] as const)(
    '%s leaves its campaign %s with a memo, and what is unpaid PENDING',
    async (status, outcome) => {
      const campaign = await world.publish({ targetCount: 4 });
      await world.recordResults(campaign, ['SUCCESS', 'FAILED', 'RETRYING', null]);

      const closed = await closeRun(world.services(), { ...ABORTED, status });

      expect(closed).toEqual({ promotionId: campaign.promotionId, promotionType: 'VOUCHER' });
      expect(await world.store.promotionStatus(campaign.promotionId)).toBe(outcome);
      expect(await summaryOf(world.sql, campaign)).toMatchObject({
        stoppedAt: '2026-11-21 12:00:00',
        stoppedMemo: `execution ${status}: lunch`,
        completedAt: null,
      });
      // Once it is wound up: calls that were under way have ended by then.
      expect(await runsOf(campaign)).toEqual([{ run: 1, outcome, endedAt: '2026-11-21 12:00:05' }]);
      expect(await targetsOf(world.sql, campaign)).toMatchObject([
        { publishStatus: 'PUBLISHED', processStatus: 'SUCCESS' },
        { publishStatus: 'PUBLISHED', processStatus: 'FAILED' },
        { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
        { publishStatus: 'PENDING', processStatus: null },
      ]);
    },
  );

  it('without a cause says so', async () => {
    const campaign = await world.publish();

    await closeRun(world.services(), { ...ABORTED, cause: '' });

    expect((await summaryOf(world.sql, campaign))?.stoppedMemo).toBe('execution ABORTED: no cause was given');
  });

  it('with a cause of many pages keeps its beginning', async () => {
    const campaign = await world.publish();

    await closeRun(world.services(), { ...ABORTED, cause: '길'.repeat(2_000) });

    expect((await summaryOf(world.sql, campaign))?.stoppedMemo).toHaveLength(500);
  });

  it('closes its run once: the event that comes again changes nothing', async () => {
    const campaign = await world.publish();
    const services = world.services();
    await closeRun(services, ABORTED);
    services.clock.advance(60);

    expect(await closeRun(services, { ...ABORTED, status: 'FAILED', cause: 'other' })).toBeUndefined();
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedAt: '2026-11-21 12:00:00',
      stoppedMemo: 'execution ABORTED: lunch',
    });
  });

  it('leaves nothing PUBLISHED and unpaid though the answer of its close was lost', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'closeRun') };
    await expect(closeRun(lossy, ABORTED)).rejects.toThrow('the answer was lost');

    // Its run is still open: the reconciler winds it up.
    const { closed } = await reconcileCampaigns(services);

    expect(closed).toEqual([campaign.promotionId]);
    expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PENDING',
      'PENDING',
    ]);
  });
});

describe('nothing is closed', () => {
  it('when another execution runs the campaign by now', async () => {
    const campaign = await world.publish();
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    await world.beginRun(campaign, { executionId: 'recovery', from });

    expect(await closeRun(world.services(), ABORTED)).toBeUndefined();
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ publishStatus: 'PUBLISHED' }]);
  });

  it('when it was resumed by another execution after a stop', async () => {
    const campaign = await world.publish();
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    await world.beginRun(campaign, { executionId: 'resumed', from: { statuses: ['STOPPED'] } });

    expect(await closeRun(world.services(), ABORTED)).toBeUndefined();
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
  });

  it.each(['COMPLETED', 'FAILED', 'STOPPED', 'READY'])('when the campaign is %s', async (status) => {
    const campaign = await world.publish();
    await setStatus(world.sql, campaign, status);

    expect(await closeRun(world.services(), ABORTED)).toBeUndefined();
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe(status);
    expect((await summaryOf(world.sql, campaign))?.stoppedMemo).toBeNull();
  });

  it('for an execution that never began a run', async () => {
    const campaign = await world.publish();

    expect(await closeRun(world.services(), { ...ABORTED, executionId: 'refused' })).toBeUndefined();
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
  });
});
