/** The commands that act on campaigns, as their user runs them: start, stop, resume, status, watch, failures, redrive. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RowDataPacket } from 'mysql2';
import { parse } from 'csv-parse/sync';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { insertPromotion, insertTargets } from '../../support/campaign-database.ts';
import { paidCampaign } from './campaigns.ts';
import { LAUNCHER, machineArn, startOperatedDeployment } from './operated-deployment.ts';
import type { OperatedDeployment } from './operated-deployment.ts';

let deployment: OperatedDeployment;
beforeAll(async () => {
  deployment = await startOperatedDeployment();
});
afterAll(() => deployment.close());
// One campaign pays at a time.
afterEach(async () => {
  await run(
    "UPDATE campaign_promotions SET promotion_status = 'FAILED' WHERE promotion_status = 'IN_PROGRESS'",
  );
  await run('UPDATE campaign_money_breaker SET opened_ms = NULL');
});

const run = (sql: string, ...values: unknown[]) =>
  deployment.database.sql.query<RowDataPacket[]>(sql, values);
const grantline = (...args: string[]) => deployment.grantline([...args, '--local']);

async function readyCampaign(overrides: Parameters<typeof insertPromotion>[1] = {}, targets = 3) {
  const key = await insertPromotion(deployment.database.sql, overrides);
  if (targets > 0) await insertTargets(deployment.database.sql, key, targets);
  return key;
}

/** As BeginCampaign and TrackProgress leave it while it pays. */
async function payingCampaign({ perSecond = 960.5 } = {}) {
  const key = await readyCampaign({ status: 'IN_PROGRESS' }, 10);
  await run(
    'INSERT INTO campaign_promotion_summary (promotion_id, success_count, fail_count, started_at) VALUES (?, 4, 1, NOW())',
    key.promotionId,
  );
  await run(
    "INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at) VALUES (?, 1, 'execution', NOW())",
    key.promotionId,
  );
  await run(
    `INSERT INTO campaign_progress (promotion_id, run_number, total_count, final_count, final_per_second, measured_ms)
     VALUES (?, 1, 10, 5, ?, UNIX_TIMESTAMP() * 1000)`,
    key.promotionId,
    perSecond,
  );
  return key;
}

async function statusOf(promotionId: string): Promise<unknown> {
  const [[row]] = await run(
    `SELECT p.promotion_status AS status, s.stopped_memo AS memo FROM campaign_promotions p
     LEFT JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id WHERE p.promotion_id = ?`,
    promotionId,
  );
  return row;
}

function executionsOf(machine: string) {
  return deployment.engine.machine(machineArn(machine)).executions.map(({ spec, status }) => ({
    name: spec.name,
    status,
    input: JSON.parse(spec.inputText) as unknown,
  }));
}

const executionsFor = (promotionId: string) =>
  executionsOf('campaign-run').filter(({ name }) => name.startsWith(`promotion-${promotionId}-`));

describe('start', () => {
  it('starts a READY campaign once, however often it is asked', async () => {
    const { promotionId } = await readyCampaign({ reservationAt: '2099-01-01 00:00:00' });

    const first = await grantline('start', promotionId);
    const second = await grantline('start', promotionId, '--json');

    const name = `promotion-${promotionId}-run-1-by-hand-1`;
    expect(first).toEqual({
      exitCode: 0,
      stdout: `promotion ${promotionId} is started: execution ${name}\n`,
      stderr: '',
    });
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ promotionId, executionName: name });
    expect(executionsFor(promotionId)).toEqual([{ name, status: 'RUNNING', input: { promotionId } }]);
  });

  it('leaves one alone that is being paid, or waits for its turn', async () => {
    const paying = await payingCampaign();
    const waiting = await readyCampaign();
    await run(
      "INSERT INTO campaign_turns (promotion_id, execution_id, asked_at, seen_ms) VALUES (?, 'x', NOW(), UNIX_TIMESTAMP() * 1000)",
      waiting.promotionId,
    );

    for (const { promotionId } of [paying, waiting]) {
      const ended = await grantline('start', promotionId);
      expect(ended).toMatchObject({ exitCode: 0, stdout: `promotion ${promotionId} is under way already\n` });
      expect(executionsFor(promotionId)).toEqual([]);
    }
  });

  it('is asked anew under another name when its execution has ended without beginning', async () => {
    const { promotionId } = await readyCampaign();
    await grantline('start', promotionId);
    deployment.engine
      .execution(
        `${machineArn('campaign-run').replace(':stateMachine:', ':execution:')}:promotion-${promotionId}-run-1-by-hand-1`,
      )
      .stop('CampaignRefused', 'over budget');

    const ended = await grantline('start', promotionId);

    expect(ended.stdout).toContain(`promotion-${promotionId}-run-1-by-hand-2\n`);
  });

  it('refuses what its state does not allow, with what to do instead', async () => {
    const stopped = await readyCampaign({ status: 'STOPPED' });
    const completed = await readyCampaign({ status: 'COMPLETED' });
    const empty = await readyCampaign({}, 0);
    const tooMuch = await readyCampaign({ totalAmount: '2999.99' });
    const cases = [
      [stopped.promotionId, 'is STOPPED: resume it to go on'],
      [completed.promotionId, 'is COMPLETED: redrive its dead letters to pay what failed'],
      [empty.promotionId, 'is READY: it has no targets'],
      [tooMuch.promotionId, 'is READY: its targets sum to 3000.00, more than its total_amount 2999.99'],
      ['999999999', 'does not exist'],
    ] as const;

    for (const [promotionId, why] of cases) {
      expect(await grantline('start', promotionId)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `grantline: start: promotion ${promotionId} ${why}\n`,
      });
    }
  });
});

describe('stop', () => {
  it('stops a campaign that is being paid, with the reason', async () => {
    const { promotionId } = await payingCampaign();

    const ended = await grantline('stop', promotionId, '--reason', 'wrong amounts', '--yes');
    const again = await grantline('stop', promotionId, '--reason', 'again', '--json');

    expect(ended).toEqual({
      exitCode: 0,
      stdout: `promotion ${promotionId} is stopped: no call is sent later than two seconds from now\n`,
      stderr: '',
    });
    expect(JSON.parse(again.stdout)).toEqual({ promotionId, outcome: 'already' });
    expect(await statusOf(promotionId)).toEqual({ status: 'STOPPED', memo: 'wrong amounts' });
  });

  it('withdraws one that has not begun', async () => {
    const { promotionId } = await readyCampaign();

    const ended = await grantline(
      'stop',
      promotionId,
      '--reason',
      `${'길'.repeat(499)}🎁🎁`,
      '--yes',
      '--json',
    );

    expect(JSON.parse(ended.stdout)).toEqual({ promotionId, outcome: 'withdrawn' });
    expect(await statusOf(promotionId)).toEqual({ status: 'STOPPED', memo: `${'길'.repeat(499)}🎁` });
  });

  it('does nothing where nobody can be asked and nobody has said yes', async () => {
    const { promotionId } = await payingCampaign();

    const ended = await grantline('stop', promotionId, '--reason', 'x');

    expect(ended).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'grantline: stop: nobody is there to be asked: say --yes\n',
    });
    expect(await statusOf(promotionId)).toMatchObject({ status: 'IN_PROGRESS' });
  });

  it('refuses what there is nothing of to stop, and a stop without a reason', async () => {
    const completed = await readyCampaign({ status: 'COMPLETED' });

    const refused = await grantline('stop', completed.promotionId, '--reason', 'x', '--yes');
    const unknown = await grantline('stop', '999999999', '--reason', 'x', '--yes');
    const silent = await grantline('stop', completed.promotionId, '--yes');
    const blank = await grantline('stop', completed.promotionId, '--reason', ' ', '--yes');

    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: `grantline: stop: promotion ${completed.promotionId} is COMPLETED: there is nothing to stop\n`,
    });
    expect(unknown).toMatchObject({
      exitCode: 1,
      stderr: 'grantline: stop: promotion 999999999 does not exist\n',
    });
    expect([silent.exitCode, blank.exitCode]).toEqual([2, 2]);
    expect(blank.stderr).toContain('It must say something.');
  });
});

describe('resume', () => {
  it('has a stopped campaign go on, once, and one that was withdrawn while it waited as well', async () => {
    const stopped = await paidCampaign(deployment.database.sql, {
      status: 'STOPPED',
      endings: ['granted', 'waiting'],
    });
    const withdrawn = await readyCampaign();
    await grantline('start', withdrawn.promotionId);
    await run(
      "INSERT INTO campaign_turns (promotion_id, execution_id, asked_at, seen_ms) VALUES (?, 'x', NOW(), UNIX_TIMESTAMP() * 1000)",
      withdrawn.promotionId,
    );
    await grantline('stop', withdrawn.promotionId, '--reason', 'x', '--yes');

    const first = await grantline('resume', stopped.promotionId);
    const second = await grantline('resume', stopped.promotionId);
    const third = await grantline('resume', withdrawn.promotionId);

    expect([first.exitCode, second.exitCode, third.exitCode]).toEqual([0, 0, 0]);
    expect(executionsFor(stopped.promotionId)).toMatchObject([
      {
        name: `promotion-${stopped.promotionId}-run-2-unreserved`,
        input: { promotionId: stopped.promotionId },
      },
    ]);
    expect(await statusOf(stopped.promotionId)).toMatchObject({ status: 'READY' });
    expect(executionsFor(withdrawn.promotionId)).toMatchObject([
      {
        name: `promotion-${withdrawn.promotionId}-run-1-by-hand-1`,
        input: { promotionId: withdrawn.promotionId },
      },
    ]);
  });

  it('is undone by a stop until its turn has come, and is no end to who watches', async () => {
    const { promotionId } = await paidCampaign(deployment.database.sql, {
      status: 'STOPPED',
      endings: ['granted', 'waiting'],
    });
    await grantline('resume', promotionId);
    const { lines, ended, shown } = watching(promotionId, '--json');
    await shown;

    const stopped = await grantline('stop', promotionId, '--reason', 'not today', '--yes', '--json');

    expect(JSON.parse(stopped.stdout)).toEqual({ promotionId, outcome: 'withdrawn' });
    expect(await ended).toEqual([1, null]);
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { phase: 'waiting' },
      { phase: 'stopped', why: 'not today' },
    ]);
  });

  it('refuses a campaign that is completed', async () => {
    const { promotionId } = await readyCampaign({ status: 'COMPLETED' });

    expect(await grantline('resume', promotionId)).toMatchObject({ exitCode: 1, stdout: '' });
  });
});

const states = z.object({
  campaigns: z.array(z.looseObject({ promotionId: z.string(), phase: z.string() })),
});

describe('status', () => {
  it('shows each campaign with its state, how far it is, how fast, and why it waits', async () => {
    const { promotionId } = await payingCampaign();
    const waiting = await readyCampaign();
    await run(
      "INSERT INTO campaign_turns (promotion_id, execution_id, asked_at, seen_ms) VALUES (?, 'x', NOW(), UNIX_TIMESTAMP() * 1000)",
      waiting.promotionId,
    );

    const table = await grantline('status');
    const one = await grantline('status', promotionId, '--json');
    await run('UPDATE campaign_money_breaker SET opened_ms = UNIX_TIMESTAMP() * 1000');
    const paused = await grantline('status', promotionId);

    expect(table.exitCode).toBe(0);
    const rows = table.stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows).toContainEqual([promotionId, 'VOUCHER', 'paying', '5', '10', '50 %', '1', '961/s', '0 s']);
    expect(rows).toContainEqual([
      waiting.promotionId,
      'VOUCHER',
      'waiting',
      '0',
      '0',
      '0',
      `for its turn: ${promotionId} is being paid`,
    ]);
    expect(states.parse(JSON.parse(one.stdout)).campaigns).toMatchObject([
      {
        promotionId,
        status: 'IN_PROGRESS',
        phase: 'paying',
        finalCount: 5,
        totalCount: 10,
        finalPerSecond: 960.5,
      },
    ]);
    expect(paused.stdout).toContain('paused');
  });

  it('shows as many as are asked for, those that are not final first', async () => {
    const { promotionId } = await payingCampaign();
    await readyCampaign({ status: 'COMPLETED' });

    const ended = await grantline('status', '--last', '1', '--json');

    const { campaigns } = states.parse(JSON.parse(ended.stdout));
    expect(campaigns).toHaveLength(1);
    expect(Number(campaigns[0]?.promotionId)).toBeLessThanOrEqual(Number(promotionId));
  });

  it('says that a campaign does not exist, and that an option is wrong', async () => {
    expect(await grantline('status', '999999999')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'grantline: status: promotion 999999999 does not exist\n',
    });
    expect(await grantline('status', '--last', '0')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await deployment.grantline(['status'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

function watching(promotionId: string, ...more: string[]) {
  const child = spawn(process.execPath, [LAUNCHER, 'watch', promotionId, '--local', ...more], {
    cwd: deployment.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trimEnd().split('\n')));
  return { child, lines, ended: once(child, 'exit'), shown: once(child.stdout, 'data') };
}

describe('watch', () => {
  it('writes a line when something has changed, until the campaign ends', async () => {
    const { promotionId } = await payingCampaign();
    const { lines, ended, shown } = watching(promotionId);
    await shown;
    await run(
      `UPDATE campaign_promotions p JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
       SET p.promotion_status = 'COMPLETED', s.success_count = 9 WHERE p.promotion_id = ?`,
      promotionId,
    );

    expect(await ended).toEqual([0, null]);
    expect(lines).toEqual([
      `promotion ${promotionId}, paying, 5 of 10 (50 %), 1 failed, 961/s, 0 s left`,
      `promotion ${promotionId}, completed, 10 of 10 (100 %), 1 failed`,
    ]);
  });

  it('ends at once with 1 when it is stopped, with the reason', async () => {
    const { promotionId } = await paidCampaign(deployment.database.sql, { status: 'STOPPED' });

    const ended = await grantline('watch', promotionId, '--json');

    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ promotionId, phase: 'stopped', why: 'lunch' });
    expect(await grantline('watch', '999999999')).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('ends at Ctrl-C, and the campaign goes on', async () => {
    const { promotionId } = await payingCampaign();
    const { child, ended, shown } = watching(promotionId);
    await shown;
    child.kill('SIGINT');

    expect(await ended).toEqual([130, null]);
    expect(await statusOf(promotionId)).toMatchObject({ status: 'IN_PROGRESS' });
  });

  it('ends quietly when nobody reads on', async () => {
    const { promotionId } = await payingCampaign();
    const { child, ended, shown } = watching(promotionId);
    await shown;
    child.stdout.destroy();
    // It writes again when there is something to write.
    await run('UPDATE campaign_promotion_summary SET success_count = 5 WHERE promotion_id = ?', promotionId);

    expect(await Promise.race([ended, sleep(20_000)])).toEqual([141, null]);
  });
});

describe('failures', () => {
  it('lists who failed, why and after how many calls, in each form', async () => {
    const { promotionId, ids } = await paidCampaign(deployment.database.sql);
    const [, , invalid = '', rejected = '', exhausted = ''] = ids;
    await run(
      'UPDATE campaign_promotion_voucher_targets SET customer_uid = 0 WHERE voucher_target_id = ?',
      invalid,
    );
    await run(
      'UPDATE campaign_dead_letters SET error_message = \'=HYPERLINK("x"), closed\' WHERE target_id = ? AND promotion_id = ?',
      rejected,
      promotionId,
    );

    const text = await grantline('failures', promotionId);
    const csv = await grantline('failures', promotionId, '--csv');
    const json = await grantline('failures', promotionId, '--json', '--code', 'TIMEOUT');

    expect(text.exitCode).toBe(0);
    expect(text.stdout.split('\n')[0]).toMatch(/^target +customer +cause +reason +attempts +failed at$/);
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(4);
    const rows = parse(csv.stdout);
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ['target_id', 'customer_uid', 'cause', 'reason', 'attempts'],
      [invalid, '0', '', 'REASON: invalid', '0'],
      [rejected, '1003', 'ACCOUNT_CLOSED', '\'=HYPERLINK("x"), closed', '1'],
      [exhausted, '1004', 'TIMEOUT', 'REASON: exhausted', '6'],
    ]);
    expect(
      json.stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([{ targetId: exhausted, customerUid: '1004', cause: 'TIMEOUT', attemptCount: 6 }]);
  });

  it('lists each of many once and in order, of any number of attempts', async () => {
    const key = await readyCampaign({ type: 'POINT', status: 'COMPLETED' }, 2_500);
    await run(
      `INSERT INTO campaign_promotion_point_results (point_target_id, promotion_id, process_status, attempt_count)
       SELECT point_target_id, promotion_id, IF(MOD(point_target_id, 10) = 0, 'SUCCESS', 'FAILED'), MOD(point_target_id, 9)
       FROM campaign_promotion_point_targets WHERE promotion_id = ?`,
      key.promotionId,
    );

    const ended = await grantline('failures', key.promotionId, '--csv');

    const [expected] = await run(
      `SELECT CAST(point_target_id AS CHAR) AS id FROM campaign_promotion_point_results
       WHERE promotion_id = ? AND process_status = 'FAILED' ORDER BY point_target_id`,
      key.promotionId,
    );
    expect(parse(ended.stdout, { from: 2 }).map(([id]) => id)).toEqual(
      expected.map((row) => String(row['id'])),
    );
  });

  it('says that there is none, that there is no such campaign, and that two forms are one too many', async () => {
    const { promotionId } = await readyCampaign();

    expect(await grantline('failures', promotionId)).toMatchObject({
      exitCode: 0,
      stdout: 'no target has failed\n',
    });
    expect(await grantline('failures', promotionId, '--json')).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await grantline('failures', '999999999')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await grantline('failures', promotionId, '--json', '--csv')).toMatchObject({
      exitCode: 2,
      stdout: '',
    });
  });

  it('ends quietly when nobody reads on', async () => {
    const key = await readyCampaign({ type: 'POINT', status: 'COMPLETED' }, 5_000);
    await run(
      `INSERT INTO campaign_promotion_point_results (point_target_id, promotion_id, process_status, error_message)
       SELECT point_target_id, promotion_id, 'FAILED', REPEAT('x', 400) FROM campaign_promotion_point_targets
       WHERE promotion_id = ?`,
      key.promotionId,
    );
    const command = `"${process.execPath}" "${LAUNCHER}" failures ${key.promotionId} --local --csv | head -n 1`;

    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { cwd: deployment.folder });

    expect(stdout).toMatch(/^target_id,/);
    expect(stderr).toBe('');
  });
});

/** Step Functions as AWS has it: eventually consistent, so that the first look at an execution does not find it. */
async function startForgetful(stepFunctions: string) {
  let looks = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const target = String(request.headers['x-amz-target']);
      if (target.endsWith('.DescribeExecution') && ++looks === 1) {
        response.writeHead(400).end(JSON.stringify({ __type: 'ExecutionDoesNotExist', message: 'not yet' }));
        return;
      }
      const answer = await fetch(stepFunctions, {
        method: 'POST',
        headers: { 'content-type': String(request.headers['content-type']), 'x-amz-target': target },
        body: await text(request),
      });
      response.writeHead(answer.status).end(await answer.text());
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = addressOf.parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    looks: () => looks,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

const addressOf = z.object({ port: z.int() });

describe('redrive', () => {
  it('says how many there are by cause, and starts nothing in a dry run', async () => {
    const { promotionId } = await paidCampaign(deployment.database.sql);
    const before = executionsOf('redrive').length;

    const dry = await grantline('redrive', promotionId, '--dry-run');
    const json = await grantline('redrive', promotionId, '--dry-run', '--json', '--code', 'TIMEOUT');

    expect(dry).toEqual({
      exitCode: 0,
      stdout: '         1  ACCOUNT_CLOSED\n         1  TIMEOUT\n         2  all\n',
      stderr: '',
    });
    expect(JSON.parse(json.stdout)).toEqual({
      promotionId,
      count: 1,
      causes: [{ cause: 'TIMEOUT', count: 1 }],
      executionName: null,
      isDone: true,
    });
    expect(executionsOf('redrive')).toHaveLength(before);
  });

  it('starts an execution for what is selected', async () => {
    const { promotionId, ids } = await paidCampaign(deployment.database.sql, { type: 'POINT' });
    const [, , invalid = '', rejected = ''] = ids;

    const all = await grantline('redrive', promotionId, '--yes');
    const causes = await grantline('redrive', promotionId, '--yes', '--code', 'TIMEOUT', 'HTTP_503');
    const targets = await grantline('redrive', promotionId, '--yes', '--json', '--target', rejected, invalid);

    expect([all.exitCode, causes.exitCode, targets.exitCode]).toEqual([0, 0, 0]);
    expect(all.stdout).toMatch(
      / {9}2 {2}all\nredriven by execution promotion-\d+-redrive-1-[0-9a-f]{16}-1\n$/,
    );
    expect(JSON.parse(targets.stdout)).toMatchObject({
      count: 1,
      isDone: true,
      causes: [{ cause: 'ACCOUNT_CLOSED', count: 1 }],
    });
    expect(
      executionsOf('redrive')
        .filter(({ name }) => name.startsWith(`promotion-${promotionId}-`))
        .map(({ input }) => input),
    ).toEqual([
      { promotionId },
      { promotionId, causes: ['HTTP_503', 'TIMEOUT'] },
      { promotionId, targetIds: [rejected, invalid].sort() },
    ]);
  });

  it('is waited for, also where it is not found right after its start', async () => {
    const { promotionId } = await paidCampaign(deployment.database.sql);
    const { url, looks, close } = await startForgetful(deployment.state.endpoints.stepFunctions);
    const { endpoints } = deployment.state;
    const folder = await deployment.elsewhere({ endpoints: { ...endpoints, stepFunctions: url } });

    const ended = await deployment.grantline(['redrive', promotionId, '--yes', '--json', '--local'], folder);

    await close();
    expect(JSON.parse(ended.stdout)).toMatchObject({ count: 2, isDone: true });
    expect(looks()).toBe(2);
  });

  it('has nothing to do where nothing was given up', async () => {
    const { promotionId, ids } = await paidCampaign(deployment.database.sql, {
      endings: ['granted', 'invalid'],
    });

    for (const more of [[], ['--target', ids[0] ?? ''], ['--code', 'TIMEOUT']]) {
      expect(await grantline('redrive', promotionId, '--yes', ...more)).toEqual({
        exitCode: 0,
        stdout: 'nothing to redrive\n',
        stderr: '',
      });
    }
  });

  it('asks first, and refuses what is not there', async () => {
    const { promotionId } = await paidCampaign(deployment.database.sql);

    const unasked = await grantline('redrive', promotionId);
    const unknown = await grantline('redrive', '999999999', '--yes');
    const wrong = await grantline('redrive', promotionId, '--target', 'x', '--yes');

    expect(unasked).toMatchObject({
      exitCode: 2,
      stderr: 'grantline: redrive: nobody is there to be asked: say --yes\n',
    });
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
    expect(
      executionsOf('redrive').filter(({ name }) => name.startsWith(`promotion-${promotionId}-`)),
    ).toEqual([]);
  });
});
