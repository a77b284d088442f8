import { describe, expect, it } from 'vitest';
import { waitForTurn } from '../../../lambdas/campaign-grant/app/wait-for-turn.ts';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import type { PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import type { CampaignRunInput } from '../../../schema/campaign-run.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices } from '../../support/campaign-world.ts';
import { START_MS, setStatus } from '../../support/fakes.ts';

/** The virtual clock starts at 12:00 of this day, Seoul time. */
const EARLY = '2026-11-21 10:00:00';
const LATER = '2026-11-21 11:00:00';
/** An invocation's time, in seconds; the last 60 of them are kept for the look under way. */
const PLENTY = 900;

const world = useCampaignWorld();

function ask({ promotionId }: PromotionKey, nowMs = START_MS): Promise<boolean> {
  return world.store.askForTurn({ promotionId, executionId: `execution-of-${promotionId}`, nowMs });
}

/** Shows all of them, then asks each: whose turn is it? */
async function turnOf(...waiting: readonly PromotionKey[]): Promise<string[]> {
  for (const promotion of waiting) await ask(promotion);
  const first: string[] = [];
  for (const promotion of waiting) if (await ask(promotion)) first.push(promotion.promotionId);
  return first;
}

function seenSecondsAgo({ promotionId }: PromotionKey, seconds: number) {
  return world.sql.query(
    'UPDATE campaign_turns SET seen_ms = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ? WHERE promotion_id = ?',
    [seconds * 1_000, promotionId],
  );
}

function wait(
  services: CampaignServices,
  { promotionId }: Pick<PromotionKey, 'promotionId'>,
  more: Omit<CampaignRunInput, 'promotionId'> = {},
  seconds = PLENTY,
) {
  const input = { promotionId, ...more };
  const executionId = `execution-of-${promotionId}`;
  return waitForTurn(services, { executionId, input }, services.clock.budget(seconds));
}

describe('the turn', () => {
  it('is by reservation, then priority, then id', async () => {
    const last = await world.insert({ reservationAt: LATER, priority: -5 });
    const third = await world.insert({ reservationAt: EARLY, priority: 2 });
    const first = await world.insert({ reservationAt: EARLY, priority: 1 });
    const second = await world.insert({ reservationAt: EARLY, priority: 1 });
    const order: string[] = [];

    let waiting = [last, third, second, first];
    while (waiting.length > 0) {
      const turns = await turnOf(...waiting);
      expect(turns).toHaveLength(1);
      order.push(...turns);
      waiting = waiting.filter(({ promotionId }) => !turns.includes(promotionId));
      await world.sql.query('DELETE FROM campaign_turns WHERE promotion_id IN (?)', [turns]);
    }

    expect(order).toEqual([first, second, third, last].map(({ promotionId }) => promotionId));
  });

  it('of a promotion without a reservation is by when it first asked, however often it asks', async () => {
    const unreserved = await world.insert();
    const reserved = await world.insert({ reservationAt: '2026-11-21 11:59:30' });
    const late = await world.insert();
    await ask(unreserved, START_MS - 60_000);
    await ask(late, START_MS - 1_000);
    await ask(reserved);

    expect(await turnOf(late, reserved, unreserved)).toEqual([unreserved.promotionId]);
  });

  it('is nobody’s while a campaign is being paid', async () => {
    await world.begin();
    const waiting = await world.insert({ reservationAt: EARLY });

    expect(await turnOf(waiting)).toEqual([]);
  });

  it('is not held up by one that waits and was not seen for a minute: its execution is dead', async () => {
    const dead = await world.insert({ reservationAt: EARLY });
    const alive = await world.insert({ reservationAt: LATER });
    await ask(dead);

    await seenSecondsAgo(dead, 55);
    expect(await ask(alive)).toBe(false);
    await seenSecondsAgo(dead, 61);
    expect(await ask(alive)).toBe(true);
  });

  it('is kept for a promotion whose reservation has just come though its execution is not there yet', async () => {
    await world.insert({ reservationAt: '2026-11-21 11:59:00' });
    const behind = await world.insert({ reservationAt: '2026-11-21 11:59:30' });

    expect(await ask(behind)).toBe(false);
    // Two minutes after its reservation it is still not there: it was refused, or its start was lost.
    expect(await ask(behind, START_MS + 61_000)).toBe(true);
  });

  it('is not kept for a promotion whose reservation is still to come', async () => {
    await world.insert({ reservationAt: '2026-11-21 12:00:01', priority: -1 });
    const unreserved = await world.insert();

    expect(await ask(unreserved)).toBe(true);
  });

  it.each(['STOPPED', 'COMPLETED', 'FAILED'])(
    'is not kept for a promotion that is %s though its reservation has just come',
    async (status) => {
      await world.insert({ reservationAt: '2026-11-21 11:59:00', status });
      const behind = await world.insert({ reservationAt: '2026-11-21 11:59:30' });

      expect(await ask(behind)).toBe(true);
    },
  );

  it('passes on when the first has begun and ended', async () => {
    const first = await world.insert({ reservationAt: EARLY });
    const second = await world.insert({ reservationAt: LATER });
    await turnOf(first, second);

    await world.beginRun(first);
    expect(await ask(second)).toBe(false);
    await setStatus(world.sql, first, 'COMPLETED');
    expect(await ask(second)).toBe(true);
  });
});

describe('two campaigns that begin at the same moment', () => {
  it('begin one: the other is told that another pays, and keeps everything as it was', async () => {
    for (let round = 0; round < 40; round += 1) {
      const promotions = [await world.insert(), await world.insert({ type: 'POINT' })];

      const outcomes = await Promise.all(
        promotions.map(({ promotionId }) =>
          world.store.beginRun({
            promotionId,
            executionId: `round-${round}-${promotionId}`,
            from: { statuses: ['READY'] },
            nowMs: START_MS,
          }),
        ),
      );

      expect(outcomes.toSorted()).toEqual(['another-pays', 'begun']);
      const statuses = await Promise.all(
        promotions.map(({ promotionId }) => world.store.promotionStatus(promotionId)),
      );
      expect(statuses.toSorted()).toEqual(['IN_PROGRESS', 'READY']);
      const loser = promotions[outcomes.indexOf('another-pays')];
      expect(await world.store.latestRun(loser?.promotionId ?? '')).toBeUndefined();
      await world.settleDown();
    }
  });

  it('begin one, the other waits for its turn again', async () => {
    const [a, b] = [await world.insert(), await world.insert()];
    const services = world.services();

    const begun = await Promise.all(
      [a, b].map(({ promotionId }) =>
        beginCampaign(services, { executionId: `of-${promotionId}`, input: { promotionId } }),
      ),
    );

    expect(begun.map((output) => output.begun).toSorted()).toEqual([false, true]);
  });
});

describe('an execution that waits', () => {
  it('goes on at once when nobody pays and nobody is before it', async () => {
    const promotion = await world.insert();
    const services = world.services();

    expect(await wait(services, promotion)).toEqual({ turn: true });
    expect(services.clock.monotonic()).toBe(0);
  });

  it('looks again every 5 s, and goes on when the other has ended', async () => {
    const paying = await world.begin();
    const promotion = await world.insert();
    const services = world.services();
    const ends = services.clock
      .sleep(12)
      .then(() => services.clock.during(() => setStatus(world.sql, paying, 'COMPLETED')));

    const [output] = await Promise.all([wait(services, promotion), ends]);

    expect(output).toEqual({ turn: true });
    expect(services.clock.monotonic()).toBe(15);
  });

  it('asks to be invoked again when its time is nearly up, and keeps its place meanwhile', async () => {
    const paying = await world.begin();
    const promotion = await world.insert();
    const services = world.services();

    expect(await wait(services, promotion, {}, 75)).toEqual({ turn: false });

    const late = await world.insert();
    await setStatus(world.sql, paying, 'COMPLETED');
    expect(await ask(late, services.clock.now())).toBe(false);
    expect(await wait(services, promotion)).toEqual({ turn: true });
  });

  it.each<[string, string, Omit<CampaignRunInput, 'promotionId'>]>([
    ['STOPPED and nobody asked to resume', 'STOPPED', {}],
    ['COMPLETED', 'COMPLETED', { resume: true }],
    ['being paid', 'IN_PROGRESS', {}],
    ['READY and there is nothing to recover', 'READY', { recoverFrom: 'lost' }],
  ])(
    'is let through, to be refused with the reason, when its promotion is %s',
    async (_name, status, more) => {
      await world.begin();
      const promotion = await world.insert({ status });
      const services = world.services();

      expect(await wait(services, promotion, more)).toEqual({ turn: true });
      expect(services.clock.monotonic()).toBe(0);
    },
  );

  it('for a promotion that does not exist is let through too', async () => {
    expect(await wait(world.services(), { promotionId: '999999999' })).toEqual({ turn: true });
  });

  it('to resume waits for its turn like any other', async () => {
    await world.begin();
    const stopped = await world.insert({ status: 'STOPPED' });
    const services = world.services();

    expect(await wait(services, stopped, { resume: true }, 70)).toEqual({ turn: false });
  });

  it('and whose promotion is withdrawn meanwhile is let through, and keeps nobody waiting after a minute', async () => {
    await world.begin();
    const promotion = await world.insert();
    const services = world.services();
    const withdraw = services.clock
      .sleep(7)
      .then(() => services.clock.during(() => setStatus(world.sql, promotion, 'STOPPED')));

    const [output] = await Promise.all([wait(services, promotion), withdraw]);

    expect(output).toEqual({ turn: true });
    expect(services.clock.monotonic()).toBe(10);
  });
});

describe('an execution that takes over from one that was lost', () => {
  it('has its turn: its campaign is the one that is being paid', async () => {
    const campaign = await world.begin({ reservationAt: LATER });

    expect(await wait(world.services(), campaign, { recoverFrom: EXECUTION })).toEqual({ turn: true });
  });

  it.each([
    ['an earlier reservation', EARLY, LATER],
    ['no reservation, as it has none', null, null],
  ])('does not wait for one that waits for it, with %s', async (_name, othersReservation, reservationAt) => {
    const campaign = await world.begin({ reservationAt });
    const other = await world.insert({ reservationAt: othersReservation });
    expect(await ask(other, START_MS - 1_000)).toBe(false);

    const output = await wait(world.services(), campaign, { recoverFrom: EXECUTION }, 75);

    expect(await ask(other)).toBe(false);
    expect(output).toEqual({ turn: true });
  });
});
