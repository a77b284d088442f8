import { describe, expect, it } from 'vitest';
import { closeRun } from '../../../lambdas/campaign-grant/app/close-run.ts';
import { reconcileCampaigns } from '../../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import type { PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import type { PreparedOverrides } from '../../support/campaign-world.ts';
import { START_MS, setStatus, summaryOf, targetsOf } from '../../support/fakes.ts';

/** The virtual clock starts at 12:00 of this day, Seoul time. */
const DUE = '2026-11-21 11:00:00';
const DUE_LATER = '2026-11-21 11:30:00';
const NOT_DUE = '2026-11-21 12:00:01';
const TOMORROW = '2026-11-22 09:00:00';

const NOTHING = { started: [], recovered: [], closed: [], scheduled: [], unscheduled: [] };

const world = useCampaignWorld();

const reserve = (overrides: PreparedOverrides = {}) => world.insert({ reservationAt: DUE, ...overrides });

async function moveReservation({ promotionId }: PromotionKey, to: string | null): Promise<void> {
  await world.sql.query('UPDATE campaign_promotions SET reservation_at = ? WHERE promotion_id = ?', [
    to,
    promotionId,
  ]);
}

describe('a promotion whose reservation has come', () => {
  it('is started, by an execution that is named after its reservation', async () => {
    const { promotionId } = await reserve();
    const services = world.services();

    const reconciled = await reconcileCampaigns(services);

    expect(reconciled).toEqual({ ...NOTHING, started: [promotionId] });
    expect(services.runs.started).toEqual([
      { input: { promotionId }, executionName: `promotion-${promotionId}-run-1-20261121110000` },
    ]);
  });

  it('is started once, however often it is asked', async () => {
    await reserve();
    const services = world.services();
    await reconcileCampaigns(services);

    expect(await reconcileCampaigns(services)).toEqual(NOTHING);
    expect(services.runs.started).toHaveLength(1);
  });

  it('is started again when its reservation was changed after a refusal', async () => {
    const promotion = await reserve();
    const services = world.services();
    await reconcileCampaigns(services);
    await moveReservation(promotion, DUE_LATER);

    const { started } = await reconcileCampaigns(services);

    expect(started).toEqual([promotion.promotionId]);
  });

  it('is started while another is IN_PROGRESS, to wait for its turn in its execution', async () => {
    await world.begin();
    const { promotionId } = await reserve();

    expect(await reconcileCampaigns(world.services())).toEqual({ ...NOTHING, started: [promotionId] });
  });

  it.each(['STOPPED', 'COMPLETED', 'FAILED'])('is not started when it is %s', async (status) => {
    await reserve({ status });
    const services = world.services();

    expect(await reconcileCampaigns(services)).toEqual(NOTHING);
    expect(services.runs.started).toEqual([]);
  });
});

describe('promotions that are due together', () => {
  it('are all started, in the order of their turns: by reservation, then priority, then id', async () => {
    const last = await reserve({ reservationAt: DUE_LATER });
    const third = await reserve({ priority: 2 });
    const first = await reserve({ priority: 1 });
    const second = await reserve({ priority: 1 });

    const { started } = await reconcileCampaigns(world.services());

    expect(started).toEqual([first, second, third, last].map(({ promotionId }) => promotionId));
  });

  it('do not wait behind one that was refused', async () => {
    // Still READY after its execution: BeginCampaign refused it.
    await reserve({ priority: 1 });
    const services = world.services();
    await reconcileCampaigns(services);
    const next = await reserve({ priority: 2 });

    expect((await reconcileCampaigns(services)).started).toEqual([next.promotionId]);
  });
});

describe('nothing is started', () => {
  it('before its time, or without a reservation', async () => {
    await reserve({ reservationAt: NOT_DUE });
    await reserve({ reservationAt: null });
    const services = world.services();

    expect((await reconcileCampaigns(services)).started).toEqual([]);
    expect(services.runs.started).toEqual([]);
  });

  it('until a second later, when its time has come', async () => {
    const { promotionId } = await reserve({ reservationAt: NOT_DUE });
    const services = world.services();
    services.clock.advance(1);

    expect((await reconcileCampaigns(services)).started).toEqual([promotionId]);
  });

  it('when Step Functions is away: the next minute asks for it again', async () => {
    const first = await reserve({ priority: 1 });
    const second = await reserve({ priority: 2 });
    const services = world.services();
    const runs = {
      start: () => Promise.reject(new Error('Step Functions is away')),
      describe: services.runs.describe.bind(services.runs),
    };
    await expect(reconcileCampaigns({ ...services, runs })).rejects.toThrow('is away');

    expect((await reconcileCampaigns(services)).started).toEqual([first.promotionId, second.promotionId]);
  });
});

describe('a reservation to come', () => {
  it('has a one-time schedule at its time, which starts the execution that the reconciler would start', async () => {
    const { promotionId } = await reserve({ reservationAt: TOMORROW });
    const services = world.services();

    const reconciled = await reconcileCampaigns(services);

    const name = `promotion-${promotionId}-run-1-20261122090000`;
    expect(reconciled).toEqual({ ...NOTHING, scheduled: [promotionId] });
    expect([...services.schedules.schedules.values()]).toEqual([
      { name, at: TOMORROW, executionName: name, input: { promotionId } },
    ]);
    expect(services.runs.started).toEqual([]);

    services.clock.advance(24 * 60 * 60);
    await reconcileCampaigns(services);
    expect(services.runs.started).toEqual([{ input: { promotionId }, executionName: name }]);
  });

  it('is scheduled once, however often it is looked at', async () => {
    await reserve({ reservationAt: TOMORROW });
    const services = world.services();
    await reconcileCampaigns(services);

    expect(await reconcileCampaigns(services)).toEqual(NOTHING);
  });

  it('that is moved is scheduled anew, and its first schedule is withdrawn', async () => {
    const promotion = await reserve({ reservationAt: TOMORROW });
    const { promotionId } = promotion;
    const services = world.services();
    await reconcileCampaigns(services);
    await moveReservation(promotion, '2026-11-23 09:00:00');

    const reconciled = await reconcileCampaigns(services);

    expect(reconciled).toEqual({
      ...NOTHING,
      scheduled: [promotionId],
      unscheduled: [`promotion-${promotionId}-run-1-20261122090000`],
    });
    expect([...services.schedules.schedules.keys()]).toEqual([
      `promotion-${promotionId}-run-1-20261123090000`,
    ]);
  });

  it('that is moved away and back is scheduled again', async () => {
    const promotion = await reserve({ reservationAt: TOMORROW });
    const services = world.services();
    for (const at of ['2026-11-23 09:00:00', TOMORROW]) {
      await reconcileCampaigns(services);
      await moveReservation(promotion, at);
    }

    await reconcileCampaigns(services);

    expect([...services.schedules.schedules.keys()]).toEqual([
      `promotion-${promotion.promotionId}-run-1-20261122090000`,
    ]);
  });

  it.each<[string, (promotion: PromotionKey) => Promise<void>]>([
    ['withdrawn', (promotion) => moveReservation(promotion, null)],
    ['of a promotion that is no longer READY', (promotion) => setStatus(world.sql, promotion, 'STOPPED')],
  ])('that is %s has its schedule removed', async (_name, change) => {
    const promotion = await reserve({ reservationAt: TOMORROW });
    const services = world.services();
    await reconcileCampaigns(services);
    await change(promotion);

    const { unscheduled } = await reconcileCampaigns(services);

    expect(unscheduled).toEqual([`promotion-${promotion.promotionId}-run-1-20261122090000`]);
    expect(services.schedules.schedules.size).toBe(0);
  });

  it('whose schedule was removed by somebody is scheduled again', async () => {
    const { promotionId } = await reserve({ reservationAt: TOMORROW });
    const services = world.services();
    await reconcileCampaigns(services);
    services.schedules.schedules.clear();

    expect(await reconcileCampaigns(services)).toEqual({ ...NOTHING, scheduled: [promotionId] });
  });
});

describe('a campaign that somebody made READY again', () => {
  it.each([
    ['without a reservation', null, 'unreserved'],
    ['with its old reservation', DUE, '20261121110000'],
  ])('%s is started, by an execution of the next run', async (_name, reservationAt, suffix) => {
    const campaign = await world.begin({ reservationAt });
    const { promotionId } = campaign;
    await world.store.stopCampaign(promotionId, 'lunch', START_MS);
    const services = world.services();
    // The stop is wound up; nothing starts it again by itself.
    expect(await reconcileCampaigns(services)).toEqual({ ...NOTHING, closed: [promotionId] });
    expect(await reconcileCampaigns(services)).toEqual(NOTHING);
    await setStatus(world.sql, campaign, 'READY');

    expect(await reconcileCampaigns(services)).toEqual({ ...NOTHING, started: [promotionId] });
    expect(services.runs.started).toEqual([
      { input: { promotionId }, executionName: `promotion-${promotionId}-run-2-${suffix}` },
    ]);
  });

  it('is resumed by its status a second time too', async () => {
    const campaign = await world.begin();
    const services = world.services();
    for (const executionId of ['second', 'third']) {
      await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
      await setStatus(world.sql, campaign, 'READY');
      expect((await reconcileCampaigns(services)).started).toEqual([campaign.promotionId]);
      await world.beginRun(campaign, { executionId });
    }
    expect(services.runs.started.map((run) => run.executionName)).toEqual(
      [2, 3].map((run) => `promotion-${campaign.promotionId}-run-${run}-unreserved`),
    );
  });
});

describe('a campaign that is being paid', () => {
  it('by an execution that runs is left alone', async () => {
    await world.begin();

    expect(await reconcileCampaigns(world.services())).toEqual(NOTHING);
  });

  it.each(['GONE', 'SUCCEEDED'] as const)(
    'whose execution is %s is taken over by one other, once',
    async (status) => {
      const campaign = await world.begin();
      const { promotionId } = campaign;
      const services = world.services();
      services.runs.set(EXECUTION, { status });

      expect(await reconcileCampaigns(services)).toEqual({ ...NOTHING, recovered: [promotionId] });
      expect(await reconcileCampaigns(services)).toEqual(NOTHING);

      expect(services.runs.started).toEqual([
        {
          input: { promotionId, recoverFrom: EXECUTION },
          executionName: `promotion-${promotionId}-run-2-recovers`,
        },
      ]);
      expect(await world.store.promotionStatus(promotionId)).toBe('IN_PROGRESS');
    },
  );

  it('and whose recovery is lost too is recovered again', async () => {
    const campaign = await world.begin();
    const { promotionId, run } = campaign;
    const services = world.services();
    services.runs.set(EXECUTION, { status: 'GONE' });
    await reconcileCampaigns(services);
    const from = { latestExecutionId: EXECUTION, runNumber: run.runNumber };
    await world.beginRun(campaign, { executionId: 'recovery', from });
    services.runs.set('recovery', { status: 'GONE' });

    expect((await reconcileCampaigns(services)).recovered).toEqual([promotionId]);
    expect(services.runs.started.at(-1)?.input).toEqual({ promotionId, recoverFrom: 'recovery' });
  });

  it('and whose recovery was stopped before it began does not stay IN_PROGRESS for ever', async () => {
    const campaign = await world.begin();
    const services = world.services();
    services.runs.set(EXECUTION, { status: 'GONE' });
    await reconcileCampaigns(services);
    // Somebody stops the recovering execution while it waits for its turn: it never began a run.
    const aborted = { status: 'ABORTED', cause: 'lunch' } as const;
    for (const { executionName } of services.runs.started) services.runs.set(executionName, aborted);

    const { recovered, closed } = await reconcileCampaigns(services);

    expect([...recovered, ...closed]).toEqual([campaign.promotionId]);
  });

  it.each([
    ['ABORTED', 'STOPPED'],
    ['FAILED', 'FAILED'],
    ['TIMED_OUT', 'FAILED'],
  ] as const)('whose execution is %s without an event is %s', async (status, outcome) => {
    const campaign = await world.publish();
    const services = world.services();
    services.runs.set(EXECUTION, { status, cause: 'no event came' });

    const reconciled = await reconcileCampaigns(services);

    expect(reconciled).toEqual({ ...NOTHING, closed: [campaign.promotionId] });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe(outcome);
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedMemo: `execution ${status}: no event came`,
    });
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ publishStatus: 'PENDING' }]);
    expect(await reconcileCampaigns(services)).toEqual(NOTHING);
  });

  it('and whose execution was aborted stops before another that has stopped is wound up, which takes seconds', async () => {
    const stopped = await world.publish();
    await world.store.stopCampaign(stopped.promotionId, 'lunch', START_MS);
    const aborted = await world.insert();
    await world.beginRun(aborted, { executionId: 'aborted-execution' });
    const { promotionId } = aborted;
    const { clock, ...services } = world.services();
    services.runs.set(EXECUTION, { status: 'GONE' });
    services.runs.set('aborted-execution', { status: 'ABORTED', cause: 'lunch' });
    const atSleeps: unknown[] = [];
    const sleep = async (seconds: number) => {
      atSleeps.push(await world.store.promotionStatus(promotionId));
      await clock.sleep(seconds);
    };

    const { closed } = await reconcileCampaigns({
      ...services,
      clock: { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep },
    });

    expect(closed).toEqual([promotionId, stopped.promotionId]);
    expect(new Set(atSleeps)).toEqual(new Set(['STOPPED']));
  });

  it('is closed once by event and reconciler together', async () => {
    const campaign = await world.publish();
    const services = world.services();
    services.runs.set(EXECUTION, { status: 'ABORTED', cause: '' });
    const dead = { executionId: EXECUTION, status: 'ABORTED', cause: '' } as const;

    const [reconciled, closed] = await Promise.all([reconcileCampaigns(services), closeRun(services, dead)]);

    expect([...reconciled.closed, ...(closed === undefined ? [] : [closed.promotionId])]).toEqual([
      campaign.promotionId,
    ]);
  });
});

describe('a campaign that somebody stopped', () => {
  it.each<[string, (campaign: PromotionKey) => Promise<unknown>, string]>([
    [
      'through the store',
      ({ promotionId }) => world.store.stopCampaign(promotionId, 'lunch', START_MS),
      'lunch',
    ],
    ['with SQL', (campaign) => setStatus(world.sql, campaign, 'STOPPED'), 'the status was set to STOPPED'],
  ])(
    '%s, with its execution lost, is wound up once: what is unpaid is PENDING',
    async (_name, stop, memo) => {
      const campaign = await world.publish({ targetCount: 3 });
      await world.recordResults(campaign, ['SUCCESS', 'RETRYING', null]);
      await stop(campaign);
      const services = world.services();
      services.runs.set(EXECUTION, { status: 'GONE' });

      expect(await reconcileCampaigns(services)).toEqual({ ...NOTHING, closed: [campaign.promotionId] });
      expect(await reconcileCampaigns(services)).toEqual(NOTHING);

      expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
        'PUBLISHED',
        'PENDING',
        'PENDING',
      ]);
      expect(await summaryOf(world.sql, campaign)).toMatchObject({
        stoppedMemo: memo,
      });
      expect(await world.store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
    },
  );
});
