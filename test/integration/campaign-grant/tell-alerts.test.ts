/** From a transition to the topic, on the real rows. */
import { describe, expect, it } from 'vitest';
import { sqlOperatorStore } from '../../../lambdas/campaign-grant/adapters/sql-operator-store.ts';
import { closeRun } from '../../../lambdas/campaign-grant/app/close-run.ts';
import { finishCampaign } from '../../../lambdas/campaign-grant/app/finish-campaign.ts';
import { reconcileCampaigns } from '../../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import { tellAlerts } from '../../../lambdas/campaign-grant/app/tell-alerts.ts';
import { trackProgress } from '../../../lambdas/campaign-grant/app/track-progress.ts';
import type { CampaignStore } from '../../../lambdas/campaign-grant/ports.ts';
import type { CampaignRun } from '../../../schema/campaign-run.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices } from '../../support/campaign-world.ts';
import { DatabaseAway, START_MS, failingAt, setStatus } from '../../support/fakes.ts';

const world = useCampaignWorld();

const kinds = (services: ReturnType<typeof world.services>) =>
  services.topic.published.map(({ kind }) => kind);

describe('what is raised', () => {
  it('is published with the figures, once', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    await world.recordResults(campaign, ['SUCCESS', 'SUCCESS']);
    const services = world.services();

    await finishCampaign(services, { run: campaign.run });
    await tellAlerts(services);

    expect(services.topic.published).toMatchObject([
      {
        alertKey: `promotion-${campaign.promotionId}-run-1-completed`,
        kind: 'CAMPAIGN_COMPLETED',
        isUrgent: false,
        stage: 'test',
        campaign: { totalCount: 2, successCount: 2, failCount: 0, grantedAmount: '2000.00' },
      },
    ]);
  });

  it('is published at the next look when the topic did not take it, in the same order', async () => {
    const campaign = await world.publish({ targetCount: 1 });
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    await world.store.raiseAlert({
      key: 'later',
      kind: 'BREAKER_OPENED',
      promotionId: null,
      runNumber: null,
      raisedAtMs: START_MS,
    });
    const services = world.services();
    services.topic.failures.push(new Error('InternalError'));

    await tellAlerts(services);
    expect(services.topic.published).toEqual([]);
    expect(services.alertLog.failures).toHaveLength(1);

    await tellAlerts(services);
    expect(kinds(services)).toEqual(['CAMPAIGN_STOPPED', 'BREAKER_OPENED']);
  });

  it('that is of a promotion which is gone is published without it', async () => {
    await world.store.raiseAlert({
      key: 'gone',
      kind: 'CAMPAIGN_STOPPED',
      promotionId: '999999',
      runNumber: 1,
      raisedAtMs: START_MS,
    });
    const services = world.services();
    await tellAlerts(services);
    expect(services.topic.published).toMatchObject([{ alertKey: 'gone', campaign: null }]);
  });

  it('does not wait for the campaign to end', async () => {
    const campaign = await world.publish({ targetCount: 2_000 });
    await world.recordResults(campaign, [
      ...Array.from({ length: 980 }, () => 'SUCCESS' as const),
      ...Array.from({ length: 20 }, () => 'FAILED' as const),
    ]);
    const services = world.services();
    services.counters.set(campaign.run.summaryId, {
      publishedCount: 2_000,
      successCount: 980,
      failCount: 20,
    });

    await trackProgress(services, { run: campaign.run }, services.clock.budget(66));

    expect(kinds(services)).toEqual(['FAILURE_RATE']);
    expect(services.topic.published).toMatchObject([
      { campaign: { successCount: 980, failCount: 20, totalCount: 2_000, grantedAmount: null } },
    ]);
  });

  it('does not wait for Redis either', async () => {
    const campaign = await world.publish({ targetCount: 1_010 });
    await world.recordResults(campaign, [
      ...Array.from({ length: 980 }, () => 'SUCCESS' as const),
      ...Array.from({ length: 20 }, () => 'FAILED' as const),
    ]);
    const services = world.services();
    services.counters.isAway = true;

    await trackProgress(services, { run: campaign.run }, services.clock.budget(75));

    expect(kinds(services)).toEqual(['FAILURE_RATE']);
  });

  it('of a campaign that fails too often is told once, in however many passes it is paid', async () => {
    const campaign = await world.publish({ targetCount: 1_000 });
    const { run } = campaign;
    await world.recordResults(campaign, [
      ...Array.from({ length: 980 }, () => 'SUCCESS' as const),
      ...Array.from({ length: 20 }, () => 'FAILED' as const),
    ]);
    const services = world.services();
    const failures = { publishedCount: 1_000, successCount: 980, failCount: 20 };
    services.counters.set(run.summaryId, failures);
    await trackProgress(services, { run }, services.clock.budget(900));
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    const pass = await world.beginRun(campaign, { from });

    await trackProgress(services, { run: pass }, services.clock.budget(900));
    await finishCampaign(services, { run: pass });

    expect(kinds(services)).toEqual(['FAILURE_RATE', 'CAMPAIGN_COMPLETED']);
  });

  it.each<
    [
      string,
      'CAMPAIGN_STOPPED' | 'CAMPAIGN_FAILED',
      (services: CampaignServices, run: CampaignRun) => Promise<unknown>,
    ]
  >([
    [
      'stopped campaign',
      'CAMPAIGN_STOPPED',
      async (services, run) => {
        await world.store.stopCampaign(run.promotionId, 'lunch', START_MS);
        await finishCampaign(services, { run });
      },
    ],
    [
      'campaign that was stopped by hand',
      'CAMPAIGN_STOPPED',
      async (services, run) => {
        await setStatus(world.sql, run, 'STOPPED');
        await finishCampaign(services, { run });
      },
    ],
    [
      'failed campaign',
      'CAMPAIGN_FAILED',
      (services, run) => finishCampaign(services, { run, error: { Error: 'E', Cause: 'C' } }),
    ],
    [
      'campaign that lost its execution',
      'CAMPAIGN_STOPPED',
      (services) => closeRun(services, { executionId: EXECUTION, status: 'ABORTED', cause: 'lunch' }),
    ],
  ])('of a %s does not wait until it is wound up', async (_name, kind, end) => {
    const { run } = await world.publish({ targetCount: 1 });
    const services = world.services();
    const store = failingAt(services.store, 'windUp');

    await expect(end({ ...services, store }, run)).rejects.toThrow(DatabaseAway);

    expect(kinds(services)).toEqual([kind]);
  });

  it('is published by the reconciler though it cannot ask for an execution', async () => {
    const paying = await world.publish({ targetCount: 1 });
    await world.store.raiseAlert({
      key: 'waits',
      kind: 'BREAKER_OPENED',
      promotionId: null,
      runNumber: null,
      raisedAtMs: START_MS,
    });
    const services = world.services();
    services.runs.describe = () => Promise.reject(new Error(`no answer about ${paying.promotionId}`));

    await expect(reconcileCampaigns(services)).rejects.toThrow('no answer');

    expect(kinds(services)).toEqual(['BREAKER_OPENED']);
  });

  it('with a sum has it summed once', async () => {
    const campaign = await world.publish({ targetCount: 1 });
    await world.recordResults(campaign, ['SUCCESS']);
    const services = world.services();
    let sums = 0;
    const grantedAmount: CampaignStore['grantedAmount'] = (of) => {
      sums += 1;
      return services.store.grantedAmount(of);
    };

    await finishCampaign({ ...services, store: { ...services.store, grantedAmount } }, { run: campaign.run });

    expect(sums).toBe(1);
    expect(services.topic.published).toMatchObject([{ campaign: { grantedAmount: '1000.00' } }]);
  });

  it('is published by the reconciler where nothing else runs', async () => {
    const campaign = await world.publish({ targetCount: 1 });
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const services = world.services();

    await reconcileCampaigns(services);

    const ours = services.topic.published.filter(
      (alert) => alert.campaign?.promotionId === campaign.promotionId,
    );
    expect(ours).toMatchObject([{ kind: 'CAMPAIGN_STOPPED' }]);
  });

  it.each(['STOPPED', 'FAILED'] as const)(
    'when a campaign that was set to %s by hand goes on before it was wound up',
    async (status) => {
      const { promotionId, promotionType } = await world.publish({ targetCount: 1 });
      await setStatus(world.sql, { promotionId, promotionType }, status);
      const operator = sqlOperatorStore(world.database.db);

      expect(await operator.makeReady(promotionId, START_MS)).toBe(true);
      expect(await operator.makeReady(promotionId, START_MS)).toBe(false);

      const raised = await world.store.unpublishedAlerts(50);
      expect(raised.filter((alert) => alert.promotionId === promotionId)).toEqual([
        {
          key: `promotion-${promotionId}-run-1-${status.toLowerCase()}`,
          kind: `CAMPAIGN_${status}`,
          promotionId,
          runNumber: 1,
          raisedAtMs: START_MS,
        },
      ]);
    },
  );

  it('is nothing when a campaign goes on that was withdrawn before it was paid', async () => {
    const { promotionId } = await world.insert({ targetCount: 1 });
    const operator = sqlOperatorStore(world.database.db);
    await operator.withdraw(promotionId, 'not yet', START_MS);

    expect(await operator.makeReady(promotionId, START_MS)).toBe(true);

    const raised = await world.store.unpublishedAlerts(50);
    expect(raised.filter((alert) => alert.promotionId === promotionId)).toEqual([]);
  });

  it('of a small campaign with failures is told at its end', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    await world.recordResults(campaign, ['SUCCESS', 'FAILED'], { errorMessage: 'why' });
    await world.recordDeadLetters(campaign, [null, { cause: 'E404', transient: false }]);
    const services = world.services();

    await finishCampaign(services, { run: campaign.run });

    expect(kinds(services)).toEqual(['CAMPAIGN_COMPLETED', 'FAILURE_RATE']);
  });

  it('of failures is not told again when they are redriven and fail again', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    await world.recordResults(campaign, ['SUCCESS', 'FAILED'], { errorMessage: 'why' });
    await world.recordDeadLetters(campaign, [null, { cause: 'E404', transient: false }]);
    const services = world.services();
    await finishCampaign(services, { run: campaign.run });

    expect(await world.store.redrive(campaign, {}, 10, START_MS)).toBe(1);
    const again = { ...campaign, run: await world.beginRun(campaign) };
    await world.store.markPublished(again, again.ids, START_MS);
    await world.recordResults(again, [null, 'FAILED'], { errorMessage: 'why' });
    await finishCampaign(services, { run: again.run });

    expect(kinds(services)).toEqual(['CAMPAIGN_COMPLETED', 'FAILURE_RATE', 'CAMPAIGN_COMPLETED']);
  });
});
