import { describe, expect, it } from 'vitest';
import { sqlBreakerStore } from '../../../lambdas/campaign-grant/adapters/sql-breaker-store.ts';
import { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import { isOpen } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { Breaker } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { BreakerStore } from '../../../lambdas/campaign-grant/ports.ts';
import { systemClock } from '../../../lambdas/shared/clock.ts';
import { pay, useCampaignWorld } from '../../support/campaign-world.ts';
import { answers } from '../../support/fakes.ts';

const world = useCampaignWorld();

/** The database's breaker, and every state that somebody managed to save. */
function recording(): BreakerStore & { saved: Breaker[] } {
  const saved: Breaker[] = [];
  return {
    saved,
    readBreaker: () => world.store.readBreaker(),
    async saveBreaker(expectedVersion, next) {
      const isSaved = await world.store.saveBreaker(expectedVersion, next);
      if (isSaved) saved.push(next);
      return isSaved;
    },
    endStreak: (successMs) => world.store.endStreak(successMs),
  };
}

const makeEnvironments = (store: BreakerStore, count: number) =>
  Array.from({ length: count }, () => new MoneyBreaker(store, systemClock));

describe('the breaker’s row', () => {
  it('is there after the migrations, closed, with the database’s time', async () => {
    const reading = await world.store.readBreaker();

    expect(reading).toMatchObject({ consecutiveFailures: 0, openedMs: null, probeMs: null });
    expect(Math.abs(reading.nowMs - Date.now())).toBeLessThan(5_000);
  });

  it('is saved by whoever read its present version, and by nobody else', async () => {
    const { version } = await world.store.readBreaker();
    const next = {
      version: version + 1,
      consecutiveFailures: 3,
      streakStartedMs: 5,
      openedMs: 6,
      probeMs: 7,
    };

    expect(await world.store.saveBreaker(version, next)).toBe(true);
    expect(await world.store.saveBreaker(version, { ...next, consecutiveFailures: 4 })).toBe(false);

    expect(await world.store.readBreaker()).toMatchObject(next);
  });

  it('is not set back by a write that is repeated after a success has ended its streak', async () => {
    const { nowMs, version } = await world.store.readBreaker();
    const { db } = world.database;
    const store = sqlBreakerStore({
      query: (row, sql, parameters) => db.query(row, sql, parameters),
      transaction: (work) => db.transaction(work),
      // The answer is lost, a success is told by somebody, and the statement is repeated.
      execute: async (sql, parameters) => {
        await db.execute(sql, parameters);
        await world.store.endStreak(nowMs);
        return db.execute(sql, parameters);
      },
    });
    const failed = { version: version + 1, consecutiveFailures: 9, streakStartedMs: nowMs, openedMs: null };

    expect(await store.saveBreaker(version, { ...failed, probeMs: null })).toBe(false);

    expect(await world.store.readBreaker()).toMatchObject({ version: version + 2, consecutiveFailures: 0 });
  });

  it('comes along with every read of a batch and of the gate', async () => {
    const campaign = await world.publish();
    await world.setBreaker({ version: 9, consecutiveFailures: 4, streakStartedMs: 11 });
    const expected = { version: 9, consecutiveFailures: 4, streakStartedMs: 11, openedMs: null };

    expect((await world.store.readBatch('VOUCHER', campaign.grants)).breaker).toMatchObject(expected);
    expect((await world.store.readBatch('VOUCHER', [])).breaker).toMatchObject(expected);
    expect((await world.store.readGate([campaign.promotionId])).breaker).toMatchObject(expected);
    expect((await world.store.readGate([])).breaker).toMatchObject(expected);
  });
});

describe('the gate’s reading', () => {
  it('names those of the campaigns asked for that are IN_PROGRESS', async () => {
    const paid = await world.begin();
    const alsoPaid = await world.begin({ type: 'POINT' });
    const stopped = await world.begin();
    await world.store.stopCampaign(stopped.promotionId, 'lunch', 0);
    const notAsked = await world.begin();

    const { inProgress } = await world.store.readGate([
      paid.promotionId,
      alsoPaid.promotionId,
      stopped.promotionId,
      '999999999',
    ]);

    expect([...inProgress].toSorted()).toEqual([paid.promotionId, alsoPaid.promotionId].toSorted());
    expect(inProgress.has(notAsked.promotionId)).toBe(false);
  });
});

describe('twenty environments', () => {
  it('that all see a failure at the same moment open the breaker once, at the tenth', async () => {
    const store = recording();

    await Promise.all(makeEnvironments(store, 20).map((breaker) => breaker.failed(undefined)));

    expect(store.saved.map((state) => state.consecutiveFailures)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(store.saved.filter(isOpen)).toHaveLength(1);
    expect(isOpen(await world.store.readBreaker())).toBe(true);
  });

  it('that ask for the probe at the same moment send one', async () => {
    const { nowMs } = await world.store.readBreaker();
    await world.setBreaker({ version: 1, consecutiveFailures: 10, openedMs: nowMs - 30_000 });
    const store = recording();

    const probes = await Promise.all(
      makeEnvironments(store, 20).map(async (breaker) => {
        breaker.observe(await store.readBreaker());
        return breaker.claimProbe();
      }),
    );

    expect(probes.filter((probe) => probe !== undefined)).toHaveLength(1);
  });

  it('none of which is due send none', async () => {
    const { nowMs } = await world.store.readBreaker();
    await world.setBreaker({ version: 1, consecutiveFailures: 10, openedMs: nowMs - 20_000 });
    const store = recording();

    for (const breaker of makeEnvironments(store, 20)) {
      breaker.observe(await store.readBreaker());
      expect(breaker.isOpen).toBe(true);
      expect(await breaker.claimProbe()).toBeUndefined();
    }
    expect(store.saved).toEqual([]);
  });
});

describe('a healthy batch', () => {
  it('writes nothing to the breaker', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();

    await pay(services, campaign.messages);

    expect(services.money.requests).toHaveLength(10);
    expect((await world.store.readBreaker()).version).toBe(0);
  });

  it('of rejections writes nothing to it either', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();
    for (const grant of campaign.grants) services.money.script(grant, answers.rejected('ACCOUNT_CLOSED'));

    await pay(services, campaign.messages);

    expect((await world.store.readBreaker()).version).toBe(0);
  });

  it('ends a streak that others began, with one write', async () => {
    const campaign = await world.publish({ targetCount: 10 });
    const services = world.services();
    await world.setBreaker({
      version: 7,
      consecutiveFailures: 7,
      streakStartedMs: services.clock.now() - 500,
    });

    await pay(services, campaign.messages);

    expect(await world.store.readBreaker()).toMatchObject({ version: 8, consecutiveFailures: 0 });
  });
});

describe('failures of a batch', () => {
  it.each([
    ['timeouts', answers.timedOut()],
    ['5xx', answers.unavailable()],
  ])('that are %s are counted, each once', async (_name, answer) => {
    const campaign = await world.publish({ targetCount: 4 });
    const services = world.services();
    for (const grant of campaign.grants) services.money.script(grant, answer);

    await pay(services, campaign.messages);

    expect(await world.store.readBreaker()).toMatchObject({ consecutiveFailures: 4, openedMs: null });
  });

  it.each([
    ['429', answers.tooMany()],
    ['rejected', answers.rejected('ACCOUNT_CLOSED')],
    [
      'a 200 that breaks the contract',
      { answer: { kind: 'answered', status: 200, body: '<html>' } as const },
    ],
  ])('that are %s are no failures of the API', async (_name, answer) => {
    const campaign = await world.publish({ targetCount: 4 });
    const services = world.services();
    for (const grant of campaign.grants) services.money.script(grant, answer);

    await pay(services, campaign.messages);

    expect(await world.store.readBreaker()).toMatchObject({ consecutiveFailures: 0, openedMs: null });
  });
});
