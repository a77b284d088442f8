import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { reconcileReservations } from '../../../lambdas/campaign-grant/app/reconcile-reservations.ts';
import type { CampaignRuns, CampaignStore } from '../../../lambdas/campaign-grant/ports.ts';
import { insertPromotion, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase, PromotionOverrides } from '../../support/campaign-database.ts';
import { FakeCampaignRuns, VirtualClock, setStatus } from '../../support/fakes.ts';

/** The virtual clock starts at 12:00 of this day, Seoul time. */
const DUE = '2026-11-21 11:00:00';
const DUE_LATER = '2026-11-21 11:30:00';
const NOT_DUE = '2026-11-21 12:00:01';

let database: CampaignDatabase;
let store: CampaignStore;

beforeAll(async () => {
  database = await startCampaignDatabase();
  store = sqlCampaignStore(database.db);
});
beforeEach(async () => {
  await database.sql.query("UPDATE campaign_promotions SET promotion_status = 'COMPLETED'");
});
afterAll(() => database.close());

function makeServices() {
  return { store, runs: new FakeCampaignRuns(), clock: new VirtualClock() };
}

const reserve = (overrides: PromotionOverrides = {}) =>
  insertPromotion(database.sql, { reservationAt: DUE, ...overrides });

describe('a promotion whose reservation has come', () => {
  it('is started, by an execution that is named after its reservation', async () => {
    const { promotionId } = await reserve();
    const services = makeServices();

    const { started } = await reconcileReservations(services);

    expect(started).toEqual([promotionId]);
    expect(services.runs.started).toEqual([
      { promotionId, executionName: `promotion-${promotionId}-reserved-20261121110000` },
    ]);
  });

  it('is started once, however often it is asked', async () => {
    await reserve();
    const services = makeServices();
    await reconcileReservations(services);

    const { started } = await reconcileReservations(services);

    expect(started).toEqual([]);
    expect(services.runs.started).toHaveLength(1);
  });

  it('is started again when its reservation was changed after a refusal', async () => {
    const { promotionId } = await reserve();
    const services = makeServices();
    await reconcileReservations(services);
    await database.sql.query('UPDATE campaign_promotions SET reservation_at = ? WHERE promotion_id = ?', [
      DUE_LATER,
      promotionId,
    ]);

    const { started } = await reconcileReservations(services);

    expect(started).toEqual([promotionId]);
  });

  it('waits while another is IN_PROGRESS', async () => {
    const running = await reserve({ status: 'IN_PROGRESS' });
    const { promotionId } = await reserve();
    const services = makeServices();

    const meanwhile = await reconcileReservations(services);
    await setStatus(database.sql, running, 'COMPLETED');
    const afterwards = await reconcileReservations(services);

    expect(meanwhile.started).toEqual([]);
    expect(afterwards.started).toEqual([promotionId]);
  });

  it.each(['STOPPED', 'COMPLETED', 'FAILED'])('is not started when it is %s', async (status) => {
    await reserve({ status });
    const services = makeServices();

    expect(await reconcileReservations(services)).toEqual({ started: [] });
    expect(services.runs.started).toEqual([]);
  });
});

describe('promotions that are due together', () => {
  it('are started one at a time: by reservation, then priority, then id', async () => {
    const last = await reserve({ reservationAt: DUE_LATER });
    const third = await reserve({ priority: 2 });
    const first = await reserve({ priority: 1 });
    const second = await reserve({ priority: 1 });
    const services = makeServices();

    const turns: string[][] = [];
    for (const promotion of [first, second, third, last]) {
      turns.push((await reconcileReservations(services)).started);
      await setStatus(database.sql, promotion, 'COMPLETED');
    }

    expect(turns).toEqual([first, second, third, last].map(({ promotionId }) => [promotionId]));
  });

  it('do not wait behind one that was refused', async () => {
    // Still READY after its execution: BeginCampaign refused it.
    const refused = await reserve({ priority: 1 });
    const next = await reserve({ priority: 2 });
    const services = makeServices();
    await reconcileReservations(services);

    const { started } = await reconcileReservations(services);

    expect(services.runs.started.map((run) => run.promotionId)).toEqual([
      refused.promotionId,
      next.promotionId,
    ]);
    expect(started).toEqual([next.promotionId]);
  });
});

describe('nothing is started', () => {
  it('before its time, or without a reservation', async () => {
    await reserve({ reservationAt: NOT_DUE });
    await reserve({ reservationAt: null });
    const services = makeServices();

    expect(await reconcileReservations(services)).toEqual({ started: [] });
  });

  it('until a second later, when its time has come', async () => {
    const { promotionId } = await reserve({ reservationAt: NOT_DUE });
    const services = makeServices();
    services.clock.advance(1);

    expect(await reconcileReservations(services)).toEqual({ started: [promotionId] });
  });

  it('out of turn when the first cannot be started now: the next minute asks for it again', async () => {
    const first = await reserve({ priority: 1 });
    await reserve({ priority: 2 });
    const services = makeServices();
    const away: CampaignRuns = { start: () => Promise.reject(new Error('Step Functions is away')) };
    await expect(reconcileReservations({ ...services, runs: away })).rejects.toThrow('is away');

    expect(await reconcileReservations(services)).toEqual({ started: [first.promotionId] });
  });
});
