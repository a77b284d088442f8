/** What Checkpoints promises, kept by the one in memory and by MariaDB behind the Data API. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlCheckpoints } from '../../lambdas/shared/jobs/checkpoints.ts';
import type { Checkpoints, RangeProgress } from '../../lambdas/shared/jobs/checkpoints.ts';
import type { JobRange } from '../../schema/jobs.ts';
import { startCampaignDatabase } from '../support/campaign-database.ts';
import { faultAt, faulty } from '../support/faults.ts';
import { START_MS } from '../support/fakes.ts';
import { MemoryCheckpoints } from '../support/job-fakes.ts';

interface Fixture {
  readonly checkpoints: Checkpoints;
  /** A run that has no checkpoints yet. @returns its id */
  newRun(): Promise<string>;
  close(): Promise<void>;
}

function memory(): Promise<Fixture> {
  let runs = 0;
  return Promise.resolve({
    checkpoints: new MemoryCheckpoints(),
    newRun: () => Promise.resolve(String((runs += 1))),
    close: () => Promise.resolve(),
  });
}

async function sql(): Promise<Fixture> {
  const database = await startCampaignDatabase();
  return {
    checkpoints: sqlCheckpoints(database.db),
    newRun: async () => {
      const [{ insertId }] = await database.sql.query<import('mysql2').ResultSetHeader>(
        `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at)
         VALUES ('point-sync', '2026-11-21', 'RUNNING', 'e', NOW(3))`,
      );
      return String(insertId);
    },
    close: () => database.close(),
  };
}

const HIGHEST = '9223372036854775807';
const RANGES: readonly JobRange[] = [
  { rangeNumber: 0, afterId: '0', toId: '9007199254740993' },
  { rangeNumber: 1, afterId: '9007199254740993', toId: '9007199254740994' },
  { rangeNumber: 2, afterId: '9007199254740994', toId: HIGHEST },
];

describe.each([
  ['in memory', memory],
  ['as rows', sql],
])('checkpoints %s', (_, makeFixture) => {
  let fixture: Fixture;
  let checkpoints: Checkpoints;
  let step: { jobRunId: string; step: string };
  beforeAll(async () => {
    fixture = await makeFixture();
    ({ checkpoints } = fixture);
  });
  beforeEach(async () => {
    step = { jobRunId: await fixture.newRun(), step: 'sync-balances' };
  });
  afterAll(() => fixture.close());

  const planned = () => Promise.resolve(RANGES);
  const key = (rangeNumber: number) => ({ ...step, rangeNumber });
  const progress = (overrides: Partial<RangeProgress> = {}): RangeProgress => ({
    position: '7',
    chunkCount: 1,
    figures: { read: 3 },
    finished: false,
    ...overrides,
  });
  const save = async (rangeNumber: number, to: RangeProgress) =>
    checkpoints.save(key(rangeNumber), await checkpoints.read(key(rangeNumber)), to, START_MS);

  it('begin where their ranges begin', async () => {
    expect(await checkpoints.plan(step, planned)).toEqual(RANGES);
    expect(await checkpoints.read(key(1))).toEqual({
      position: '9007199254740993',
      chunkCount: 0,
      figures: {},
      finished: false,
    });
  });

  it('keep the ranges of the first plan, and give those that are not finished', async () => {
    await checkpoints.plan(step, planned);
    await save(1, progress({ finished: true }));

    const again = await checkpoints.plan(step, () => Promise.reject(new Error('planned twice')));

    expect(again).toEqual([RANGES[0], RANGES[2]]);
  });

  it('that are all finished leave nothing to do', async () => {
    await checkpoints.plan(step, planned);
    for (const { rangeNumber } of RANGES) await save(rangeNumber, progress({ finished: true }));

    expect(await checkpoints.plan(step, planned)).toEqual([]);
  });

  it('of two plans at the same moment are those of one', async () => {
    const [a, b] = await Promise.all([
      checkpoints.plan(step, planned),
      checkpoints.plan(step, () =>
        Promise.resolve(RANGES.slice(2).map((range) => ({ ...range, rangeNumber: 0 }))),
      ),
    ]);

    expect(a).toEqual(b);
    expect([1, 3]).toContain(a.length);
    expect(await checkpoints.plan(step, planned)).toEqual(a);
  });

  it('of each step and each run are their own', async () => {
    await checkpoints.plan(step, planned);
    const otherStep = { ...step, step: 'build-daily-report' };
    const otherRun = { ...step, jobRunId: await fixture.newRun() };
    await checkpoints.plan(otherStep, planned);
    await checkpoints.plan(otherRun, planned);

    await save(0, progress({ finished: true }));

    expect(await checkpoints.plan(otherStep, planned)).toHaveLength(3);
    expect(await checkpoints.plan(otherRun, planned)).toHaveLength(3);
  });

  it('move from where they were seen, with their figures', async () => {
    await checkpoints.plan(step, planned);

    expect(await save(0, progress())).toBe(true);
    expect(await checkpoints.read(key(0))).toEqual(progress());
    const further = progress({
      position: '9007199254740992',
      chunkCount: 2,
      figures: { read: 5, missing: 1 },
    });
    expect(await save(0, further)).toBe(true);
    expect(await checkpoints.read(key(0))).toEqual(further);
    expect(await checkpoints.read(key(1))).toMatchObject({ chunkCount: 0 });
  });

  it('do not move from where they no longer are', async () => {
    await checkpoints.plan(step, planned);
    const seen = await checkpoints.read(key(0));
    await save(0, progress());

    expect(await checkpoints.save(key(0), seen, progress({ position: '8' }), START_MS)).toBe(false);
    expect(await checkpoints.read(key(0))).toEqual(progress());
  });

  it('do not move when the same position was worked through by another: an empty page, a cursor that came back', async () => {
    await checkpoints.plan(step, planned);
    const seen = await checkpoints.read(key(0));
    await save(0, progress({ position: seen.position }));

    expect(await checkpoints.save(key(0), seen, progress({ figures: { read: 9 } }), START_MS)).toBe(false);
    expect(await checkpoints.read(key(0))).toMatchObject({ figures: { read: 3 } });
  });

  it('that are finished do not move', async () => {
    await checkpoints.plan(step, planned);
    const finished = progress({ finished: true });
    await save(0, finished);

    expect(await save(0, progress({ position: '8', chunkCount: 2 }))).toBe(false);
    expect(await checkpoints.read(key(0))).toEqual(finished);
  });

  it('of two at the same moment one moves', async () => {
    await checkpoints.plan(step, planned);
    const seen = await checkpoints.read(key(0));

    const moved = await Promise.all(
      ['5', '6'].map((position) => checkpoints.save(key(0), seen, progress({ position }), START_MS)),
    );

    expect(moved.toSorted()).toEqual([false, true]);
    expect((await checkpoints.read(key(0))).position).toBe(moved[0] === true ? '5' : '6');
  });

  it('say that another was faster when their own answer was lost, and are where they were to be', async () => {
    await checkpoints.plan(step, planned);
    const lossy = faulty(checkpoints, faultAt(1, 'lost'));

    expect(await lossy.save(key(0), await checkpoints.read(key(0)), progress(), START_MS)).toBe(false);
    expect(await checkpoints.read(key(0))).toEqual(progress());
  });

  it('that were not planned are an error that names them', async () => {
    await expect(checkpoints.read(key(0))).rejects.toThrow('range 0 of sync-balances was not planned');
  });
});
