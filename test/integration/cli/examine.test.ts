/** The commands that look at a deployment, as their user runs them: doctor, jobs, rate show. */
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { insertPromotion } from '../../support/campaign-database.ts';
import { machineArn, startOperatedDeployment } from './operated-deployment.ts';
import type { OperatedDeployment } from './operated-deployment.ts';

let deployment: OperatedDeployment;
beforeAll(async () => {
  deployment = await startOperatedDeployment();
});
afterAll(() => deployment.close());

const run = (sql: string, ...values: unknown[]) => deployment.database.sql.query(sql, values);

const examined = z.object({
  isWell: z.boolean(),
  findings: z.array(
    z.object({ part: z.string(), status: z.string(), says: z.string(), todo: z.string().optional() }),
  ),
});

async function doctor(cwd?: string) {
  const ended = await deployment.grantline(['doctor', '--local', '--json'], cwd);
  const { isWell, findings } = examined.parse(JSON.parse(ended.stdout));
  return {
    exitCode: ended.exitCode,
    isWell,
    of: (part: string) => findings.find((each) => each.part === part),
  };
}

describe('doctor', () => {
  it('finds nothing wrong where nothing is, and says what it cannot see', async () => {
    const ended = await deployment.grantline(['doctor', '--local']);

    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    const found = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 2).join(' '));
    expect(found).toEqual([
      'skip credentials',
      'ok stacks',
      'ok database',
      'ok clock',
      'ok migrations',
      'ok breaker',
      'ok alerts',
      'ok queue',
      'ok dead-letter queue',
      'ok state machines',
      'ok money API',
      'skip redis',
    ]);
  });

  it('says what is wrong and what to do, and exits 1', async () => {
    const { promotionId } = await insertPromotion(deployment.database.sql, { status: 'IN_PROGRESS' });
    await run(
      "INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at) VALUES (?, 1, 'arn:gone', NOW())",
      promotionId,
    );
    await run(
      'UPDATE campaign_money_breaker SET opened_ms = (UNIX_TIMESTAMP() - 60) * 1000, consecutive_failures = 10',
    );
    await run(
      `INSERT INTO operations_alerts (alert_key, kind, raised_ms, published_at)
       VALUES ('a', 'BREAKER_OPENED', (UNIX_TIMESTAMP() - 600) * 1000, NULL)`,
    );
    await run("DELETE FROM schema_migrations WHERE name = '0006_target_loads.sql'");

    const { exitCode, isWell, of } = await doctor();

    await run('UPDATE campaign_money_breaker SET opened_ms = NULL, consecutive_failures = 0');
    await run("UPDATE operations_alerts SET published_at = NOW() WHERE alert_key = 'a'");
    await run(
      "UPDATE campaign_promotions SET promotion_status = 'FAILED' WHERE promotion_id = ?",
      promotionId,
    );
    expect([exitCode, isWell]).toEqual([1, false]);
    expect(of('breaker')).toMatchObject({
      status: 'fail',
      todo: expect.stringContaining('ask those') as string,
    });
    expect(of('alerts')).toMatchObject({ status: 'fail' });
    expect(of('migrations')).toMatchObject({ status: 'fail', says: '0006_target_loads.sql not applied' });
    expect(of('state machines')).toMatchObject({
      status: 'warn',
      says: expect.stringContaining(
        `promotion ${promotionId} is IN_PROGRESS and its execution does not run`,
      ) as string,
    });
  });

  it('sees what a channel did not take, and messages of no campaign', async () => {
    await run(
      `INSERT INTO operations_alert_deliveries (alert_key, channel, claimed_ms)
       VALUES ('a', 'slack', (UNIX_TIMESTAMP() - 3600) * 1000)`,
    );
    const sqs = new SQSClient({
      endpoint: deployment.state.endpoints.sqs,
      region: deployment.state.region,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    for (const name of ['GrantQueueUrl', 'GrantDeadLetterQueueUrl']) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: deployment.state.outputs[name],
          MessageBody: 'x',
          MessageGroupId: 'x',
          MessageDeduplicationId: 'x',
        }),
      );
    }
    sqs.destroy();

    const { of } = await doctor();

    await run('UPDATE operations_alert_deliveries SET delivered_at = NOW()');
    expect(of('alerts')).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/^1 not delivered/) as string,
    });
    expect(of('queue')).toMatchObject({
      status: 'warn',
      says: '1 waiting, 0 under way, and no campaign is being paid',
    });
    expect(of('dead-letter queue')).toMatchObject({ status: 'warn' });
  });

  it('goes on where one part does not answer', async () => {
    const nowhere = 'http://127.0.0.1:9';
    const { endpoints } = deployment.state;
    const without = await deployment.elsewhere({
      endpoints: { ...endpoints, rdsData: nowhere, sqs: nowhere },
    });

    const { exitCode, of } = await doctor(without);

    expect(exitCode).toBe(1);
    expect(of('database')).toMatchObject({
      status: 'fail',
      says: expect.stringContaining('nothing answers') as string,
    });
    expect(of('queue')).toMatchObject({ status: 'fail' });
    expect(of('state machines')).toMatchObject({ status: 'ok' });
    expect(of('money API')).toMatchObject({ status: 'ok' });
  });

  it('does not say that nobody is paid where the database cannot say so', async () => {
    const { endpoints, outputs } = deployment.state;
    const without = await deployment.elsewhere({
      endpoints: { ...endpoints, rdsData: 'http://127.0.0.1:9' },
    });
    const sqs = new SQSClient({
      endpoint: endpoints.sqs,
      region: deployment.state.region,
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: outputs['GrantQueueUrl'],
        MessageBody: 'x',
        MessageGroupId: 'y',
        MessageDeduplicationId: 'y',
      }),
    );
    sqs.destroy();

    const { of } = await doctor(without);

    expect(of('queue')).toMatchObject({ status: 'ok', says: expect.stringMatching(/^\d waiting/) as string });
    expect(of('redis')).toEqual({
      part: 'redis',
      status: 'skipped',
      says: 'without the database nobody knows whether a campaign is being paid',
    });
  });

  it('names the outputs that a deployment lacks', async () => {
    const { outputs: all } = deployment.state;
    const outputs = Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'GrantQueueUrl'));

    const { exitCode, of } = await doctor(await deployment.elsewhere({ outputs }));

    expect(exitCode).toBe(1);
    expect(of('stacks')).toMatchObject({ status: 'fail', says: 'without CampaignGrant.GrantQueueUrl' });
  });
});

const history = z.object({
  runs: z.array(z.looseObject({ executionId: z.string(), status: z.string() })),
  executions: z.array(z.looseObject({ name: z.string(), status: z.string() })),
});

/** As BeginJobRun and EndJobRun write it. */
async function insertRun(row: {
  readonly runDate: string;
  readonly status: string;
  readonly executionName: string;
  readonly figures?: object;
  readonly problemCount?: number;
}): Promise<string> {
  const executionArn = `${machineArn('point-sync').replace(':stateMachine:', ':execution:')}:${row.executionName}`;
  const isOver = row.status !== 'RUNNING';
  await deployment.database.sql.query(
    `INSERT INTO job_runs (job_name, run_date, run_status, execution_id, started_at, ended_at, figures, problem_count,
                           attempt_count, skipped_chunk_count)
     VALUES ('point-sync', ?, ?, ?, '2026-11-21 01:00:00', ?, ?, ?, 2, 1234)`,
    [
      row.runDate,
      row.status,
      executionArn,
      isOver ? '2026-11-21 01:01:05' : null,
      row.figures === undefined ? null : JSON.stringify(row.figures),
      row.problemCount ?? 0,
    ],
  );
  await deployment.database.sql.query(
    `INSERT INTO job_checkpoints (job_run_id, step, range_number, after_id, to_id, position, chunk_count, figures, finished_at)
     SELECT MAX(job_run_id), 'sync-balances', 0, 0, 100, '100', 7, '{}', NOW() FROM job_runs
     UNION ALL SELECT MAX(job_run_id), 'sync-balances', 1, 100, 200, '100', 3, '{}', NULL FROM job_runs`,
  );
  return executionArn;
}

describe('jobs', () => {
  it('are listed, and which of them are deployed', async () => {
    const text = await deployment.grantline(['jobs', 'list', '--local']);
    const json = await deployment.grantline(['jobs', 'list', '--local', '--json']);

    expect(text.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['point-sync', 'deployed', 'never ran'],
      ['coupon-usage-stats', 'not deployed', 'never ran'],
      ['coupon-usage-stats-fcm-send', 'deployed', 'never ran'],
      [''],
    ]);
    expect(text.stdout).toMatch(/^point-sync .* next [-0-9]{10} 01:00 /);
    expect(JSON.parse(json.stdout)).toMatchObject({
      jobs: [
        {
          name: 'point-sync',
          isDeployed: true,
          stateMachineArn: machineArn('point-sync'),
          nextRunAt: expect.stringMatching(/T01:00:00\.000\+09:00$/) as string,
        },
        { name: 'coupon-usage-stats', isDeployed: false, stateMachineArn: null, nextRunAt: null },
        { isDeployed: true },
      ],
    });
  });

  it('that run are not run twice, and those that have ended are run again', async () => {
    const runs = ['jobs', 'run', 'point-sync', '--run-date', '2026-11-20', '--local', '--json'];
    const sends = [
      'jobs',
      'run',
      'coupon-usage-stats-fcm-send',
      '--run-date',
      '2026-11-20',
      '--target-hour',
      '9',
    ];

    const [one, two] = [await deployment.grantline(runs), await deployment.grantline(runs)];
    const three = await deployment.grantline([...sends, '--local']);
    const four = await deployment.grantline([...sends, '--local']);
    const past = await deployment.grantline([
      'jobs',
      'history',
      'coupon-usage-stats-fcm-send',
      '--local',
      '--json',
    ]);
    const table = await deployment.grantline(['jobs', 'history', 'point-sync', '--local']);

    expect([one.exitCode, two.exitCode, three.exitCode, four.exitCode]).toEqual([0, 0, 0, 0]);
    expect(two.stdout).toBe(one.stdout);
    expect(JSON.parse(one.stdout)).toMatchObject({
      outcome: 'started',
      runDate: '2026-11-20',
      name: 'point-sync-2026-11-20-by-hand-1',
    });
    expect(three.stdout).toBe(
      'coupon-usage-stats-fcm-send runs for 2026-11-20 09:00: execution coupon-usage-stats-fcm-send-2026-11-20-09-by-hand-1\n',
    );
    expect(history.parse(JSON.parse(past.stdout)).executions).toMatchObject([
      { name: 'coupon-usage-stats-fcm-send-2026-11-20-09-by-hand-2', status: 'SUCCEEDED' },
      { name: 'coupon-usage-stats-fcm-send-2026-11-20-09-by-hand-1', status: 'SUCCEEDED' },
    ]);
    const inputs = deployment.engine
      .machine(machineArn('coupon-send'))
      .executions.map(({ spec }) => spec.inputText);
    expect(inputs.map((text): unknown => JSON.parse(text))).toEqual(
      Array.from({ length: 2 }, () => ({ runDate: '2026-11-20', targetHour: 9 })),
    );
    expect(table.stdout).toMatch(
      /^STARTED .*EXECUTION\n[-0-9]{10} [:0-9]{8} +\(RUNNING\) +point-sync-2026-11-20-by-hand-1\n$/,
    );
  });

  it('shows runs beside executions: attempts, skipped chunks, and figures in JSON', async () => {
    const executionName = 'point-sync-2026-11-01-by-hand-1';
    const figures = { read: 5 };
    const executionId = await insertRun({
      runDate: '2026-11-01',
      status: 'COMPLETED',
      executionName,
      figures,
    });

    const text = await deployment.grantline(['jobs', 'history', 'point-sync', '--local']);
    const json = await deployment.grantline(['jobs', 'history', 'point-sync', '--local', '--json']);
    const listed = await deployment.grantline(['jobs', 'list', '--local']);

    expect(text.stdout).toMatch(
      /^2026-11-21 01:00:00 {2}2026-11-01 {2}COMPLETED +2 +1,234 +1 min 5 s +0 +point-sync-2026-11-01-by-hand-1$/m,
    );
    expect(history.parse(JSON.parse(json.stdout)).runs).toMatchObject([
      { executionId, status: 'COMPLETED', attempt: 2, skippedChunkCount: 1234, figures, durationSeconds: 65 },
    ]);
    expect(listed.stdout).toMatch(/^point-sync +deployed +COMPLETED for 2026-11-01 /m);
  });

  it('that completed with problems end with 3, after what they came to, problems first', async () => {
    await insertRun({
      runDate: '2026-11-02',
      status: 'COMPLETED_WITH_PROBLEMS',
      executionName: 'point-sync-2026-11-02-prune-by-hand-1',
      figures: { read: 1_000, negativeBalances: 2 },
      problemCount: 2,
    });

    const run = ['jobs', 'run', 'point-sync', '--run-date', '2026-11-02', '--prune', '--wait', '--local'];
    const ended = await deployment.grantline(run);

    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toContain('point-sync: sync-balances 1 of 2 ranges, 10 chunks\n');
    expect(ended.stdout).toBe(
      'point-sync 2026-11-02 COMPLETED_WITH_PROBLEMS, 2 problems in 1 min 5 s, attempt 2: 1,234 chunks were finished before\n' +
        '    2  negativeBalances\n1,000  read\n',
    );
    const { executions } = deployment.engine.machine(machineArn('point-sync'));
    expect(executions.map(({ spec }) => spec.inputText)).toContain('{"runDate":"2026-11-02","prune":true}');
  });

  it('that complete end with 0, and in JSON are one object', async () => {
    const executionName = 'point-sync-2026-11-03-by-hand-1';
    await insertRun({ runDate: '2026-11-03', status: 'COMPLETED', executionName, figures: {} });

    const run = ['jobs', 'run', 'point-sync', '--run-date', '2026-11-03', '--wait', '--json', '--local'];
    const ended = await deployment.grantline(run);

    expect(ended.exitCode).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ name: executionName, run: { status: 'COMPLETED' } });
  });

  it('whose execution is over without a run end with 1', async () => {
    const run = [
      'jobs',
      'run',
      'coupon-usage-stats-fcm-send',
      '--run-date',
      '2026-11-03',
      '--wait',
      '--local',
    ];

    expect(await deployment.grantline(run)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('it failed: its execution is over') as string,
    });
  });

  it('that run otherwise are refused, and nothing is started', async () => {
    const run = ['jobs', 'run', 'point-sync', '--run-date', '2026-11-04', '--local'];
    const { name } = z
      .object({ name: z.string() })
      .parse(JSON.parse((await deployment.grantline([...run, '--json'])).stdout));
    await insertRun({ runDate: '2026-11-04', status: 'RUNNING', executionName: name });

    const again = await deployment.grantline(run);
    const otherwise = await deployment.grantline([...run, '--prune']);

    expect(again.stdout).toBe(`point-sync runs already for 2026-11-04: execution ${name}\n`);
    expect(otherwise).toMatchObject({ exitCode: 1, stdout: '' });
    expect(otherwise.stderr).toContain('runs for 2026-11-04 already, started otherwise');
    const { executions } = deployment.engine.machine(machineArn('point-sync'));
    expect(executions.filter(({ spec }) => spec.inputText.includes('2026-11-04'))).toHaveLength(1);
  });

  it.each([
    [
      ['jobs', 'run', 'coupon-usage-stats', '--local'],
      1,
      /coupon-usage-stats is not deployed here: no stack has an output CouponUsageStatsArn/,
    ],
    [['jobs', 'history', 'coupon-usage-stats', '--local'], 1, /is not deployed here/],
    [['jobs', 'run', 'nothing', '--local'], 2, /'nothing' is invalid.*Allowed choices are point-sync/],
    [['jobs', 'run', 'point-sync', '--run-date', '2026-02-30', '--local'], 2, /It must be a date/],
    [['jobs', 'run', 'point-sync', '--run-date', '2999-01-01', '--local'], 1, /is in the future: today is/],
    [
      ['jobs', 'run', 'coupon-usage-stats-fcm-send', '--prune', '--local'],
      2,
      /--prune is of point-sync only/,
    ],
    [
      ['jobs', 'run', 'point-sync', '--target-hour', '9', '--local'],
      2,
      /is for a day: --target-hour is not for it/,
    ],
    [['jobs', 'run', 'coupon-usage-stats-fcm-send', '--target-hour', '24', '--local'], 2, /from 0 to 23/],
    [['jobs', 'list'], 2, /say where to look/],
  ] as const)('%j is refused', async (args, exitCode, message) => {
    const ended = await deployment.grantline(args);

    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});

describe('rate show', () => {
  it('shows the ceiling as the function is deployed with, and who shares it', async () => {
    const text = await deployment.grantline(['rate', 'show', '--local']);
    const json = await deployment.grantline(['rate', 'show', '--local', '--json']);

    expect(text.exitCode).toBe(0);
    expect(text.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ceiling', '1,000 calls a second, over everything that is sent to the Money API'],
      ['environments', '3'],
      ['each', '333 calls a second, one every 3.08 ms'],
      ['headroom', '25 ms of each second: at most 974 calls a second'],
      ['left over', '1 of the ceiling: each environment makes a whole number of calls a second'],
      ['now', 'no campaign is being paid'],
      [''],
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ceiling: 1_000,
      environments: 3,
      reservedConcurrency: null,
      callsOfOneEnvironment: 333,
      keepsCeiling: true,
      paying: null,
      breakerIsOpen: false,
    });
  });

  it('shows what the campaign that is being paid makes of it', async () => {
    const { promotionId } = await insertPromotion(deployment.database.sql, { status: 'IN_PROGRESS' });
    await run(
      "INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at) VALUES (?, 1, 'run', NOW())",
      promotionId,
    );
    await run(
      `INSERT INTO campaign_progress (promotion_id, run_number, total_count, final_count, final_per_second, measured_ms)
       VALUES (?, 1, 10, 5, 960.4, UNIX_TIMESTAMP() * 1000)`,
      promotionId,
    );

    const paying = await deployment.grantline(['rate', 'show', '--local']);
    await run('UPDATE campaign_money_breaker SET opened_ms = UNIX_TIMESTAMP() * 1000');
    const paused = await deployment.grantline(['rate', 'show', '--local', '--json']);

    await run('UPDATE campaign_money_breaker SET opened_ms = NULL');
    await run(
      "UPDATE campaign_promotions SET promotion_status = 'FAILED' WHERE promotion_id = ?",
      promotionId,
    );
    expect(paying.stdout).toContain(`promotion ${promotionId}: 960 targets a second become final\n`);
    expect(JSON.parse(paused.stdout)).toMatchObject({
      breakerIsOpen: true,
      paying: { promotionId, finalPerSecond: 960.4 },
    });
  });

  it('says that the function is not there', async () => {
    const outputs = { ...deployment.state.outputs, GrantRewardsFunctionName: 'gone' };
    const elsewhere = await deployment.elsewhere({ outputs });

    const ended = await deployment.grantline(['rate', 'show', '--local'], elsewhere);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toBe('grantline: rate show: Function not found: gone\n');
  });
});

it.each([
  'load',
  'plan',
  'start',
  'status',
  'watch',
  'stop',
  'resume',
  'failures',
  'redrive',
  'verify',
  'doctor',
  'jobs list',
  'jobs run',
  'jobs history',
  'rate show',
])('%s is helped with an example and its exit codes', async (command) => {
  const { exitCode, stdout } = await deployment.grantline([...command.split(' '), '--help']);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/Exit codes.*\n {2}0 {2,}\S/);
  expect(stdout).toMatch(new RegExp(`Examples?:\\n {2}npx grantline ${command}`));
  expect(stdout).toContain('--json');
});

it('grantline --help lists every command', async () => {
  const { exitCode, stdout } = await deployment.grantline(['--help']);

  expect(exitCode).toBe(0);
  for (const name of [
    'load',
    'plan',
    'start',
    'status',
    'watch',
    'stop',
    'resume',
    'failures',
    'redrive',
    'verify',
    'jobs',
    'rate',
    'doctor',
  ]) {
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  }
});
