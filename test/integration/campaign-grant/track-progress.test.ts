import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { trackProgress } from '../../../lambdas/campaign-grant/app/track-progress.ts';
import type { CampaignStore, Clock, Progress, PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import type { CampaignRun } from '../../../schema/campaign-run.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import {
  FakeProgressCounters,
  NO_PROGRESS,
  START_MS,
  VirtualClock,
  beginRun,
  failingAt,
  summaryOf,
} from '../../support/fakes.ts';

const INTERVAL = 5;
/** An invocation's time, in seconds; the last 60 of them are kept for the round under way. */
const PLENTY = 900;

let database: CampaignDatabase;
let store: CampaignStore;

beforeAll(async () => {
  database = await startCampaignDatabase();
  store = sqlCampaignStore(database.db);
});
afterAll(() => database.close());

interface Campaign extends PromotionKey {
  readonly ids: readonly string[];
  readonly run: CampaignRun;
}

/** IN_PROGRESS, all targets PUBLISHED, nobody paid. */
async function makeCampaign(targetCount = 3): Promise<Campaign> {
  const key = await insertPromotion(database.sql);
  const ids = await insertTargets(database.sql, key, targetCount);
  const run = await beginRun(store, key);
  await store.markPublished(key, ids, START_MS);
  return { ...key, ids, run };
}

function makeServices(overrides: { store?: CampaignStore } = {}) {
  return {
    store,
    counters: new FakeProgressCounters(),
    clock: new VirtualClock(),
    intervalSeconds: INTERVAL,
    ...overrides,
  };
}

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
  }));
  return store.recordResults(promotionType, results, START_MS);
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
    const campaign = await makeCampaign();
    const { run } = campaign;
    const services = makeServices();
    const copies: (Progress | undefined)[] = [];
    const clock = eachInterval(services.clock, async (interval) => {
      copies.push(await summaryOf(database.sql, campaign));
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
    expect(await summaryOf(database.sql, campaign)).toMatchObject({ publishedCount: 3, successCount: 3 });
    expect(output).toEqual({ settled: true, finalCount: 3 });
    expect(services.clock.monotonic()).toBe(3 * INTERVAL);
  });

  it('that have not moved are not written again', async () => {
    const campaign = await makeCampaign();
    const writes: Progress[] = [];
    const services = makeServices();
    const saveProgress = (promotionId: string, progress: Progress) => {
      writes.push(progress);
      return store.saveProgress(promotionId, progress);
    };
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1 });

    const recording = { ...services, store: { ...store, saveProgress } };
    await trackProgress(recording, { run: campaign.run }, services.clock.budget(62));

    expect(writes).toEqual([{ ...NO_PROGRESS, publishedCount: 3, successCount: 1 }]);
  });

  it('that lie high settle nothing: the rows are asked, and say how far it is', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids.slice(0, 1));
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 5 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(75));

    expect(output.settled).toBe(false);
    expect(await summaryOf(database.sql, campaign)).toMatchObject({
      publishedCount: 3,
      successCount: 1,
      failCount: 0,
    });
  });

  it.each([
    ['were lost when Redis was emptied', (counters: FakeProgressCounters) => counters.clear()],
    ['cannot be read because Redis is away', (counters: FakeProgressCounters) => (counters.isAway = true)],
  ])('that %s do not keep a finished campaign from settling', async (_name, lose) => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids);
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 2 });
    lose(services.counters);

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ settled: true, finalCount: 3 });
  });

  it('that stand still too low do not keep a finished campaign from settling', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids);
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 2 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ settled: true, finalCount: 3 });
    expect(services.clock.monotonic()).toBe(2 * INTERVAL);
  });

  it('that were lost are replaced in the summary by what the rows say', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids.slice(0, 1));
    await pay(campaign, campaign.ids.slice(1, 2), 'FAILED');
    const services = makeServices();
    services.counters.isAway = true;

    await trackProgress(services, { run: campaign.run }, services.clock.budget(70));

    expect(await summaryOf(database.sql, campaign)).toMatchObject({
      publishedCount: 3,
      successCount: 1,
      failCount: 1,
    });
  });
});

describe('a campaign is settled', () => {
  it('when each target is SUCCESS or FAILED', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids.slice(0, 2));
    await pay(campaign, campaign.ids.slice(2), 'FAILED');
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 2, failCount: 1 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ settled: true, finalCount: 3 });
    expect(services.clock.monotonic()).toBe(0);
  });

  it('once it was stopped, whoever is unpaid', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids.slice(0, 1));
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1 });
    const clock = eachInterval(services.clock, () =>
      store.stopCampaign(campaign.promotionId, 'lunch', services.clock.now()),
    );

    const output = await trackProgress(
      { ...services, clock },
      { run: campaign.run },
      services.clock.budget(PLENTY),
    );

    expect(output).toEqual({ settled: true, finalCount: 1 });
    expect(services.clock.monotonic()).toBe(INTERVAL);
  });

  it('not while a target is RETRYING', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids.slice(0, 2));
    await pay(campaign, campaign.ids.slice(2), 'RETRYING');
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 3 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(70));

    expect(output.settled).toBe(false);
  });

  it('not before targets that were added to it after its start are final too', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids);
    await insertTargets(database.sql, campaign, 1);
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 3 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(70));

    expect(output.settled).toBe(false);
  });
});

describe('an invocation', () => {
  it('whose time is up asks to be invoked again', async () => {
    const campaign = await makeCampaign();
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 1, failCount: 1 });

    const output = await trackProgress(services, { run: campaign.run }, services.clock.budget(64));

    expect(output).toEqual({ settled: false, finalCount: 2 });
    expect(services.clock.monotonic()).toBe(INTERVAL);
  });

  it('that died is simply followed by another', async () => {
    const campaign = await makeCampaign();
    await pay(campaign, campaign.ids);
    const services = makeServices();
    services.counters.set(campaign.run.summaryId, { publishedCount: 3, successCount: 3 });
    const dying = { ...services, store: failingAt(store, 'saveProgress') };
    await expect(
      trackProgress(dying, { run: campaign.run }, services.clock.budget(PLENTY)),
    ).rejects.toThrow();

    const output = await trackProgress(dying, { run: campaign.run }, services.clock.budget(PLENTY));

    expect(output).toEqual({ settled: true, finalCount: 3 });
  });
});
