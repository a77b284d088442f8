/** Runs of jobs from their begin to what people are told, on the real rows, with executions that die. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlJobRunReader } from '../../../lambdas/jobs/adapters/sql-job-run-reader.ts';
import { sqlJobRunStore } from '../../../lambdas/jobs/adapters/sql-job-run-store.ts';
import { beginJobRun } from '../../../lambdas/jobs/app/begin-job-run.ts';
import { endJobRun } from '../../../lambdas/jobs/app/end-job-run.ts';
import { reconcileJobRuns } from '../../../lambdas/jobs/app/reconcile-job-runs.ts';
import { tellJobAlerts } from '../../../lambdas/jobs/app/tell-job-alerts.ts';
import { sqlCheckpoints } from '../../../lambdas/shared/jobs/checkpoints.ts';
import { alertMessage } from '../../../schema/alert.ts';
import { JOB_REFUSED } from '../../../schema/errors.ts';
import type { Figures, JobInput, JobName } from '../../../schema/jobs.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { FakeAlertLog, FakeAlertTopic } from '../../support/fakes.ts';
import { faultAt, faulty } from '../../support/faults.ts';
import { FakeExecutions } from '../../support/job-fakes.ts';

/** 2026-11-21 01:00:07 in Seoul. */
const NIGHT = Date.UTC(2026, 10, 20, 16, 0, 7);

let database: CampaignDatabase;
beforeAll(async () => {
  database = await startCampaignDatabase();
});
beforeEach(async () => {
  for (const table of ['job_alerts', 'job_checkpoints', 'job_runs'])
    await database.sql.query(`DELETE FROM ${table}`);
});
afterAll(() => database.close());

function makeServices() {
  let nowMs = NIGHT;
  return {
    store: { ...sqlJobRunStore(database.db), ...sqlJobRunReader(database.db) },
    executions: new FakeExecutions(),
    topic: new FakeAlertTopic(),
    alertLog: new FakeAlertLog(),
    deployment: { stage: 'test', region: 'ap-northeast-2' },
    clock: { now: () => nowMs },
    passes: (ms: number) => {
      nowMs += ms;
    },
  };
}
type Services = ReturnType<typeof makeServices>;

const begin = (
  services: Parameters<typeof beginJobRun>[0],
  executionId: string,
  input: JobInput = {},
  jobName: JobName = 'point-sync',
) => beginJobRun(services, { jobName, executionId, input });
const told = ({ topic }: Services) => topic.published.map(({ kind, job }) => `${kind} ${job?.attempt}`);

/** A range of a step that came to this. */
async function walk(
  jobRunId: string,
  figures: Figures,
  chunkCount = 1,
  step = 'sync-balances',
): Promise<void> {
  const checkpoints = sqlCheckpoints(database.db);
  await checkpoints.plan({ jobRunId, step }, () =>
    Promise.resolve([{ rangeNumber: 0, afterId: '0', toId: '9' }]),
  );
  const key = { jobRunId, step, rangeNumber: 0 };
  const seen = await checkpoints.read(key);
  await checkpoints.save(key, seen, { position: '9', chunkCount, figures, finished: true }, NIGHT);
}

describe('a run', () => {
  it('is begun, told, ended with its figures, and told', async () => {
    const services = makeServices();

    const jobRun = await begin(services, 'arn:1', { prune: true });
    await walk(jobRun.jobRunId, { read: 10, corrected: 2 });
    await walk(jobRun.jobRunId, { reportedUsers: 4 }, 1, 'build-daily-report');
    services.passes(61_000);
    const ended = await endJobRun(services, { jobRun, executionId: 'arn:1' });

    expect(jobRun).toMatchObject({ jobName: 'point-sync', runDate: '2026-11-21', attempt: 1, prune: true });
    expect(ended).toEqual({
      status: 'COMPLETED',
      problemCount: 0,
      durationSeconds: 61,
      skippedChunkCount: 0,
      figures: { read: 10, corrected: 2, reportedUsers: 4 },
    });
    expect(services.topic.published).toMatchObject([
      { alertKey: `job-run-${jobRun.jobRunId}-attempt-1-started`, kind: 'JOB_STARTED', isUrgent: false },
      {
        kind: 'JOB_COMPLETED',
        isUrgent: false,
        stage: 'test',
        campaign: null,
        job: {
          executionArn: 'arn:1',
          figures: { read: 10, corrected: 2, reportedUsers: 4 },
          startedAt: '2026-11-21 01:00:07.000',
          endedAt: '2026-11-21 01:01:08.000',
        },
      },
    ]);
    for (const alert of services.topic.published) expect(alertMessage.parse(alert)).toEqual(alert);
  });

  it('removes nothing from Redis unless it is asked to', async () => {
    expect(await begin(makeServices(), 'arn:1')).toMatchObject({ prune: false });
  });

  it('with problems says so and how many', async () => {
    const services = makeServices();
    const jobRun = await begin(services, 'arn:1');
    await walk(jobRun.jobRunId, { read: 10, unreadable: 2, negativeBalances: 1 });

    expect(await endJobRun(services, { jobRun, executionId: 'arn:1' })).toMatchObject({
      status: 'COMPLETED_WITH_PROBLEMS',
      problemCount: 3,
    });
    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_COMPLETED_WITH_PROBLEMS 1']);
  });

  it('whose start was delivered late is for the day for which it was meant', async () => {
    const services = makeServices();
    services.passes(30 * 60 * 60 * 1000);

    const run = await begin(services, 'arn:1', { scheduledAt: '2026-11-20T16:00:00Z' });

    expect(run.runDate).toBe('2026-11-21');
  });

  it('asked for again after it completed is another one', async () => {
    const services = makeServices();
    const first = await begin(services, 'arn:1');
    await endJobRun(services, { jobRun: first, executionId: 'arn:1' });

    const second = await begin(services, 'arn:2');

    expect(second).toMatchObject({ attempt: 1, runDate: first.runDate });
    expect(second.jobRunId).not.toBe(first.jobRunId);
    expect(services.executions.described).toEqual([]);
  });

  it('ended twice is told once', async () => {
    const services = makeServices();
    const jobRun = await begin(services, 'arn:1');
    const ended = [
      await endJobRun(services, { jobRun, executionId: 'arn:1' }),
      await endJobRun(services, { jobRun, executionId: 'arn:1' }),
    ];

    expect(ended[0]).toEqual(ended[1]);
    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_COMPLETED 1']);
  });
});

describe('an execution is refused', () => {
  it('while another runs it for the same day, and told which', async () => {
    const services = makeServices();
    const first = await begin(services, 'arn:1');

    await expect(begin(services, 'arn:2')).rejects.toMatchObject({
      name: JOB_REFUSED,
      message: 'point-sync runs for 2026-11-21 already: execution arn:1',
    });

    expect(await begin(services, 'arn:3', { runDate: '2026-11-20' })).toMatchObject({ attempt: 1 });
    expect(await begin(services, 'arn:1')).toEqual(first);
    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_STARTED 1']);
  });

  it('with its hour', async () => {
    const services = makeServices();
    await begin(services, 'arn:1', { targetHour: 7 }, 'coupon-usage-stats-fcm-send');

    await expect(begin(services, 'arn:2', { targetHour: 7 }, 'coupon-usage-stats-fcm-send')).rejects.toThrow(
      'coupon-usage-stats-fcm-send runs for 2026-11-21, hour 7 already',
    );
    await begin(services, 'arn:3', { targetHour: 8 }, 'coupon-usage-stats-fcm-send');
  });

  it.each<[string, JobInput, string]>([
    ['a future day', { runDate: '2026-11-22' }, 'runDate 2026-11-22 is in the future: today is 2026-11-21'],
    ['an hour that it has not', { targetHour: 1 }, 'it has no targetHour'],
  ])('for %s, and leaves nothing', async (_, input, reason) => {
    const services = makeServices();
    const refused = begin(services, 'arn:1', input);
    await expect(refused).rejects.toMatchObject({ name: JOB_REFUSED });
    await expect(refused).rejects.toThrow(reason);
    expect(await services.store.runningRuns()).toEqual([]);
    expect(told(services)).toEqual([]);
  });

  it('of two starts at the same moment, whoever is later', async () => {
    const services = makeServices();
    const both = await Promise.allSettled([begin(services, 'arn:1'), begin(services, 'arn:2')]);

    const refused = both.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ name: JOB_REFUSED });
    expect(await services.store.runningRuns()).toHaveLength(1);
  });

  it('not because nobody knows whether another works: that fails, to be tried again', async () => {
    const services = makeServices();
    await begin(services, 'arn:1');
    services.executions.away.add('arn:1');

    await expect(begin(services, 'arn:2')).rejects.toThrow('Step Functions does not answer');
    expect(await services.store.runningRuns()).toMatchObject([{ executionId: 'arn:1' }]);
  });
});

describe('an execution that died', () => {
  it.each(['FAILED', 'ABORTED', 'TIMED_OUT'] as const)(
    'as %s has failed its run, which is told once',
    async (status) => {
      const services = makeServices();
      const jobRun = await begin(services, 'arn:1');
      services.executions.end('arn:1', status, 'Lambda.Timeout: 900 s');

      expect(await reconcileJobRuns(services)).toEqual({
        failed: [{ jobRunId: jobRun.jobRunId, jobName: 'point-sync', error: 'Lambda.Timeout: 900 s' }],
      });
      expect(await reconcileJobRuns(services)).toEqual({ failed: [] });

      expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_FAILED 1']);
      expect(services.topic.published[1]).toMatchObject({
        isUrgent: true,
        job: { error: 'Lambda.Timeout: 900 s', figures: null },
      });
    },
  );

  it.each(['SUCCEEDED', 'GONE'] as const)(
    'as %s without ending its run has failed it too',
    async (status) => {
      const services = makeServices();
      await begin(services, 'arn:1');
      services.executions.states.set('arn:1', { status });

      expect((await reconcileJobRuns(services)).failed).toMatchObject([
        { error: 'its execution is over, and did not end it' },
      ]);
    },
  );

  it('is gone on with by the next one, which skips what was finished', async () => {
    const services = makeServices();
    const dead = await begin(services, 'arn:1');
    await walk(dead.jobRunId, { read: 5_000 }, 5);
    services.executions.end('arn:1', 'FAILED', 'why');
    await reconcileJobRuns(services);

    const next = await begin(services, 'arn:2');

    expect(next).toMatchObject({ jobRunId: dead.jobRunId, attempt: 2 });
    expect(services.topic.published.at(-1)).toMatchObject({
      alertKey: `job-run-${dead.jobRunId}-attempt-2-started`,
      job: { skippedChunkCount: 5, executionArn: 'arn:2' },
    });
    expect(await endJobRun(services, { jobRun: next, executionId: 'arn:2' })).toMatchObject({
      figures: { read: 5_000 },
    });
    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_FAILED 1', 'JOB_STARTED 2', 'JOB_COMPLETED 2']);
  });

  it('and still has a worker cannot end what another took over', async () => {
    const services = makeServices();
    const dead = await begin(services, 'arn:1');
    services.executions.end('arn:1', 'ABORTED', 'lunch');
    const next = await begin(services, 'arn:2');

    await endJobRun(services, { jobRun: dead, executionId: 'arn:1' });
    expect(await services.store.runningRuns()).toMatchObject([{ executionId: 'arn:2' }]);

    await endJobRun(services, { jobRun: next, executionId: 'arn:2' });
    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_STARTED 2', 'JOB_COMPLETED 2']);
  });

  it('and is redriven completes the run that was told failed; nobody else may begin meanwhile', async () => {
    const services = makeServices();
    const jobRun = await begin(services, 'arn:1');
    services.executions.end('arn:1', 'FAILED', 'why');
    await reconcileJobRuns(services);
    services.executions.states.set('arn:1', { status: 'RUNNING' });

    await expect(begin(services, 'arn:2')).rejects.toMatchObject({ name: JOB_REFUSED });
    await reconcileJobRuns(services);
    await endJobRun(services, { jobRun, executionId: 'arn:1' });

    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_FAILED 1', 'JOB_COMPLETED 1']);
  });

  it('and has a cause too long for its row is ended all the same, cut between characters', async () => {
    const services = makeServices();
    await begin(services, 'arn:1');
    services.executions.end('arn:1', 'FAILED', `${'x'.repeat(499)}😀 and more`);

    expect((await reconcileJobRuns(services)).failed).toHaveLength(1);
    expect(await services.store.runningRuns()).toEqual([]);
    expect(services.topic.published.at(-1)).toMatchObject({ job: { error: `${'x'.repeat(499)}😀` } });
  });

  it('keeps nobody from being looked after when Step Functions says nothing of it', async () => {
    const services = makeServices();
    await begin(services, 'arn:unknown', { runDate: '2026-11-19' });
    await begin(services, 'arn:dead');
    services.executions.away.add('arn:unknown');
    services.executions.end('arn:dead', 'FAILED', 'why');

    await expect(reconcileJobRuns(services)).rejects.toThrow('1 runs could not be compared');

    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_STARTED 1', 'JOB_FAILED 1']);
    expect(await services.store.runningRuns()).toMatchObject([{ executionId: 'arn:unknown' }]);
  });
});

describe('the same execution that begins again', () => {
  it('carries on when the answer of its first begin was lost', async () => {
    const services = makeServices();
    const dying = { ...services, store: faulty(services.store, faultAt(2, 'after')) };
    await expect(begin(dying, 'arn:1', { prune: true })).rejects.toThrow('after beginRun');

    const jobRun = await begin(services, 'arn:1', { prune: true });

    expect(jobRun).toMatchObject({ attempt: 1, prune: true });
    expect(await services.store.runningRuns()).toHaveLength(1);
    // What it died before telling is told at the next look.
    await reconcileJobRuns(services);
    expect(told(services)).toEqual(['JOB_STARTED 1']);
  });

  it('goes on as a further attempt when it was told failed in between', async () => {
    const services = makeServices();
    const { jobRunId } = await begin(services, 'arn:1');
    services.executions.end('arn:1', 'FAILED', 'why');
    await reconcileJobRuns(services);
    services.executions.states.delete('arn:1');

    expect(await begin(services, 'arn:1')).toMatchObject({ jobRunId, attempt: 2 });
  });
});

describe('alerts', () => {
  it('that the topic does not take keep nothing: they are told later, in their order', async () => {
    const services = makeServices();
    const away = () => services.topic.failures.push(new Error('InternalError'));
    away();
    const jobRun = await begin(services, 'arn:1');
    away();
    await endJobRun(services, { jobRun, executionId: 'arn:1' });
    expect(told(services)).toEqual([]);
    expect(services.alertLog.failures).toHaveLength(2);

    await reconcileJobRuns(services);

    expect(told(services)).toEqual(['JOB_STARTED 1', 'JOB_COMPLETED 1']);
    expect(services.alertLog.published).toHaveLength(2);
    expect(services.topic.published[0]?.job).toMatchObject({ figures: null, endedAt: null });
    await tellJobAlerts(services);
    expect(services.topic.published).toHaveLength(2);
  });

  it('whose publisher died before it could note them are published again under the same key', async () => {
    const services = makeServices();
    // untoldAlerts, then markTold.
    const dying = { ...services, store: faulty(services.store, faultAt(4, 'before')) };
    await begin(dying, 'arn:1');
    await reconcileJobRuns(services);

    const keys = services.topic.published.map(({ alertKey }) => alertKey);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('of many runs are told in pages', async () => {
    const services = makeServices();
    const topic = { publish: () => Promise.reject(new Error('InternalError')) };
    const quiet = { ...services, topic };
    for (let day = 1; day <= 28; day += 1) {
      const runDate = `2026-02-${String(day).padStart(2, '0')}`;
      const jobRun = await begin(quiet, `arn:${day}`, { runDate });
      await endJobRun(quiet, { jobRun, executionId: `arn:${day}` });
    }
    expect(told(services)).toEqual([]);

    await tellJobAlerts(services);
    await tellJobAlerts(services);

    expect(services.topic.published).toHaveLength(56);
  });
});
