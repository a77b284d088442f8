import { describe, expect, it } from 'vitest';
import { progressReporter, reportBreaker } from '../../../lambdas/campaign-grant/app/report-gauges.ts';
import type { BreakerReading } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import {
  DatabaseAway,
  FakeCampaignGauges,
  FakeGrantQueue,
  NO_PROGRESS,
  START_MS,
  VirtualClock,
} from '../../support/fakes.ts';

const RUN = {
  promotionId: '7',
  promotionType: 'POINT',
  runNumber: 1,
  summaryId: '3',
  totalCount: 100,
} as const;

function makeReading(openedMs: number | null): BreakerReading {
  return {
    version: 1,
    consecutiveFailures: 0,
    streakStartedMs: null,
    openedMs,
    probeMs: null,
    nowMs: START_MS,
  };
}

function makeServices(readBreaker = () => Promise.resolve(makeReading(null))) {
  return {
    store: { readBreaker },
    queue: new FakeGrantQueue(),
    clock: new VirtualClock(),
    gauges: new FakeCampaignGauges(),
    tps: 1_000,
  };
}

const away = () => Promise.reject(new DatabaseAway('away'));

describe('progress', () => {
  it('is told with what the campaign has before it, what it may take, and what holds it up', async () => {
    const services = makeServices(() => Promise.resolve(makeReading(START_MS)));
    services.queue.scriptBacklog(42);

    await progressReporter(services, RUN)({ ...NO_PROGRESS, successCount: 30, failCount: 2 }, undefined);

    expect(services.gauges.reports).toEqual([
      {
        CampaignTargets: 100,
        CampaignFinal: 32,
        CampaignGranted: 30,
        CampaignFailed: 2,
        CampaignBacklog: 42,
        MoneyCeiling: 1_000,
        BreakerOpen: 1,
        CountersLost: 0,
      },
    ]);
  });

  it('has a rate from the second interval on', async () => {
    const services = makeServices();
    const report = progressReporter(services, RUN);

    for (const successCount of [10, 60, 60]) {
      await report({ ...NO_PROGRESS, successCount }, undefined);
      services.clock.advance(5);
    }

    expect(services.gauges.reports.map((gauges) => gauges.CampaignRate)).toEqual([undefined, 10, 0]);
  });

  it('is never negative, when counters were rebuilt and say less than before', async () => {
    const services = makeServices();
    const report = progressReporter(services, RUN);

    await report({ ...NO_PROGRESS, successCount: 50 }, undefined);
    services.clock.advance(5);
    await report({ ...NO_PROGRESS, successCount: 40 }, undefined);

    expect(services.gauges.reports.at(-1)?.CampaignRate).toBe(0);
  });

  it('is that of the rows while Redis does not say it', async () => {
    const services = makeServices();

    await progressReporter(services, RUN)(undefined, { ...NO_PROGRESS, successCount: 20 });

    expect(services.gauges.reports).toMatchObject([{ CampaignFinal: 20, CountersLost: 1 }]);
  });

  it('has no rate from the same count of the rows again', async () => {
    const services = makeServices();
    const report = progressReporter(services, RUN);
    const counts = [10, 60].map((successCount) => ({ ...NO_PROGRESS, successCount }));

    for (const counted of [counts[0], counts[0], counts[1], counts[1]]) {
      await report(undefined, counted);
      services.clock.advance(5);
    }

    expect(services.gauges.reports.map((gauges) => gauges.CampaignRate)).toEqual([
      undefined,
      undefined,
      5,
      undefined,
    ]);
  });

  it('is left out while nobody says it', async () => {
    const services = makeServices();

    await progressReporter(services, RUN)(undefined, undefined);

    expect(services.gauges.reports[0]).not.toHaveProperty('CampaignFinal');
    expect(services.gauges.reports).toMatchObject([{ CampaignTargets: 100, CountersLost: 1 }]);
  });

  it('is told without what cannot be had', async () => {
    const services = makeServices(away);
    const queue = { backlog: away };

    await progressReporter({ ...services, queue }, RUN)(NO_PROGRESS, undefined);

    expect(services.gauges.reports).toMatchObject([{ CampaignFinal: 0 }]);
    expect(services.gauges.reports[0]).not.toHaveProperty('BreakerOpen');
    expect(services.gauges.reports[0]).not.toHaveProperty('CampaignBacklog');
  });
});

describe('the breaker', () => {
  it.each([
    ['open', START_MS, 1],
    ['closed', null, 0],
  ])('is told by itself when it is %s', async (_name, openedMs, expected) => {
    const services = makeServices(() => Promise.resolve(makeReading(openedMs)));

    await reportBreaker(services);

    expect(services.gauges.reports).toEqual([{ BreakerOpen: expected }]);
  });

  it('that cannot be read fails nobody', async () => {
    const services = makeServices(away);

    await reportBreaker(services);

    expect(services.gauges.reports).toEqual([{}]);
  });
});
