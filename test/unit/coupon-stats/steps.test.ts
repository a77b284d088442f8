/** The steps of both jobs, gone through by workers that die: what they ask, and in which pieces. */
import { describe, expect, it } from 'vitest';
import { aggregateUsage } from '../../../lambdas/coupon-stats/app/aggregate-usage.ts';
import { collectMembers } from '../../../lambdas/coupon-stats/app/collect-members.ts';
import { collectStores } from '../../../lambdas/coupon-stats/app/collect-stores.ts';
import { learnDistricts } from '../../../lambdas/coupon-stats/app/learn-districts.ts';
import { planPushes } from '../../../lambdas/coupon-stats/app/plan-pushes.ts';
import { planUsage } from '../../../lambdas/coupon-stats/app/plan-usage.ts';
import type { Answered } from '../../../lambdas/coupon-stats/ports.ts';
import { addFigures } from '../../../lambdas/shared/jobs/add-figures.ts';
import { WHOLE_RANGE } from '../../../lambdas/shared/jobs/ranges-by.ts';
import type { JobRun } from '../../../schema/jobs.ts';
import { START_MS } from '../../support/fakes.ts';
import { MemoryCheckpoints } from '../../support/job-fakes.ts';

const clock = { now: () => START_MS };
const plenty = { remainingSeconds: () => 900 };
const jobRun: JobRun = {
  jobRunId: '1',
  jobName: 'coupon-usage-stats',
  runDate: '2026-11-20',
  targetHour: null,
  attempt: 1,
  prune: false,
};
const ofHour: JobRun = { ...jobRun, jobName: 'coupon-usage-stats-fcm-send', targetHour: 9 };

async function planned(step: string): Promise<MemoryCheckpoints> {
  const checkpoints = new MemoryCheckpoints();
  await checkpoints.plan({ jobRunId: '1', step }, () => Promise.resolve([WHOLE_RANGE]));
  return checkpoints;
}
const figuresOf = (checkpoints: MemoryCheckpoints) =>
  checkpoints
    .progressOf('1')
    .map(({ figures }) => figures)
    .reduce(addFigures, {});

describe('a plan', () => {
  /** Ends after 10 and 20. */
  const memberRangeEnd = ({ afterId }: { afterId: string }) =>
    Promise.resolve({ '0': '10', '10': '20' }[afterId]);
  const cut = [
    { rangeNumber: 0, afterId: '0', toId: '10' },
    { rangeNumber: 1, afterId: '10', toId: '20' },
    { rangeNumber: 2, afterId: '20', toId: '9223372036854775807' },
  ];

  it('of favourites goes through days and stores in one range, through members in several', async () => {
    const services = { store: { memberRangeEnd }, checkpoints: new MemoryCheckpoints() };

    expect(await planUsage(services, jobRun)).toEqual({
      collectRanges: [WHOLE_RANGE],
      learnRanges: [WHOLE_RANGE],
      aggregateRanges: cut,
    });
  });

  it('of pushes cuts the members, who comes meanwhile included; a run that goes on has the same', async () => {
    const checkpoints = new MemoryCheckpoints();
    const first = await planPushes({ pushes: { memberRangeEnd }, checkpoints }, ofHour);
    const other = { memberRangeEnd: () => Promise.resolve(undefined) };

    expect(first).toEqual({ collectRanges: cut, sendRanges: cut });
    expect(await planPushes({ pushes: other, checkpoints }, ofHour)).toEqual(first);
  });
});

describe('collecting stores', () => {
  it('goes through the twenty days, one a chunk, and goes on after the last that was done', async () => {
    const days: string[] = [];
    const checkpoints = await planned('collect-stores');
    const store = {
      collectStores: (_: string, day: string) => {
        days.push(day);
        return days.length === 4 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
      },
    };
    const work = () => collectStores({ store, checkpoints, clock }, { jobRun, range: WHOLE_RANGE }, plenty);

    await expect(work()).rejects.toThrow('away');
    expect(await work()).toEqual({ finished: true });

    const expected = Array.from({ length: 20 }, (_, day) => `2026-11-${String(day + 1).padStart(2, '0')}`);
    expect(days).toEqual([...expected.slice(0, 4), ...expected.slice(3)]);
  });
});

describe('learning districts', () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => String(index + 1));

  async function learn(answerOf: (asked: readonly string[], call: number) => Answered<Map<string, string>>) {
    const asked: (readonly string[])[] = [];
    const recorded: { storeIds: readonly string[]; dongs: ReadonlyMap<string, string> | undefined }[] = [];
    const notSaid: string[] = [];
    const checkpoints = await planned('learn-districts');
    await learnDistricts(
      {
        store: {
          stores: (_, afterId, limit) =>
            Promise.resolve(ids.filter((id) => Number(id) > Number(afterId)).slice(0, limit)),
          recordDistricts: (_, storeIds, dongs) => {
            recorded.push({ storeIds, dongs });
            return Promise.resolve();
          },
        },
        storeService: {
          dongsOfStores: (storeIds) => {
            asked.push(storeIds);
            return Promise.resolve(answerOf(storeIds, asked.length));
          },
        },
        checkpoints,
        clock,
        log: { districtsNotSaid: (reason, storeIds) => notSaid.push(`${reason} ${storeIds.length}`) },
      },
      { jobRun, range: WHOLE_RANGE },
      plenty,
    );
    return { asked, recorded, notSaid, figures: figuresOf(checkpoints) };
  }

  it('asks for each store once, a thousand a call, and for nothing when there are no more', async () => {
    const { asked, recorded, figures } = await learn((storeIds) => ({
      ok: true,
      value: new Map(storeIds.filter((id) => id !== '5').map((id) => [id, 'a dong'])),
    }));

    expect(asked.map((storeIds) => storeIds.length)).toEqual([1_000, 1_000]);
    expect(asked.flat()).toEqual(ids);
    expect(recorded.map(({ dongs }) => dongs?.size)).toEqual([999, 1_000]);
    expect(figures).toEqual({ stores: 2_000, storeServiceCalls: 2, unknownStores: 1, storesNotSaid: 0 });
  });

  it('notes and tells what the service does not say, and asks for the rest', async () => {
    const { recorded, notSaid, figures } = await learn((storeIds, call) =>
      call === 1
        ? { ok: false, reason: 'HTTP_503' }
        : { ok: true, value: new Map(storeIds.map((id) => [id, 'a dong'])) },
    );

    expect(recorded.map(({ storeIds, dongs }) => [storeIds.length, dongs?.size])).toEqual([
      [1_000, undefined],
      [1_000, 1_000],
    ]);
    expect(notSaid).toEqual(['HTTP_503 1000']);
    expect(figures).toEqual({ stores: 2_000, storeServiceCalls: 2, unknownStores: 0, storesNotSaid: 1_000 });
  });
});

describe('chunks of members', () => {
  /** Ends after 10 and 20 of the range up to 25. */
  const memberRangeEnd = ({ afterId }: { afterId: string }) =>
    Promise.resolve({ '0': '10', '10': '20' }[afterId]);
  const range = { rangeNumber: 0, afterId: '0', toId: '25' };

  async function checkpointsOf(step: string) {
    const checkpoints = new MemoryCheckpoints();
    await checkpoints.plan({ jobRunId: '1', step }, () => Promise.resolve([range]));
    return checkpoints;
  }

  async function aggregate(isDistrictNotSaid: boolean) {
    const done: [string, ...unknown[]][] = [];
    const checkpoints = await checkpointsOf('aggregate-usage');
    const store = {
      memberRangeEnd,
      isDistrictNotSaid: (jobRunId: string) => {
        done.push(['look', jobRunId]);
        return Promise.resolve(isDistrictNotSaid);
      },
      skipMembers: (...args: unknown[]) => {
        done.push(['skip', ...args]);
        return Promise.resolve();
      },
      aggregate: (...args: unknown[]) => {
        done.push(['aggregate', ...args]);
        return Promise.resolve({ favourites: 2, skippedMembers: 1 });
      },
    };
    await aggregateUsage({ store, checkpoints, clock }, { jobRun, range }, plenty);
    return { done, figures: figuresOf(checkpoints) };
  }
  const run = { jobRunId: '1', runDate: '2026-11-20' };
  const days = { first: '2026-11-01', last: '2026-11-20' };

  it('are aggregated over the window, each once, to the end of the range', async () => {
    const { done, figures } = await aggregate(false);

    expect(done).toEqual([
      ['look', '1'],
      ['aggregate', run, days, { afterId: '0', toId: '10' }, START_MS],
      ['aggregate', run, days, { afterId: '10', toId: '20' }, START_MS],
      ['aggregate', run, days, { afterId: '20', toId: '25' }, START_MS],
    ]);
    expect(figures).toEqual({ favourites: 6, skippedMembers: 3 });
  });

  it('are looked through for members to skip first where a district was not said', async () => {
    const { done } = await aggregate(true);

    expect(done).toEqual([
      ['look', '1'],
      ['skip', '1', days, { afterId: '0', toId: '10' }],
      ['aggregate', run, days, { afterId: '0', toId: '10' }, START_MS],
      ['skip', '1', days, { afterId: '10', toId: '20' }],
      ['aggregate', run, days, { afterId: '10', toId: '20' }, START_MS],
      ['skip', '1', days, { afterId: '20', toId: '25' }],
      ['aggregate', run, days, { afterId: '20', toId: '25' }, START_MS],
    ]);
  });

  it('are collected for the hour, each once, to the end of the range', async () => {
    const done: unknown[] = [];
    const checkpoints = await checkpointsOf('collect-members');
    const pushes = {
      memberRangeEnd,
      collectMembers: (...args: unknown[]) => {
        done.push(args);
        return Promise.resolve();
      },
    };
    await collectMembers({ pushes, checkpoints, clock }, { jobRun: ofHour, range }, plenty);

    const hour = { runDate: '2026-11-20', targetHour: 9 };
    expect(done).toEqual([
      [hour, { afterId: '0', toId: '10' }],
      [hour, { afterId: '10', toId: '20' }],
      [hour, { afterId: '20', toId: '25' }],
    ]);
  });
});
