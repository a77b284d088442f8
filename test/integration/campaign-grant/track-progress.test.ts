import { describe, expect, it } from 'vitest';
import { trackProgress } from '../../../lambdas/campaign-grant/app/track-progress.ts';
import type { CampaignStore, Clock, Progress, PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import { insertTargets } from '../../support/campaign-database.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import {
  FakeProgressCounters,
  NO_PROGRESS,
  START_MS,
  VirtualClock,
  failingAt,
  summaryOf,
} from '../../support/fakes.ts';

const INTERVAL = 5;
/** An invocation's time, in seconds; the last 60 of them are kept for the round under way. */
const PLENTY = 900;

const world = useCampaignWorld();

function pay(
  { promotionId, promotionType }: PromotionKey,
  ids: readonly string[],
  processStatus = 'SUCCESS' as 'SUCCESS' | 'FAILED' | 'RETRYING',
) {
  const results = ids.map((targetId) => ({
    targetId,
    promotionId,
    processStatus,
    transactionKey: null,
    errorMessage: null,
    attemptCount: 1,
    decided: true,
  }));
  return world.store.recordResults(promotionType, results, START_MS);
}

/** A clock on which something happens at the end of each sleep. */
function eachInterval(clock: VirtualClock, happens: (interval: number) => Promise<void>): Clock {
  let interval = 0;
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    async sleep(seconds) {
      await clock.sleep(seconds);
      interval += 1;
      await happens(interval);
    },
  };
}

describe('the counters', () => {
  it('are copied to the summary each interval, while they move', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const { run } = campaign;
    const services = world.services();
    const copies: (Progress | undefined)[] = [];
    const clock = eachInterval(services.clock, async (interval) => {
      copies.push(await summaryOf(world.sql, campaign));
      services.counters.set(run.summaryId, { publishedCount: 3, successCount: interval });
      if (interval === 3) await pay(campaign, campaign.ids);
    });
    services.counters.set(run.summaryId, { publishedCount: 3 });

    const output = await trackProgress({ ...services, clock }, { run }, services.clock.budget(PLENTY));

    expect(copies).toMatchObject([
      { publishedCount: 3, successCount: 0 },
      { publishedCount: 3, successCount: 1 },
      { publishedCount: 3, successCount: 2 },
    ]);
    expect(await summaryOf(world.sql, campaign)).toMatchObject({ publishedCount: 3, successCount: 3 });
    expect(output).toEqual({ ended: true, finalCount: 3 });
    expect(services.clock.monotonic()).toBe(3 * INTERVAL);
  });

  it('that have not moved are not written again', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const writes: Progress[] = [];
    const services = world.services();
    const saveProgress: CampaignStore['saveProgress'] = (run, progress) => {
      writes.push(progress);
      return world.store.saveProgress(run, progress);
    };
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1 });

    const recording = { ...services, store: { ...services.store, saveProgress } };
    await trackProgress(recording, { run: campaign.run }, services.clock.budget(62));

    expect(writes).toEqual([{ ...NO_PROGRESS, publishedCount: 3, successCount: 1 }]);
  });

  it('that lie high settle nothing: the rows are asked, and say how far it is', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids.slice(0, 1));
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 5 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(75));

    expect(output.ended).toBe(false);
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      publishedCount: 3,
      successCount: 1,
      failCount: 0,
    });
  });

  it.each([
    ['were lost when Redis was emptied', (counters: FakeProgressCounters) => counters.clear()],
    ['cannot be read because Redis is away', (counters: FakeProgressCounters) => (counters.isAway = true)],
  ])('that %s do not keep a finished campaign from settling', async (_name, lose) => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids);
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 2 });
    lose(services.counters);

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ ended: true, finalCount: 3 });
  });

  it('that stand still too low do not keep a finished campaign from settling', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids);
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 2 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ ended: true, finalCount: 3 });
    expect(services.clock.monotonic()).toBe(2 * INTERVAL);
  });

  it('that were lost are set anew from the rows, and go on from there', async () => {
    const campaign = await world.publish({ targetCount: 4 });
    const { run } = campaign;
    await pay(campaign, campaign.ids.slice(0, 2));
    const services = world.services();
    const copies: (Progress | undefined)[] = [];
    const clock = eachInterval(services.clock, async (interval) => {
      copies.push(await summaryOf(world.sql, campaign));
      if (interval === 2) await services.counters.add(run.summaryId, { failCount: 1 });
    });

    await trackProgress({ ...services, clock }, { run }, services.clock.budget(75));

    expect(services.counters.totals.get(run.summaryId)).toBe(4);
    expect(copies).toMatchObject([
      { successCount: 0, failCount: 0 },
      { publishedCount: 4, successCount: 2, failCount: 0 },
      { publishedCount: 4, successCount: 2, failCount: 1 },
    ]);
  });

  it('that were lost are replaced in the summary by what the rows say', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids.slice(0, 1));
    await pay(campaign, campaign.ids.slice(1, 2), 'FAILED');
    const services = world.services();
    services.counters.isAway = true;

    await trackProgress(services, { run: campaign.run }, services.clock.budget(70));

    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      publishedCount: 3,
      successCount: 1,
      failCount: 1,
    });
  });
});

describe('a campaign is settled', () => {
  it('when each target is SUCCESS or FAILED', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids.slice(0, 2));
    await pay(campaign, campaign.ids.slice(2), 'FAILED');
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 2, failCount: 1 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ ended: true, finalCount: 3 });
    expect(services.clock.monotonic()).toBe(0);
  });

  it('once it was stopped, whoever is unpaid', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids.slice(0, 1));
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1 });
    const clock = eachInterval(services.clock, async () => {
      await world.store.stopCampaign(campaign.promotionId, 'lunch', services.clock.now());
    });

    const output = await trackProgress(
      { ...services, clock },
      { run: campaign.run },
      services.clock.budget(PLENTY),
    );

    expect(output).toEqual({ ended: true, finalCount: 1 });
    expect(services.clock.monotonic()).toBe(INTERVAL);
  });

  it('not while a target is RETRYING', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids.slice(0, 2));
    await pay(campaign, campaign.ids.slice(2), 'RETRYING');
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 3 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(70));

    expect(output.ended).toBe(false);
  });

  it('not before targets that were added to it after its start are final too', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids);
    await insertTargets(world.sql, campaign, 1);
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 3 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(70));

    expect(output.ended).toBe(false);
  });
});

describe('a campaign of which nothing moves any more though something is left', () => {
  /** Longer than SQS's approximate counts may be wrong, and the intervals until the rows are counted. */
  const STALL_SECONDS = 120;

  it('has its tracking end, for another pass to send what was lost with its queue', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids.slice(0, 1));
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ ended: true, finalCount: 1 });
    expect(services.clock.monotonic()).toBeGreaterThanOrEqual(75);
    expect(services.clock.monotonic()).toBeLessThan(STALL_SECONDS);
  });

  it('goes on while a message is in the queue, waiting or at work', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    services.queue.scriptBacklog(1);

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(300));

    expect(output.ended).toBe(false);
  });

  it('ends though the breaker is open: with the queue lost, nobody is left to send a probe', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    await world.setBreaker({ version: 10, consecutiveFailures: 10, openedMs: services.clock.now() });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(300));

    expect(output.ended).toBe(true);
  });

  it('goes on for as long as a target is paid now and then', async () => {
    const campaign = await world.publish({ targetCount: 20 });
    const services = world.services();
    let intervals = 0;
    const clock = eachInterval(services.clock, async () => {
      intervals += 1;
      // One a minute.
      if (intervals % 12 === 0) await pay(campaign, campaign.ids.slice(0, intervals / 12));
    });

    const output = await trackProgress(
      { ...services, clock },
      { run: campaign.run },
      services.clock.budget(PLENTY),
    );

    expect(output.ended).toBe(false);
  });

  it('ends at once when another execution has taken over', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    await world.beginRun(campaign, { executionId: 'recovery', from });
    const services = world.services();

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output.ended).toBe(true);
    expect(services.clock.monotonic()).toBe(0);
  });
});

describe('an invocation', () => {
  it('whose time is up asks to be invoked again', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1, failCount: 1 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(64));

    expect(output.ended).toBe(false);
    expect(services.clock.monotonic()).toBe(INTERVAL);
  });

  it('that died is simply followed by another', async () => {
    const campaign = await world.publish({ targetCount: 3 });
    await pay(campaign, campaign.ids);
    const services = world.services();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 3 });
    const dying = { ...services, store: failingAt(services.store, 'saveProgress') };
    await expect(
      trackProgress(dying, { run: campaign.run }, services.clock.budget(PLENTY)),
    ).rejects.toThrow();

    const output = await trackProgress(dying, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ ended: true, finalCount: 3 });
  });
});
