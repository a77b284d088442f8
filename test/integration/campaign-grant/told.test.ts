/** What each use case tells of its work, from which metrics, gauges and lines of the log are made. */
import { describe, expect, it } from 'vitest';
import { collectDeadLetters } from '../../../lambdas/campaign-grant/app/collect-dead-letters.ts';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import { reconcileCampaigns } from '../../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import { trackProgress } from '../../../lambdas/campaign-grant/app/track-progress.ts';
import { pay, useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices } from '../../support/campaign-world.ts';
import { START_MS, answers, failingAt } from '../../support/fakes.ts';

const world = useCampaignWorld();

const poison = {
  messageId: 'poison',
  receiptHandle: 'receipt-of-poison',
  groupId: '1',
  receiveCount: 1,
  body: 'not json',
};

describe('GrantRewards', () => {
  it('tells each call of a batch: its target, its outcome, its attempt and how long it took', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    const [slow, rejected, lost] = campaign.grants;
    if (slow === undefined || rejected === undefined || lost === undefined) throw new Error('three');
    services.money.script(slow, answers.granted('T', 0.25));
    services.money.script(rejected, answers.rejected('ACCOUNT_CLOSED', 422, 0.5));
    services.money.script(lost, answers.timedOut());

    await pay(services, campaign.messages);

    const [figures] = services.log.paid;
    const told = figures?.calls.map(({ grant, outcome, attemptCount, latencyMs }) => ({
      targetId: grant.targetId,
      kind: outcome.kind,
      attemptCount,
      latencyMs: Math.round(latencyMs),
    }));
    expect(told).toEqual([
      { targetId: slow.targetId, kind: 'granted', attemptCount: 1, latencyMs: 250 },
      { targetId: rejected.targetId, kind: 'rejected', attemptCount: 1, latencyMs: 500 },
      { targetId: lost.targetId, kind: 'transient', attemptCount: 1, latencyMs: 3_000 },
    ]);
    expect(figures).toMatchObject({ promotionIds: [campaign.promotionId], breakerWaitSeconds: 0 });
  });

  it('tells dead letters apart that were never called for', async () => {
    const campaign = await world.publish();
    const services = world.services();
    const [message] = campaign.messages;
    const unknown = {
      ...poison,
      messageId: 'unknown',
      receiptHandle: 'receipt-of-unknown',
      groupId: '2',
      body: (message?.body ?? '').replaceAll(`"${campaign.ids[0] ?? ''}"`, '"999999999"'),
    };

    await pay(services, [poison, unknown]);

    expect(services.log.paid).toMatchObject([
      { malformed: 1, unknownTargets: 1, deadLetters: 2, calls: [], promotionIds: [] },
    ]);
  });

  it('tells how long the breaker held it up', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    const openedMs = services.clock.now() - 10_000;
    await world.setBreaker({
      version: 10,
      consecutiveFailures: 10,
      streakStartedMs: openedMs,
      openedMs,
    });

    await pay(services, campaign.messages);

    const [figures] = services.log.paid;
    expect(figures?.calls).toHaveLength(3);
    // Its probe was due 20 s after the batch came.
    expect(figures?.breakerWaitSeconds).toBeGreaterThanOrEqual(18);
    expect(figures?.breakerWaitSeconds).toBeLessThanOrEqual(22);
  });

  it('tells an outage by its opening, by each probe that fails, and by its end', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();
    services.money.outage = answers.unavailable();
    let waiting = [...campaign.messages];

    while (waiting.length > 0 && services.clock.monotonic() < 600) {
      if (services.clock.monotonic() > 45) services.money.outage = undefined;
      const again = new Set(await pay(services, waiting));
      waiting = waiting.filter((message) => again.has(message.messageId));
      services.clock.advance(3);
    }

    const changes = services.log.breakerChanges;
    expect(changes.map(({ transition }) => transition)).toEqual(['opened', 'reopened', 'closed']);
    expect(changes.map(({ consecutiveFailures }) => consecutiveFailures)).toEqual([10, 10, 10]);
    const [, reopened, closed] = changes.map(({ outageSeconds }) => outageSeconds);
    expect(reopened).toBeGreaterThanOrEqual(30);
    expect(closed).toBeGreaterThanOrEqual(60);
  });
});

describe('PublishPartition', () => {
  it('tells each page: what was sent, what cannot be paid, what the queue did not take', async () => {
    const { ids, run, partition } = await world.begin({ targetCount: 4 });
    const services = world.services();
    services.queue.refuse(ids[1] ?? '', { permanent: true });
    services.queue.refuse(ids[2] ?? '', { permanent: false });

    await publishPartition(services, { run, partition }, services.clock.budget(900));

    const { promotionId, promotionType } = run;
    expect(services.log.pages).toMatchObject([
      {
        promotionId,
        promotionType,
        runNumber: 1,
        sentCount: 2,
        invalid: [{ targetId: ids[1], reason: 'QUEUE_REFUSED: InvalidMessageContents' }],
        sendFailureCount: 1,
      },
      { sentCount: 1, invalid: [], sendFailureCount: 0 },
    ]);
  });
});

describe('CollectDeadLetters', () => {
  it('tells dead letters by cause, and what was none any more', async () => {
    const paying = await world.publish({ targetCount: 2 });
    await world.recordResults(paying, ['SUCCESS', null]);
    const stopped = await world.publish({ type: 'POINT' });
    await world.store.stopCampaign(stopped.promotionId, 'lunch', START_MS);

    const collected = await collectDeadLetters(world.services(), [
      poison,
      ...paying.messages,
      ...stopped.messages,
    ]);

    expect(collected).toMatchObject({ repeated: 1, returned: 1 });
    expect(collected.deadLetters.map(({ cause }) => cause)).toEqual(['MALFORMED', 'RECEIVES_EXHAUSTED']);
  });
});

/** TrackProgress with what it needs besides the world's services. */
function track(services: CampaignServices, run: Parameters<typeof trackProgress>[1]['run'], seconds: number) {
  return trackProgress(services, { run }, services.clock.budget(seconds));
}

describe('TrackProgress', () => {
  it('tells each interval how far the campaign is, and the last one that all is done', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const { run } = campaign;
    const services = world.services();
    services.counters.set(run.summaryId, { publishedCount: 3, successCount: 1 });
    const sleep = services.clock.sleep.bind(services.clock);
    services.clock.sleep = async (seconds) => {
      await sleep(seconds);
      services.counters.set(run.summaryId, { publishedCount: 3, successCount: 3 });
      await services.clock.during(() => world.recordResults(campaign, ['SUCCESS', 'SUCCESS', 'SUCCESS']));
    };

    const output = await track(services, run, 900);

    expect(output.ended).toBe(true);
    expect(services.gauges.reports).toMatchObject([
      { CampaignTargets: 3, CampaignFinal: 1, MoneyCeiling: 1_000, BreakerOpen: 0, CountersLost: 0 },
      { CampaignTargets: 3, CampaignFinal: 3, CampaignRate: 2 / 5 },
    ]);
  });

  it('tells that the counters are lost, and the rows instead once they are counted', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await world.recordResults(campaign, ['SUCCESS', 'FAILED', null]);
    const services = world.services();
    services.counters.isAway = true;

    await track(services, campaign.run, 75);

    expect(services.gauges.reports[0]).toMatchObject({ CountersLost: 1 });
    expect(services.gauges.reports[0]).not.toHaveProperty('CampaignFinal');
    expect(services.gauges.reports.at(-1)).toMatchObject({ CountersLost: 1, CampaignFinal: 2 });
  });
});

describe('ReconcileCampaigns', () => {
  it('tells whether the breaker is open while nothing is paid', async () => {
    const services = world.services();
    await world.setBreaker({ version: 10, consecutiveFailures: 10, openedMs: services.clock.now() });

    await reconcileCampaigns(services);

    expect(services.gauges.reports).toEqual([{ BreakerOpen: 1 }]);
  });

  it('goes on when it cannot read the breaker', async () => {
    const services = world.services();

    const store = failingAt(services.store, 'readBreaker');
    const reconciled = await reconcileCampaigns({ ...services, store });

    expect(reconciled.started).toEqual([]);
    expect(services.gauges.reports).toEqual([{}]);
  });
});
