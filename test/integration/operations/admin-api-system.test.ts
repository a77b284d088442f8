import { describe, expect, it } from 'vitest';
import {
  MOST_DEAD_LETTERS,
  breakerIsOpen,
  readFigures,
} from '../../../lambdas/operations/admin-api/figures.ts';
import type { Figures } from '../../../lambdas/operations/admin-api/figures.ts';
import { prometheusText } from '../../../lambdas/operations/admin-api/prometheus.ts';
import { systemRoutes } from '../../../lambdas/operations/admin-api/system-routes.ts';
import type { SystemRouteServices } from '../../../lambdas/operations/admin-api/system-routes.ts';
import { httpApp } from '../../../lambdas/shared/http/app.ts';
import { openApiDocument } from '../../../schema/admin-api/document.ts';
import { OPERATIONS } from '../../../schema/admin-api/operations.ts';
import { useCampaignWorld } from '../../support/campaign-world.ts';
import { FakeHttpLog, ask, problemOf } from '../../support/http-api.ts';

const world = useCampaignWorld();

function makeApp(overrides: Partial<SystemRouteServices> = {}) {
  const down: unknown[] = [];
  const routes = systemRoutes({
    breakerIsOpen: () => breakerIsOpen(world.database.db),
    withinMs: 10_000,
    figures: () => readFigures(world.database.db),
    log: { healthDown: (error) => down.push(error) },
    ...overrides,
  });
  const app = httpApp(routes, {
    authenticate: () => Promise.reject(new Error('no route of this function asks for a token')),
    log: new FakeHttpLog(),
    monotonic: () => 0,
    servedElsewhere: OPERATIONS,
  });
  return { down, ask: (target: string) => ask(app, 'GET', target) };
}

/** Values by series, without the help. */
async function metrics(text: string | Promise<string>): Promise<Record<string, number>> {
  return Object.fromEntries(
    (await text)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('/actuator/health', () => {
  it('is UP while the database answers', async () => {
    expect(await makeApp().ask('/actuator/health')).toMatchObject({
      statusCode: 200,
      body: { status: 'UP', components: { database: { status: 'UP' }, moneyBreaker: { status: 'CLOSED' } } },
    });
  });

  it('is UP while the breaker is open: Grantline works, the Money API does not', async () => {
    await world.setBreaker({ openedMs: 1 });

    expect(await makeApp().ask('/actuator/health')).toMatchObject({
      statusCode: 200,
      body: { status: 'UP', components: { moneyBreaker: { status: 'OPEN' } } },
    });
  });

  it('is DOWN when the database refuses; why is for the log alone', async () => {
    const error = new Error('Access denied for user root@10.0.0.1');
    const { ask, down } = makeApp({ breakerIsOpen: () => Promise.reject(error) });

    const answer = await ask('/actuator/health');

    expect(answer).toMatchObject({
      statusCode: 503,
      body: {
        status: 'DOWN',
        components: { database: { status: 'DOWN' }, moneyBreaker: { status: 'UNKNOWN' } },
      },
    });
    expect(answer.text).not.toContain('root');
    expect(down).toEqual([error]);
  });

  it('is DOWN when the database does not answer in time', async () => {
    const { ask, down } = makeApp({ breakerIsOpen: () => new Promise(() => undefined), withinMs: 10 });

    expect((await ask('/actuator/health')).statusCode).toBe(503);
    expect(down).toMatchObject([{ message: 'the database did not answer within 10 ms' }]);
  });
});

describe('/actuator/prometheus', () => {
  it('shows each campaign that is not final, from small rows', async () => {
    const paid = await world.publish({ targetCount: 5 });
    await world.recordResults(paid, ['SUCCESS', 'FAILED', 'FAILED', null, null]);
    await world.recordDeadLetters(paid, [null, { cause: 'TIMEOUT', transient: true }, null]);
    await world.store.saveProgress(paid.run, {
      publishedCount: 5,
      successCount: 1,
      failCount: 2,
      retrySuccessCount: 1,
    });
    await world.sql.query('UPDATE campaign_progress SET final_per_second = 12.5');
    const ready = await world.insert({ type: 'POINT' });
    const ended = await world.insert({ status: 'COMPLETED' });

    const answer = await makeApp().ask('/actuator/prometheus');
    const values = await metrics(answer.text);

    const of = (name: string, { promotionId, promotionType }: typeof ready) =>
      values[
        `grantline_campaign_${name}{promotion_id="${promotionId}",promotion_type="${promotionType}",application="grantline"}`
      ];
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(of('targets', paid)).toBe(5);
    expect(of('published', paid)).toBe(5);
    expect(of('granted', paid)).toBe(1);
    expect(of('failed', paid)).toBe(2);
    expect(of('retried', paid)).toBe(1);
    expect(of('final_per_second', paid)).toBe(12.5);
    expect(of('dead_letters', paid)).toBe(1);
    expect(of('granted', ready)).toBe(0);
    expect(of('dead_letters', ready)).toBe(0);
    // Not measured is not 0.
    expect(of('final_per_second', ready)).toBeUndefined();
    expect(of('targets', ended)).toBeUndefined();
  });

  it('shows a rate only while it is fresh and of the latest run', async () => {
    const { run, promotionId } = await world.begin();
    await world.store.saveProgress(run, {
      publishedCount: 0,
      successCount: 0,
      failCount: 0,
      retrySuccessCount: 0,
    });
    const rate = async () => (await readFigures(world.database.db)).campaigns[0]?.finalPerSecond;
    await world.sql.query('UPDATE campaign_progress SET final_per_second = 3');
    expect(await rate()).toBe(3);

    await world.sql.query('UPDATE campaign_progress SET measured_ms = measured_ms - 100000');
    expect(await rate()).toBeNull();

    await world.sql.query('UPDATE campaign_progress SET measured_ms = measured_ms + 100000');
    await world.sql.query('UPDATE campaign_runs SET run_number = 2 WHERE promotion_id = ?', [promotionId]);
    expect(await rate()).toBeNull();
  });

  it('counts dead letters that wait: not those whose target was redriven since', async () => {
    const campaign = await world.publish({ targetCount: 2 });
    await world.recordResults(campaign, ['FAILED', 'FAILED']);
    await world.recordDeadLetters(campaign, [
      { cause: 'TIMEOUT', transient: true },
      { cause: 'ACCOUNT_CLOSED', transient: false },
    ]);
    await world.store.recount(campaign);
    const count = async () => (await readFigures(world.database.db)).campaigns[0]?.deadLetters;
    expect(await count()).toBe(2);

    await world.store.redrive(campaign, { causes: ['TIMEOUT'] }, 10, Date.now());
    expect(await count()).toBe(1);
  });

  it('counts dead letters that wait behind more than it counts, which were paid since', async () => {
    const waiting = 3;
    const campaign = await world.begin({ targetCount: MOST_DEAD_LETTERS + waiting });
    const of = [campaign.promotionId];
    await world.sql.query(
      `INSERT INTO campaign_promotion_voucher_results (voucher_target_id, promotion_id, process_status, attempt_count)
       SELECT voucher_target_id, promotion_id, 'SUCCESS', 2 FROM campaign_promotion_voucher_targets
       WHERE promotion_id = ?`,
      of,
    );
    await world.sql.query(
      `INSERT INTO campaign_dead_letters
         (dead_letter_key, promotion_id, promotion_type, target_id, cause, is_transient, created_at)
       SELECT CONCAT('VOUCHER-', promotion_id, '-', voucher_target_id), promotion_id, 'VOUCHER', voucher_target_id,
              'TIMEOUT', 1, NOW()
       FROM campaign_promotion_voucher_targets WHERE promotion_id = ? ORDER BY voucher_target_id`,
      of,
    );
    await world.sql.query(
      `UPDATE campaign_promotion_voucher_results SET process_status = 'FAILED'
       WHERE promotion_id = ? ORDER BY voucher_target_id DESC LIMIT ${waiting}`,
      of,
    );
    await world.store.recount(campaign);

    expect((await readFigures(world.database.db)).campaigns[0]?.deadLetters).toBe(waiting);
  });

  it('shows the breaker, and the alerts that are not published', async () => {
    await world.setBreaker({ openedMs: 1 });
    await world.sql.query('UPDATE operations_alerts SET published_at = NOW()');
    await world.sql.query(
      "INSERT INTO operations_alerts (alert_key, kind, raised_ms) VALUES ('one', 'BREAKER_OPENED', 1)",
    );

    const values = await metrics((await makeApp().ask('/actuator/prometheus')).text);

    expect(values['grantline_money_breaker_open{application="grantline"}']).toBe(1);
    expect(values['grantline_alerts_unpublished{application="grantline"}']).toBe(1);
  });

  it('shows of each job how its runs ended, and what the last one that completed came to', async () => {
    const run = (status: string, startedAt: string, more = '') =>
      world.sql.query(
        `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at, ended_at, figures, problem_count,
                               skipped_chunk_count)
         VALUES ('point-sync', '2026-11-21', ?, 'e', ?, ${more === '' ? 'NULL, NULL, 0, 0' : more})`,
        [status, startedAt],
      );
    const figures = JSON.stringify({
      read: 100,
      transactions: 20,
      corrected: 3,
      missing: 4,
      reportedUsers: 10,
    });
    await run('COMPLETED', '2026-11-20 01:00:00', `'2026-11-20 01:01:00', '{"read":1}', 0, 0`);
    await run(
      'COMPLETED_WITH_PROBLEMS',
      '2026-11-21 01:00:00',
      `'2026-11-21 01:02:30.500', '${figures}', 2, 7`,
    );
    await run('FAILED', '2026-11-22 01:00:00', `'2026-11-22 01:20:00', NULL, 0, 0`);
    await run('RUNNING', '2026-11-22 02:00:00');

    const values = await metrics((await makeApp().ask('/actuator/prometheus')).text);
    await world.sql.query('DELETE FROM job_runs');

    const of = (name: string, labels = '') =>
      values[`grantline_job_${name}{job="point-sync",${labels}application="grantline"}`];
    for (const status of ['COMPLETED', 'COMPLETED_WITH_PROBLEMS', 'FAILED', 'RUNNING']) {
      expect(of('runs', `status="${status}",`)).toBe(1);
    }
    expect(of('last_run_duration_seconds')).toBe(150.5);
    expect(of('last_run_ended_timestamp_seconds')).toBe(Date.UTC(2026, 10, 20, 16, 2, 30.5) / 1_000 + 0.5);
    expect(of('last_run_reads')).toBe(120);
    expect(of('last_run_writes')).toBe(17);
    expect(of('last_run_problems')).toBe(2);
    expect(of('last_run_skipped_chunks')).toBe(7);
  });

  it('counts the alerts of jobs that are not published among the others', async () => {
    const before = (await readFigures(world.database.db)).unpublishedAlerts;
    await world.sql.query(
      `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at)
       VALUES ('point-sync', '2026-11-21', 'RUNNING', 'e', NOW())`,
    );
    await world.sql.query(
      `INSERT INTO job_alerts (alert_key, kind, job_run_id, job, raised_ms)
       SELECT 'job-one', 'JOB_STARTED', job_run_id, '{}', 1 FROM job_runs`,
    );

    const after = (await readFigures(world.database.db)).unpublishedAlerts;
    await world.sql.query('DELETE FROM job_alerts');
    await world.sql.query('DELETE FROM job_runs');
    expect(after).toBe(before + 1);
  });

  it('is a failed scrape while the database is away, not a row of zeros', async () => {
    const away = Object.assign(new Error('away'), { name: 'DatabaseUnavailableException' });

    expect(
      problemOf(await makeApp({ figures: () => Promise.reject(away) }).ask('/actuator/prometheus')),
    ).toMatchObject({ status: 503 });
  });

  it('forgets a campaign that is final by now', async () => {
    const figures: Figures = { breakerIsOpen: false, unpublishedAlerts: 0, campaigns: [], jobs: [] };
    const campaign = {
      promotionId: '1',
      promotionType: 'POINT',
      targets: 1,
      published: 1,
      granted: 1,
      failed: 0,
      retried: 0,
      finalPerSecond: null,
      deadLetters: 0,
    } as const;

    expect(await prometheusText({ ...figures, campaigns: [campaign] })).toContain('promotion_id="1"');
    expect(await prometheusText(figures)).not.toContain('promotion_id');
  });

  it('reads no target and no result, where nothing has failed', async () => {
    await world.publish({ targetCount: 1 });
    const statements: string[] = [];
    const { db } = world.database;

    await readFigures({
      query: (row, sql, parameters) => {
        statements.push(sql);
        return db.query(row, sql, parameters);
      },
      execute: () => Promise.reject(new Error('figures are read')),
    });

    expect(statements).toHaveLength(5);
    expect(statements.join()).not.toMatch(/_targets|_results/);
  });
});

describe('/api/v1/openapi.json', () => {
  it('is the document of the whole API', async () => {
    const answer = await makeApp().ask('/api/v1/openapi.json');

    expect(answer.statusCode).toBe(200);
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(openApiDocument(OPERATIONS))));
  });
});

it('whatever else is asked for is told in the same shape', async () => {
  const { ask: get } = makeApp();

  expect(problemOf(await get('/'))).toMatchObject({ status: 404 });
  expect(problemOf(await get('/actuator/env'))).toMatchObject({ status: 404 });
  expect((await get('/api/v1/campaigns/7/start')).headers['allow']).toBe('POST');
});
