/** What JobRunStore and JobAlertStore promise, kept by the one in memory and by MariaDB behind the Data API. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlJobRunStore } from '../../lambdas/jobs/adapters/sql-job-run-store.ts';
import type { JobFor, JobOutcome, LatestRun } from '../../lambdas/jobs/domain/job-run.ts';
import type { JobAlertStore, JobRunStore } from '../../lambdas/jobs/ports.ts';
import { sqlCheckpoints } from '../../lambdas/shared/jobs/checkpoints.ts';
import type { Checkpoints } from '../../lambdas/shared/jobs/checkpoints.ts';
import { addDays } from '../../schema/seoul-time.ts';
import { startCampaignDatabase } from '../support/campaign-database.ts';
import { START_MS } from '../support/fakes.ts';
import { faultAt, faulty } from '../support/faults.ts';
import { MemoryCheckpoints, MemoryJobRuns } from '../support/job-fakes.ts';

interface Fixture {
  readonly store: JobRunStore & JobAlertStore;
  readonly checkpoints: Checkpoints;
  close(): Promise<void>;
}

function memory(): Promise<Fixture> {
  const checkpoints = new MemoryCheckpoints();
  return Promise.resolve({
    store: new MemoryJobRuns(checkpoints),
    checkpoints,
    close: () => Promise.resolve(),
  });
}

async function sql(): Promise<Fixture> {
  const database = await startCampaignDatabase();
  const { db } = database;
  return { store: sqlJobRunStore(db), checkpoints: sqlCheckpoints(db), close: () => database.close() };
}

describe.each([
  ['in memory', memory],
  ['as rows', sql],
])('runs of jobs %s', (_, makeFixture) => {
  let fixture: Fixture;
  let store: Fixture['store'];
  let of: JobFor;
  let day = '2026-01-01';
  beforeAll(async () => {
    fixture = await makeFixture();
    ({ store } = fixture);
  });
  beforeEach(async () => {
    day = addDays(day, 1);
    of = { jobName: 'point-sync', runDate: day, targetHour: null };
    for (const { key } of await store.untoldAlerts(100)) await store.markTold(key, START_MS);
  });
  afterAll(() => fixture.close());

  const begin = async (
    executionId: string,
    overrides: Partial<Parameters<JobRunStore['beginRun']>[0]> = {},
  ) =>
    store.beginRun({
      of,
      seen: await store.latestRun(of),
      executionId,
      goOn: false,
      prune: false,
      nowMs: START_MS,
      ...overrides,
    });
  const begun = async (
    executionId: string,
    overrides: Partial<Parameters<JobRunStore['beginRun']>[0]> = {},
  ) => {
    const run = await begin(executionId, overrides);
    if (run === undefined) throw new Error('it was not begun');
    return run;
  };
  const end = (jobRunId: string, executionId: string, outcome: Partial<JobOutcome> = {}) =>
    store.endRun({
      jobRunId,
      executionId,
      outcome: { status: 'COMPLETED', figures: { read: 5 }, problemCount: 0, ...outcome } as JobOutcome,
      nowMs: START_MS + 60_000,
    });
  const fail = (jobRunId: string, executionId: string, error = 'no database') =>
    store.endRun({ jobRunId, executionId, outcome: { status: 'FAILED', error }, nowMs: START_MS + 1 });
  const kinds = async () => (await store.untoldAlerts(100)).map(({ kind }) => kind);

  it('there are none of a day that nobody asked for', async () => {
    expect(await store.latestRun(of)).toBeUndefined();
    expect(await store.sumFigures('987654321')).toEqual({});
  });

  it('begin, and are the latest of their day', async () => {
    const run = await begun('a', { prune: true });

    expect(run).toEqual({ ...of, jobRunId: run.jobRunId, attempt: 1, prune: true });
    expect(await store.latestRun(of)).toEqual({
      jobRunId: run.jobRunId,
      status: 'RUNNING',
      executionId: 'a',
      attempt: 1,
    });
    expect(await kinds()).toEqual(['JOB_STARTED']);
  });

  it('of another job, day or hour are others', async () => {
    await begun('a');
    const others: JobFor[] = [
      { ...of, jobName: 'coupon-usage-stats' },
      { ...of, runDate: '2025-12-31' },
      { ...of, jobName: 'coupon-usage-stats-fcm-send', targetHour: 0 },
      { ...of, jobName: 'coupon-usage-stats-fcm-send', targetHour: 1 },
    ];
    for (const other of others) {
      expect(await store.latestRun(other)).toBeUndefined();
      expect(await begin(`of ${JSON.stringify(other)}`, { of: other, seen: undefined })).toMatchObject(other);
    }
    expect(await store.latestRun(of)).toMatchObject({ executionId: 'a' });
  });

  it('of two that begin at the same moment one is', async () => {
    const both = await Promise.all(['a', 'b'].map((executionId) => begin(executionId, { seen: undefined })));

    expect(both.filter((run) => run === undefined)).toHaveLength(1);
    const winner = both[0] === undefined ? 'b' : 'a';
    expect(await store.latestRun(of)).toMatchObject({ executionId: winner, attempt: 1 });
    expect(await kinds()).toEqual(['JOB_STARTED']);
  });

  it('of two that go on at the same moment one does', async () => {
    const { jobRunId } = await begun('dead');
    const seen = await store.latestRun(of);
    const both = await Promise.all(['a', 'b'].map((executionId) => begin(executionId, { seen, goOn: true })));

    expect(both.filter((run) => run === undefined)).toHaveLength(1);
    expect(await store.latestRun(of)).toMatchObject({ jobRunId, attempt: 2, status: 'RUNNING' });
    expect(await kinds()).toEqual(['JOB_STARTED', 'JOB_STARTED']);
  });

  it('whose begin was committed and its answer lost are begun once', async () => {
    const lossy = faulty(store, faultAt(1, 'lost'));
    const seen: LatestRun | undefined = undefined;
    const run = await lossy.beginRun({
      of,
      seen,
      executionId: 'a',
      goOn: false,
      prune: true,
      nowMs: START_MS,
    });

    expect(run).toMatchObject({ attempt: 1, prune: true });
    expect(await store.latestRun(of)).toMatchObject({ jobRunId: run?.jobRunId, attempt: 1 });
    expect(await kinds()).toEqual(['JOB_STARTED']);
  });

  it('whose take-over was committed and its answer lost are taken over once', async () => {
    await begun('dead');
    const seen = await store.latestRun(of);
    const lossy = faulty(store, faultAt(1, 'lost'));

    const run = await lossy.beginRun({
      of,
      seen,
      executionId: 'a',
      goOn: true,
      prune: false,
      nowMs: START_MS,
    });

    expect(run).toMatchObject({ attempt: 2 });
    expect(await store.latestRun(of)).toMatchObject({ attempt: 2, executionId: 'a' });
  });

  it('are gone on with as a further attempt, which says how many chunks it skips', async () => {
    const { checkpoints } = fixture;
    const { jobRunId } = await begun('dead');
    const step = { jobRunId, step: 'sync-balances' };
    await checkpoints.plan(step, () =>
      Promise.resolve([
        { rangeNumber: 0, afterId: '0', toId: '10' },
        { rangeNumber: 1, afterId: '10', toId: '20' },
      ]),
    );
    for (const rangeNumber of [0, 1]) {
      const key = { ...step, rangeNumber };
      const to = {
        position: '9',
        chunkCount: 3 + rangeNumber,
        figures: { read: 5, missing: 1 },
        finished: false,
      };
      await checkpoints.save(key, await checkpoints.read(key), to, START_MS);
    }
    await fail(jobRunId, 'dead');

    expect(await begin('next', { goOn: true })).toMatchObject({ jobRunId, attempt: 2 });

    expect(await store.latestRun(of)).toMatchObject({ status: 'RUNNING', executionId: 'next' });
    expect(await store.sumFigures(jobRunId)).toEqual({ read: 10, missing: 2 });
    const [started, failed, goesOn] = await store.untoldAlerts(100);
    expect(started).toMatchObject({ kind: 'JOB_STARTED', job: { skippedChunkCount: 0, attempt: 1 } });
    expect(failed).toMatchObject({ kind: 'JOB_FAILED', job: { error: 'no database', attempt: 1 } });
    expect(goesOn).toMatchObject({
      key: `job-run-${jobRunId}-attempt-2-started`,
      job: { skippedChunkCount: 7, attempt: 2, error: null, executionArn: 'next' },
    });
  });

  it('are not gone on with when their execution, redriven, has completed them since', async () => {
    const { jobRunId } = await begun('a');
    await fail(jobRunId, 'a');
    const seen = await store.latestRun(of);
    await end(jobRunId, 'a');

    expect(await begin('b', { seen, goOn: true })).toBeUndefined();
    expect(await store.latestRun(of)).toMatchObject({ jobRunId, status: 'COMPLETED', executionId: 'a' });
  });

  it('are not begun by who saw an earlier one', async () => {
    const seen = await store.latestRun(of);
    const { jobRunId } = await begun('a');
    await end(jobRunId, 'a');

    expect(await begin('b', { seen })).toBeUndefined();
  });

  it('are new ones once the latest has completed', async () => {
    const first = await begun('a');
    await end(first.jobRunId, 'a');

    const second = await begun('b');

    expect(second.jobRunId).not.toBe(first.jobRunId);
    expect(second.attempt).toBe(1);
  });

  it('end once, with one alert', async () => {
    const { jobRunId } = await begun('a');

    expect(await end(jobRunId, 'a')).toBe(true);
    expect(await end(jobRunId, 'a')).toBe(false);
    expect(await fail(jobRunId, 'a')).toBe(false);

    expect(await store.latestRun(of)).toMatchObject({ status: 'COMPLETED' });
    const alerts = await store.untoldAlerts(100);
    expect(alerts.map(({ key }) => key)).toEqual([
      `job-run-${jobRunId}-attempt-1-started`,
      `job-run-${jobRunId}-attempt-1-completed`,
    ]);
    expect(alerts[1]).toMatchObject({
      kind: 'JOB_COMPLETED',
      raisedAtMs: START_MS + 60_000,
      job: { figures: { read: 5 }, problemCount: 0, error: null },
    });
  });

  it('whose end was committed and its answer lost are told once', async () => {
    const { jobRunId } = await begun('a');
    const lossy = faulty(store, faultAt(1, 'lost'));
    const outcome = {
      status: 'COMPLETED_WITH_PROBLEMS',
      figures: { unreadable: 2 },
      problemCount: 2,
    } as const;

    await lossy.endRun({ jobRunId, executionId: 'a', outcome, nowMs: START_MS });

    const [, ended, ...more] = await store.untoldAlerts(100);
    expect(more).toEqual([]);
    expect(ended).toMatchObject({ kind: 'JOB_COMPLETED_WITH_PROBLEMS', job: { problemCount: 2 } });
  });

  it('are ended by their own execution alone', async () => {
    const { jobRunId } = await begun('dead');
    await begun('a', { goOn: true });

    expect(await end(jobRunId, 'dead')).toBe(false);
    expect(await fail(jobRunId, 'dead')).toBe(false);
    expect(await store.latestRun(of)).toMatchObject({ status: 'RUNNING', executionId: 'a' });
    expect(await end(jobRunId, 'a')).toBe(true);
  });

  it('that failed are completed by the same execution when it was redriven, and do not fail twice', async () => {
    const { jobRunId } = await begun('a');
    expect(await fail(jobRunId, 'a')).toBe(true);
    expect(await fail(jobRunId, 'a')).toBe(false);

    expect(await end(jobRunId, 'a')).toBe(true);

    expect(await kinds()).toEqual(['JOB_STARTED', 'JOB_FAILED', 'JOB_COMPLETED']);
  });

  it('that run are known with their execution', async () => {
    const { jobRunId } = await begun('a');
    const running = async () =>
      (await store.runningRuns())
        .filter((run) => run.jobRunId === jobRunId)
        .map(({ executionId }) => executionId);

    expect(await running()).toEqual(['a']);
    await fail(jobRunId, 'a');
    expect(await running()).toEqual([]);
  });

  it('have alerts that are told in their order, some at a time, and not again', async () => {
    const { jobRunId } = await begun('a');
    await end(jobRunId, 'a');
    const [first] = await store.untoldAlerts(1);

    expect(first?.kind).toBe('JOB_STARTED');
    await store.markTold(first?.key ?? '', START_MS);
    await store.markTold(first?.key ?? '', START_MS);

    expect(await kinds()).toEqual(['JOB_COMPLETED']);
  });

  it('have alerts that say what was so when they were raised, also when they are told much later', async () => {
    const { jobRunId } = await begun('a');
    await fail(jobRunId, 'a', 'States.Timeout: no answer');
    await begun('b', { goOn: true });
    await end(jobRunId, 'b');

    const told = (await store.untoldAlerts(100)).map(({ kind, job }) => ({
      kind,
      attempt: job.attempt,
      by: job.executionArn,
      error: job.error,
      figures: job.figures,
      hasEnded: job.endedAt !== null,
    }));

    expect(told).toEqual([
      { kind: 'JOB_STARTED', attempt: 1, by: 'a', error: null, figures: null, hasEnded: false },
      {
        kind: 'JOB_FAILED',
        attempt: 1,
        by: 'a',
        error: 'States.Timeout: no answer',
        figures: null,
        hasEnded: true,
      },
      { kind: 'JOB_STARTED', attempt: 2, by: 'b', error: null, figures: null, hasEnded: false },
      { kind: 'JOB_COMPLETED', attempt: 2, by: 'b', error: null, figures: { read: 5 }, hasEnded: true },
    ]);
  });
});

describe('rows of runs', () => {
  it('hold the end of a long reason off, also of one in Korean, and any figure', async () => {
    const rows = await sql();
    const { store } = rows;
    const of: JobFor = { jobName: 'coupon-usage-stats-fcm-send', runDate: '2026-11-21', targetHour: 0 };
    const begin = { of, seen: undefined, executionId: 'a', goOn: false, prune: false, nowMs: START_MS };
    const run = await store.beginRun(begin);
    const error = '데이터베이스가 응답하지 않습니다 '.repeat(100);
    const outcome = { status: 'FAILED', error } as const;
    await store.endRun({ jobRunId: run?.jobRunId ?? '', executionId: 'a', outcome, nowMs: START_MS });

    const [, failed] = await store.untoldAlerts(10);

    expect(failed?.job).toMatchObject({
      jobName: 'coupon-usage-stats-fcm-send',
      runDate: '2026-11-21',
      targetHour: 0,
      error: error.slice(0, 500),
      startedAt: '2026-11-21 12:00:00.000',
      endedAt: '2026-11-21 12:00:00.000',
    });
    await rows.close();
  });
});
