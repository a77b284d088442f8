/** Messages of an hour, sent by workers that die, are taken for dead, or work at the same time: each at most once. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendPushes } from '../../../lambdas/coupon-stats/app/send-pushes.ts';
import { STEPS } from '../../../lambdas/coupon-stats/domain/steps.ts';
import { addFigures } from '../../../lambdas/shared/jobs/add-figures.ts';
import { couponPushMessage } from '../../../schema/coupon-push-message.ts';
import type { JobRun } from '../../../schema/jobs.ts';
import { FakeCouponServices, FakeCouponTopic, MemoryPushes } from '../../support/coupon-fakes.ts';
import type { Fate } from '../../support/coupon-fakes.ts';
import { START_MS } from '../../support/fakes.ts';
import { Death, faultAt, faulty } from '../../support/faults.ts';
import type { Fault, FaultPlan } from '../../support/faults.ts';
import { MemoryCheckpoints } from '../../support/job-fakes.ts';

const HOUR = { runDate: '2026-11-21', targetHour: 12 };
/** Of them 1,000 are a chunk: the first range has two. */
const RANGES = [
  { rangeNumber: 0, afterId: '0', toId: '1150' },
  { rangeNumber: 1, afterId: '1150', toId: '9223372036854775807' },
];
const CLAIMED_TOGETHER = 100;

type Kind = 'sent' | 'no tokens' | 'no events' | 'refused' | 'answer lost' | 'lost before';
const KINDS: readonly Kind[] = ['no tokens', 'no events', 'refused', 'answer lost', 'lost before'];
const kindOf = (memberId: string): Kind => KINDS[Number(memberId) % 20] ?? 'sent';

function makeWorld(members = 1_300, fateOf?: (memberId: string) => Fate) {
  const pushes = new MemoryPushes();
  const memberIds = Array.from({ length: members }, (_, index) => String(index + 1));
  pushes.insert(
    HOUR,
    memberIds.map((memberId) => ({
      memberId,
      dong: kindOf(memberId) === 'no events' ? 'quiet' : `dong ${Number(memberId) % 7}`,
    })),
  );
  for (let dong = 0; dong < 7; dong += 1) pushes.events.set(`store-dong ${dong}`, dong + 1);
  return {
    pushes,
    services: new FakeCouponServices((memberId) => kindOf(memberId) === 'no tokens'),
    topic: new FakeCouponTopic(
      fateOf ??
        ((memberId) => {
          const kind = kindOf(memberId);
          return kind === 'no tokens' || kind === 'no events' ? 'sent' : kind;
        }),
    ),
    checkpoints: new MemoryCheckpoints(),
    skipped: [] as string[],
  };
}
type World = ReturnType<typeof makeWorld>;

/** @param wrap puts faults or pauses before the calls of every port */
function portsOf(world: World, wrap: <Port extends object>(port: Port, name: string) => Port) {
  return {
    pushes: wrap(world.pushes, 'pushes'),
    storeService: wrap(world.services, 'services'),
    notificationService: wrap(world.services, 'services'),
    topic: wrap(world.topic, 'topic'),
    checkpoints: wrap(world.checkpoints, 'checkpoints'),
    clock: { now: () => START_MS },
    log: {
      skipped: (_: string, memberIds: readonly string[]) => {
        world.skipped.push(...memberIds);
      },
    },
    newToken: () => randomUUID(),
  };
}

const calm = (world: World) => portsOf(world, (port) => port);

function withFaults(world: World, plan: FaultPlan) {
  return portsOf(world, (port, name) =>
    // Nobody asks the topic again: a lost answer is its caller's death, or unknown.
    faulty(port, name === 'topic' ? () => (plan() === undefined ? undefined : 'after') : plan),
  );
}

function jobRun(jobRunId: string): JobRun {
  return { jobRunId, jobName: 'coupon-usage-stats-fcm-send', ...HOUR, attempt: 1, prune: false };
}

/** Enough for one chunk. */
function shortBudget() {
  let asked = 0;
  return { remainingSeconds: () => ((asked += 1) > 1 ? 0 : 900) };
}

/** All ranges of a run, each invocation tried three times. */
async function runAll(
  world: World,
  { jobRunId = '1', services = calm(world), tries = 3 } = {},
): Promise<void> {
  await world.checkpoints.plan({ jobRunId, step: STEPS.sendPushes }, () => Promise.resolve(RANGES));
  for (const range of RANGES) {
    for (let finished = false, tried = 1; !finished;) {
      try {
        ({ finished } = await sendPushes(services, { jobRun: jobRun(jobRunId), range }, shortBudget()));
        tried = 1;
      } catch (error) {
        if (!(error instanceof Death) || tried === tries) throw error;
        tried += 1;
      }
    }
  }
}

const membersOf = ({ pushes }: World, status: string) =>
  pushes.rows.filter((row) => row.status === status).map(({ memberId }) => memberId);
const deliveredTo = ({ topic }: World) => topic.delivered.map(({ memberId }) => String(memberId));

function figuresOf({ checkpoints }: World, jobRunId = '1') {
  return checkpoints
    .progressOf(jobRunId)
    .map(({ figures }) => figures)
    .reduce(addFigures, {});
}

/** What holds after every end, whatever happened. */
function expectAtMostOnce(world: World, about: unknown): void {
  const delivered = deliveredTo(world);
  const twice = delivered.filter((memberId, index) => delivered.indexOf(memberId) !== index);
  expect({ about, twice }).toEqual({ about, twice: [] });
  const got = new Set(delivered);
  const wrong = world.pushes.rows.filter(({ memberId, status }) => {
    if (status === 'SENT') return !got.has(memberId);
    return status === 'UNCONFIRMED' ? false : got.has(memberId);
  });
  expect({ about, wrong }).toEqual({ about, wrong: [] });
}

/** Besides, everybody has an end, and the figures are those of the rows. */
function expectEnded(world: World, about: unknown): void {
  expectAtMostOnce(world, about);
  expect({ about, open: [...membersOf(world, 'PENDING'), ...membersOf(world, 'SENDING')] }).toEqual({
    about,
    open: [],
  });
  expect({ about, ...figuresOf(world) }).toEqual({
    about,
    members: world.pushes.rows.length,
    sent: membersOf(world, 'SENT').length,
    withoutTokens: membersOf(world, 'NO_TOKENS').length,
    withoutActiveEvents: membersOf(world, 'NO_ACTIVE_EVENTS').length,
    skippedMembers: membersOf(world, 'SKIPPED').length,
    unconfirmed: membersOf(world, 'UNCONFIRMED').length,
  });
}

/** Another run of the same hour, with all well: it sends to whom the one before skipped, and to nobody else. */
async function expectRerunSendsTheSkipped(world: World, about: unknown): Promise<void> {
  const skipped = membersOf(world, 'SKIPPED').filter((memberId) => kindOf(memberId) !== 'no tokens');
  const expected = skipped.filter((memberId) => kindOf(memberId) !== 'no events');
  const unconfirmed = [...membersOf(world, 'UNCONFIRMED'), ...membersOf(world, 'SENDING')];
  const before = world.topic.delivered.length;
  world.topic.fateOf = () => 'sent';
  world.services.failing = {};

  await runAll(world, { jobRunId: 'rerun' });

  expect({ about, sent: deliveredTo(world).slice(before) }).toEqual({ about, sent: expected });
  expectAtMostOnce(world, about);
  expect(membersOf(world, 'SKIPPED')).toEqual([]);
  expect(membersOf(world, 'UNCONFIRMED')).toEqual(
    world.pushes.rows.map(({ memberId }) => memberId).filter((memberId) => unconfirmed.includes(memberId)),
  );
}

const undisturbed = makeWorld();
const counting = faultAt(0, 'before');
await runAll(undisturbed, { services: withFaults(undisturbed, counting) });
const everyCall = Array.from({ length: counting.calls() }, (_, index) => index + 1);

describe('messages of an hour that nothing disturbs', () => {
  it('go to each member who has tokens, in whose district events are on', () => {
    expectEnded(undisturbed, 'undisturbed');
    const of = (kind: Kind) =>
      undisturbed.pushes.rows.map(({ memberId }) => memberId).filter((memberId) => kindOf(memberId) === kind);
    expect(membersOf(undisturbed, 'SENT')).toEqual(of('sent'));
    expect(membersOf(undisturbed, 'NO_TOKENS')).toEqual(of('no tokens'));
    expect(membersOf(undisturbed, 'NO_ACTIVE_EVENTS')).toEqual(of('no events'));
    expect(membersOf(undisturbed, 'SKIPPED')).toEqual(of('refused'));
    expect(membersOf(undisturbed, 'UNCONFIRMED').toSorted()).toEqual(
      [...of('answer lost'), ...of('lost before')].toSorted(),
    );
    expect(undisturbed.skipped.toSorted()).toEqual(
      [...of('refused'), ...of('answer lost'), ...of('lost before')].toSorted(),
    );
  });

  it('are of the contract: the district’s events, the hour, the tokens', () => {
    const message = undisturbed.topic.delivered.find(({ memberId }) => memberId === 26);
    expect(message).toMatchObject({
      memberId: 26,
      tokens: ['token-26'],
      dong: 'dong 5',
      hour: 12,
      activeEventCount: 6,
      runDate: '2026-11-21',
    });
    for (const each of undisturbed.topic.delivered) {
      expect(couponPushMessage.safeParse(each).success).toBe(true);
    }
  });

  it('cost a question a chunk for tokens, and one an invocation for districts', () => {
    const members = undisturbed.services.asked.flatMap(({ members: asked }) => (asked > 0 ? asked : []));
    expect(members).toEqual([1_000, 150, 150]);
    expect(undisturbed.services.asked.every(({ dongs }) => dongs <= 200)).toBe(true);
  });

  it('of several chunks cost one question for a district, one in which nothing is on included', async () => {
    const world = makeWorld();
    const range = { rangeNumber: 0, afterId: '0', toId: '1150' };
    await world.checkpoints.plan({ jobRunId: '1', step: STEPS.sendPushes }, () => Promise.resolve([range]));
    await sendPushes(calm(world), { jobRun: jobRun('1'), range }, { remainingSeconds: () => 900 });

    const { asked } = world.services;
    expect(asked.map(({ members }) => members).filter((members) => members > 0)).toEqual([1_000, 150]);
    expect(asked.map(({ dongs }) => dongs).filter((dongs) => dongs > 0)).toEqual([8]);
  });

  it('of more districts than a question takes are asked for in several', async () => {
    const world = makeWorld(0);
    const pushes = Array.from({ length: 450 }, (_, index) => ({
      memberId: String(index + 1),
      dong: `dong ${index}`,
    }));
    world.pushes.insert(HOUR, pushes);
    await runAll(world);

    expect(world.services.asked.map(({ dongs }) => dongs).filter((dongs) => dongs > 0)).toEqual([
      200, 200, 50,
    ]);
  });

  it('are not sent again by another run of the hour, except to whom was skipped', async () => {
    const world = makeWorld();
    await runAll(world);
    await expectRerunSendsTheSkipped(world, 'rerun');
    const sent = deliveredTo(world).length;
    await runAll(world, { jobRunId: 'third' });
    expect(deliveredTo(world)).toHaveLength(sent);
    expect(figuresOf(world, 'third')).toMatchObject({ members: 0, sent: 0 });
  });
});

describe.each<Fault>(['before', 'after', 'lost'])('a worker that is killed %s each of its calls', (fault) => {
  it('and tried again, sends nothing twice, leaves nobody open, and counts what the dead one did', async () => {
    expect(everyCall.length).toBeGreaterThan(60);
    for (const call of everyCall) {
      const world = makeWorld();
      await runAll(world, { services: withFaults(world, faultAt(call, fault)) });

      expectEnded(world, { fault, call });
      const more = membersOf(world, 'UNCONFIRMED').length - membersOf(undisturbed, 'UNCONFIRMED').length;
      expect(more).toBeLessThanOrEqual(CLAIMED_TOGETHER);
      await expectRerunSendsTheSkipped(world, { fault, call });
    }
  });

  it('and followed by another run of the hour, sends nothing twice', async () => {
    for (const call of everyCall) {
      const world = makeWorld();
      await runAll(world, { services: withFaults(world, faultAt(call, fault)), tries: 1 }).catch(
        (error: unknown) => {
          if (!(error instanceof Death)) throw error;
        },
      );
      world.topic.fateOf = () => 'sent';

      await runAll(world, { jobRunId: 'rerun' });

      expectAtMostOnce(world, { fault, call });
      expect(['PENDING', 'SENDING', 'SKIPPED'].flatMap((status) => membersOf(world, status))).toEqual([]);
    }
  });
});

it('whoever was left by a worker that died is told of, and asked about no more', async () => {
  const world = makeWorld(30);
  await world.pushes.claim(HOUR, ['1', '2'], randomUUID());
  await runAll(world);

  expect(world.services.asked.map(({ members }) => members).filter((members) => members > 0)).toEqual([28]);
  expect(membersOf(world, 'UNCONFIRMED')).toEqual(expect.arrayContaining(['1', '2']));
  expect(world.skipped).toEqual(expect.arrayContaining(['1', '2']));
});

describe('a worker that is taken for dead', () => {
  /** Stands still at its n-th call while `meanwhile` happens; then that call happens, and the one after is its last. */
  async function standStill(world: World, call: number, meanwhile: () => Promise<void>, thenDies: boolean) {
    let calls = 0;
    const wrap = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name, target);
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            calls += 1;
            if (calls === call) await meanwhile();
            if (thenDies && calls > call) throw new Death(`at ${String(name)}`);
            return Reflect.apply(method, target, args) as Promise<unknown>;
          };
        },
      });
    await runAll(world, { services: portsOf(world, wrap), tries: 1 }).catch((error: unknown) => {
      if (!(error instanceof Death)) throw error;
    });
  }

  it.each([
    ['goes on', false, {}],
    ['goes on, while the other could not have tokens', false, { tokens: 'HTTP_503' }],
    ['does one thing more', true, {}],
    ['does one thing more, while the other could not have tokens', true, { tokens: 'HTTP_503' }],
    ['does one thing more, while the other could not have stores', true, { stores: 'TIMEOUT' }],
  ])('and %s after another has been through its ranges: nothing is sent twice', async (_, dies, failing) => {
    for (const call of everyCall) {
      const world = makeWorld(260);
      const other = async () => {
        world.services.failing = failing;
        await runAll(world, { jobRunId: 'other' });
        world.services.failing = {};
      };
      await standStill(world, call, other, dies);

      expectAtMostOnce(world, { call });
      world.topic.fateOf = () => 'sent';
      await runAll(world, { jobRunId: 'rerun' });
      expectAtMostOnce(world, { call, rerun: true });
    }
  });
});

describe('two workers at the same chunk', () => {
  /** Calls happen in the order that the scheduler says. @param lastCall of the worker, which dies then */
  function wrapWith(scheduler: fc.Scheduler, lastCall = Infinity) {
    let calls = 0;
    return <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name, target);
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            calls += 1;
            if (calls > lastCall) throw new Death(`at ${String(name)}`);
            await scheduler.schedule(Promise.resolve(), String(name));
            return Reflect.apply(method, target, args) as Promise<unknown>;
          };
        },
      });
  }
  const plan = (world: World) =>
    world.checkpoints.plan({ jobRunId: '1', step: STEPS.sendPushes }, () => Promise.resolve(RANGES));

  it('send nothing twice, in whatever order their calls happen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = makeWorld(130);
        await plan(world);
        const work = () => runAll(world, { services: portsOf(world, wrapWith(scheduler)) });
        await scheduler.waitFor(Promise.all([work(), work()]));

        expectAtMostOnce(world, 'two');
        expect([...membersOf(world, 'PENDING'), ...membersOf(world, 'SENDING')]).toEqual([]);
        await expectRerunSendsTheSkipped(world, 'two');
      }),
      { numRuns: 100 },
    );
  });

  it('one of which dies, and the other of which can have no tokens, leave nothing that a rerun sends twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 16 }), async (scheduler, lastCall) => {
        const world = makeWorld(30);
        await plan(world);
        const dying = runAll(world, {
          services: portsOf(world, wrapWith(scheduler, lastCall)),
          tries: 1,
        }).catch((error: unknown) => {
          if (!(error instanceof Death)) throw error;
        });
        const without = new FakeCouponServices();
        without.failing = { tokens: 'HTTP_503' };
        const other = portsOf({ ...world, services: without }, wrapWith(scheduler));
        await scheduler.waitFor(Promise.all([dying, runAll(world, { services: other })]));
        world.topic.fateOf = () => 'sent';

        await runAll(world, { jobRunId: 'rerun' });

        expectAtMostOnce(world, 'rerun');
      }),
      { numRuns: 400 },
    );
  });
});

describe('what cannot be had', () => {
  it.each([
    [{ tokens: 'HTTP_503' }, 'TOKENS_HTTP_503'],
    [{ stores: 'TIMEOUT' }, 'STORES_TIMEOUT'],
  ])(
    '%o costs the members of the chunk their message: skipped, with the reason, until a rerun',
    async (failing, reason) => {
      const world = makeWorld();
      world.services.failing = failing;
      await runAll(world);

      expect(deliveredTo(world)).toEqual([]);
      expect(new Set(world.pushes.rows.map((row) => `${row.status} ${row.reason}`))).toEqual(
        new Set([`SKIPPED ${reason}`]),
      );
      expect(figuresOf(world)).toMatchObject({ skippedMembers: 1_300, sent: 0 });
      expect(world.skipped).toHaveLength(1_300);
      await expectRerunSendsTheSkipped(world, reason);
    },
  );
});
