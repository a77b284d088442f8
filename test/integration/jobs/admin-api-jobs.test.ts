/** The HTTP API to jobs over a real database and a Step Functions, every answer held to the OpenAPI document. */
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jobRoutes } from '../../../lambdas/jobs/admin-api/job-routes.ts';
import type { JobOperatorLog } from '../../../lambdas/jobs/admin-api/job-routes.ts';
import { sfnJobMachines } from '../../../lambdas/jobs/adapters/sfn-job-machines.ts';
import { sqlJobRunReader } from '../../../lambdas/jobs/adapters/sql-job-run-reader.ts';
import { sqlJobRunStore } from '../../../lambdas/jobs/adapters/sql-job-run-store.ts';
import { describeExecution } from '../../../lambdas/shared/executions.ts';
import { authenticator } from '../../../lambdas/shared/http/authenticate.ts';
import { httpApp } from '../../../lambdas/shared/http/app.ts';
import type { HttpApp } from '../../../lambdas/shared/http/app.ts';
import { startStepFunctions } from '../../../local/services/step-functions/server.ts';
import { jobOperations } from '../../../schema/admin-api/jobs.ts';
import { useCampaignWorld } from '../../support/campaign-world.ts';
import { FakeHttpLog, NOW_MS, SECRET, ask, makeToken, problemOf } from '../../support/http-api.ts';

const ARN = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:grantline-test-point-sync';
/** Each execution goes on for longer than the tests. */
const definition = { StartAt: 'Sync', States: { Sync: { Type: 'Wait', Seconds: 3_600, End: true } } };

const world = useCampaignWorld();
let stepFunctions: Awaited<ReturnType<typeof startStepFunctions>>;
let client: SFNClient;
let asked: Parameters<JobOperatorLog['asked']>[0][];
let app: HttpApp;
let token: string;

beforeAll(async () => {
  stepFunctions = await startStepFunctions({
    region: 'ap-northeast-2',
    accountId: '000000000000',
    machines: [{ name: 'grantline-test-point-sync', arn: ARN, definition }],
    invokeFunction: () => Promise.reject(new Error('the machine of this test waits')),
  });
  client = new SFNClient({
    endpoint: stepFunctions.url,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterAll(async () => {
  client.destroy();
  await stepFunctions.close();
});

beforeEach(async () => {
  asked = [];
  token = await makeToken();
  app = makeApp({ 'point-sync': ARN });
  await world.sql.query('DELETE FROM job_runs');
});

function makeApp(arns: Parameters<typeof sfnJobMachines>[0]): HttpApp {
  const { db } = world.database;
  const routes = jobRoutes({
    store: sqlJobRunStore(db),
    reader: sqlJobRunReader(db),
    executions: { describe: (executionId) => describeExecution(client, executionId) },
    machines: sfnJobMachines(arns, client),
    clock: { now: () => NOW_MS },
    log: { asked: (what) => asked.push(what) },
  });
  return httpApp(routes, {
    authenticate: authenticator({ secret: () => Promise.resolve(SECRET), now: () => NOW_MS }),
    log: new FakeHttpLog(),
    monotonic: () => 0,
  });
}

const get = (target: string) => ask(app, 'GET', `/api/v1/jobs${target}`, { token });
const post = (target: string) => ask(app, 'POST', `/api/v1/jobs${target}`, { token });
const executions = () => stepFunctions.engine.machine(ARN).executions.map(({ spec }) => spec.inputText);
const typeOf = (answer: Awaited<ReturnType<typeof get>>) =>
  problemOf(answer).type.replace('urn:grantline:problem:', '');

async function insertRun(status: string, { runDate = '2026-11-20', executionId = 'e', more = '' } = {}) {
  await world.sql.query(
    `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at, ended_at, figures, problem_count)
     VALUES ('point-sync', ?, ?, ?, '2026-11-21 01:00:00', ${more === '' ? 'NULL, NULL, 0' : more})`,
    [runDate, status, executionId],
  );
}

describe('who may ask', () => {
  it.each(
    Object.values(jobOperations).map(
      ({ method, path }) => [method.toUpperCase(), path.replace('{jobName}', 'point-sync')] as const,
    ),
  )('%s %s is for admins alone', async (method, target) => {
    const other = await makeToken({ memberType: 'USER' });

    expect((await ask(app, method, target)).statusCode).toBe(401);
    expect((await ask(app, method, target, { token: other })).statusCode).toBe(403);
    expect(asked).toEqual([]);
  });
});

describe('POST /jobs/point-sync', () => {
  it('starts it once, however often it is asked, and says who did', async () => {
    const before = executions().length;

    const [first, second] = await Promise.all([
      post('/point-sync?runDate=2026-11-18'),
      post('/point-sync?runDate=2026-11-18'),
    ]);

    expect([first.statusCode, second.statusCode]).toEqual([202, 202]);
    expect(first.headers['location']).toBe('/api/v1/jobs/point-sync/runs');
    expect(first.body).toMatchObject({
      jobName: 'point-sync',
      runDate: '2026-11-18',
      targetHour: null,
      executionName: 'point-sync-2026-11-18-by-hand-1',
    });
    expect(executions().slice(before)).toEqual(['{"runDate":"2026-11-18"}']);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({
      action: 'run-job',
      subject: 'kim',
      runDate: '2026-11-18',
      prune: false,
    });
  });

  it('is for today where nothing is said, and removes users who are gone where it is asked to', async () => {
    const before = executions().length;

    expect((await post('/point-sync?prune=true')).body).toMatchObject({
      outcome: 'started',
      runDate: '2026-11-21',
    });
    expect(executions().slice(before)).toEqual(['{"runDate":"2026-11-21","prune":true}']);
  });

  it('while it runs as it was asked for is the same, and otherwise a conflict', async () => {
    const started = (await post('/point-sync?runDate=2026-11-17')).body as { executionId: string };
    await insertRun('RUNNING', { runDate: '2026-11-17', executionId: started.executionId });
    const before = executions().length;

    const again = await post('/point-sync?runDate=2026-11-17');
    const otherwise = await post('/point-sync?runDate=2026-11-17&prune=true');

    expect(again.body).toMatchObject({ outcome: 'already', executionId: started.executionId });
    expect([otherwise.statusCode, typeOf(otherwise)]).toEqual([409, 'job-conflict']);
    expect(executions()).toHaveLength(before);
  });

  it.each([
    ['runDate=2026-02-30', 'must be a date of the form yyyy-MM-dd'],
    ['runDate=2026-11-22', 'runDate 2026-11-22 is in the future: today is 2026-11-21'],
    ['prune=yes', 'Invalid option'],
    ['rundate=2026-11-20', 'Unrecognized key'],
  ])('refuses %s, and starts nothing', async (query, detail) => {
    const before = executions().length;
    const answer = await post(`/point-sync?${query}`);

    expect([answer.statusCode, typeOf(answer)]).toEqual([400, 'malformed-request']);
    expect(problemOf(answer).errors?.[0]?.detail).toContain(detail);
    expect(executions()).toHaveLength(before);
  });

  it('is not to be had where it is not deployed', async () => {
    app = makeApp({});
    const answer = await post('/point-sync');

    expect([answer.statusCode, typeOf(answer)]).toEqual([404, 'job-not-deployed']);
  });
});

describe('GET /jobs', () => {
  it('shows those that are deployed: the last run of each, and when it runs next', async () => {
    expect((await get('')).body).toEqual({
      jobs: [{ jobName: 'point-sync', nextRunAt: '2026-11-22T01:00:00.000+09:00', lastRun: null }],
    });
    await insertRun('FAILED');
    await insertRun('COMPLETED', { more: `'2026-11-21 01:01:05.500', '{"read":7}', 0` });

    expect((await get('')).body).toMatchObject({
      jobs: [{ lastRun: { status: 'COMPLETED', figures: { read: 7 }, durationSeconds: 65.5 } }],
    });
  });
});

describe('GET /jobs/{jobName}/runs', () => {
  it('shows the newest first, as many as asked for', async () => {
    await insertRun('COMPLETED_WITH_PROBLEMS', {
      more: `'2026-11-21 01:01:00', '{"negativeBalances":2}', 2`,
    });
    await insertRun('RUNNING', { runDate: '2026-11-21', executionId: 'arn:second' });

    expect((await get('/point-sync/runs')).body).toMatchObject({
      runs: [
        {
          status: 'RUNNING',
          runDate: '2026-11-21',
          executionId: 'arn:second',
          figures: null,
          endedAt: null,
          startedAt: '2026-11-21T01:00:00.000+09:00',
          durationSeconds: 11 * 60 * 60,
        },
        { status: 'COMPLETED_WITH_PROBLEMS', problemCount: 2, attempt: 1 },
      ],
    });
    expect((await get('/point-sync/runs?limit=1')).body).toMatchObject({ runs: [{ status: 'RUNNING' }] });
    expect((await get('/coupon-usage-stats/runs')).body).toEqual({ runs: [] });
  });

  it('of no job is not found', async () => {
    expect((await get('/point-sinc/runs')).statusCode).toBe(404);
    expect((await get('/point-sync/runs?limit=0')).statusCode).toBe(400);
  });
});

describe('how long ago a run completed', () => {
  const reader = () => sqlJobRunReader(world.database.db);
  const hours = async () =>
    new Map(
      (await reader().secondsSinceCompleted(NOW_MS)).map((each) => [each.jobName, each.seconds / 3_600]),
    );

  it('is counted from the last that did, with problems or without, and not from one that failed', async () => {
    await insertRun('COMPLETED', { more: `'2026-11-20 02:00:00', '{}', 0` });
    await insertRun('COMPLETED_WITH_PROBLEMS', { more: `'2026-11-20 12:00:00', '{}', 1` });
    await insertRun('FAILED', { more: `'2026-11-21 03:00:00', NULL, 0` });

    expect((await hours()).get('point-sync')).toBe(24);
  });

  it('of one that never did is counted from the migration on: it is missed too, a day later', async () => {
    await world.sql.query(
      'UPDATE schema_migrations SET applied_at = NOW() - INTERVAL 30 HOUR WHERE version = 7',
    );

    expect((await hours()).get('point-sync')).toBeCloseTo(30, 1);
  });
});
