/** `grantline load` as its user runs it, and what is in the database afterwards. */
import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import type { RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkFile } from '../../../cli/load/check-file.ts';
import type { Watcher } from '../../../cli/load/check-file.ts';
import { loadFile } from '../../../cli/load/load-file.ts';
import { readLoadState } from '../../../cli/load/load-state.ts';
import { DataApi } from '../../../lambdas/shared/data-api.ts';
import { insertPromotion } from '../../support/campaign-database.ts';
import { LAUNCHER, startOperatedDeployment } from './operated-deployment.ts';
import type { OperatedDeployment } from './operated-deployment.ts';

let deployment: OperatedDeployment;
let folder: string;
beforeAll(async () => {
  [deployment, folder] = await Promise.all([
    startOperatedDeployment(),
    mkdtemp(join(tmpdir(), 'grantline-load-')),
  ]);
});
afterAll(async () => {
  await deployment.close();
  await rm(folder, { recursive: true, force: true });
});

let files = 0;
async function fileOf(content: string | Buffer): Promise<string> {
  const path = join(folder, `targets-${++files}.csv`);
  await writeFile(path, content);
  return path;
}

const promotionOf = (overrides: Parameters<typeof insertPromotion>[1] = {}) =>
  insertPromotion(deployment.database.sql, overrides);
const run = (sql: string, ...values: unknown[]) =>
  deployment.database.sql.query<RowDataPacket[]>(sql, values);
const load = (path: string, promotionId: string, ...more: string[]) =>
  deployment.grantline(['load', path, '--promotion', promotionId, '--local', ...more]);

async function targetsOf(promotionId: string, type: 'voucher' | 'point' = 'voucher') {
  const [rows] = await run(
    `SELECT * FROM campaign_promotion_${type}_targets WHERE promotion_id = ? ORDER BY ${type}_target_id`,
    promotionId,
  );
  return rows;
}

async function totalCountOf(promotionId: string): Promise<unknown> {
  const [[row]] = await run(
    'SELECT total_count AS total FROM campaign_promotions WHERE promotion_id = ?',
    promotionId,
  );
  return row?.['total'];
}

const VOUCHERS = 'customer_uid,voucher_number,amount,expired_at,reason,is_withdrawal\n';
const vouchers = (count: number, from = 0) =>
  VOUCHERS +
  Array.from({ length: count }, (_, index) => `${1_000 + index},V-${from + index},1000,,,\n`).join('');

describe('a good file', () => {
  it('of vouchers is loaded as it is, empty cells as NULL', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(
      `\uFEFF${VOUCHERS.replace('\n', '\r\n')}1001,V-1,99.5,2030-02-28,"생일 축하, 고객님 🎁",yes\r\n1002,V-2,,,,\r\n`,
    );

    const ended = await load(path, promotionId);

    expect(ended).toEqual({
      exitCode: 0,
      stdout: `2 targets of promotion ${promotionId} are loaded, 599.50 in all\n`,
      stderr: '',
    });
    expect(await targetsOf(promotionId)).toMatchObject([
      {
        customer_uid: '1001',
        voucher_number: 'V-1',
        amount: '99.50',
        expired_at: '2030-02-28',
        reason: '생일 축하, 고객님 🎁',
        is_withdrawal: 1,
        merchant_code: null,
        publish_status: 'PENDING',
      },
      { customer_uid: '1002', amount: null, expired_at: null, reason: null, is_withdrawal: null },
    ]);
    expect(await totalCountOf(promotionId)).toBe(2);
  });

  it('of points may have a customer twice, and adds to what is there', async () => {
    const { promotionId } = await promotionOf({ type: 'POINT' });

    const first = await load(
      await fileOf('customer_uid,amount\n9007199254740993,1\n9007199254740993,2\n'),
      promotionId,
    );
    const second = await load(
      await fileOf('amount,customer_uid,partition_key\n3,5,17\n'),
      promotionId,
      '--json',
    );

    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    expect(JSON.parse(second.stdout)).toEqual({
      promotionId,
      outcome: 'loaded',
      rows: 1,
      invalid: 0,
      amount: '3.00',
    });
    expect(await targetsOf(promotionId, 'point')).toMatchObject([
      { customer_uid: '9007199254740993', amount: '1.00', partition_key: null },
      { customer_uid: '9007199254740993', amount: '2.00' },
      { customer_uid: '5', amount: '3.00', partition_key: 17 },
    ]);
    expect(await totalCountOf(promotionId)).toBe(3);
  });

  it('of many batches is loaded in the order of its lines', async () => {
    const { promotionId } = await promotionOf();

    expect(await load(await fileOf(vouchers(12_345)), promotionId)).toMatchObject({ exitCode: 0 });

    const rows = await targetsOf(promotionId);
    expect(rows.map((row) => String(row['voucher_number']))).toEqual(
      Array.from({ length: 12_345 }, (_, index) => `V-${index}`),
    );
  });

  it('is only checked by --dry-run', async () => {
    const { promotionId } = await promotionOf();

    const ended = await load(await fileOf(vouchers(3)), promotionId, '--dry-run');

    expect(ended).toMatchObject({
      exitCode: 0,
      stdout: `3 targets of promotion ${promotionId} would be loaded, 3000.00 in all\n`,
    });
    expect(await targetsOf(promotionId)).toEqual([]);
  });
});

const BAD = Buffer.concat([
  Buffer.from(
    `${VOUCHERS}1001,V-1,"1,000",,,\n1002,V-2,1,2030-02-30,,\n1003,"V-3,1,,,\n1004,V-4,1,,,\n1005,V-4,1,,,\n` +
      `1006,V-5\n1007,`,
  ),
  Buffer.from([0xff]),
  Buffer.from(`,1,,,\n1008,V-6,${'9'.repeat(100_000)},,,\n1009,V-7,2.50,,,\n`),
]);
const PROBLEMS = [
  { line: 2, column: 'amount', reason: '"1,000" has a comma: write it without' },
  { line: 3, column: 'expired_at', reason: '"2030-02-30": expired_at is not a date of the form yyyy-MM-dd' },
  { line: 4, column: null, reason: 'has a quote that is not closed on its line, or stands where none may' },
  { line: 7, column: null, reason: 'it has 2 fields, the first line 6' },
  { line: 8, column: null, reason: 'is no UTF-8: save the file as UTF-8' },
  { line: 9, column: null, reason: 'is longer than 16384 bytes' },
  { line: 6, column: 'voucher_number', reason: 'line 5 has it already' },
];

describe('a file with rows that cannot be loaded', () => {
  it('is not loaded, and each such row has its line, column and reason', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(BAD);

    const ended = await load(path, promotionId);

    expect(ended).toMatchObject({ exitCode: 1, stderr: '' });
    const lines = ended.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^line 2 {2}amount +"1,000" has a comma: write it without$/);
    expect(lines.slice(0, -1).map((line) => Number(line.slice(5, 6)))).toEqual([2, 3, 4, 6, 7, 8, 9]);
    expect(lines.at(-1)).toBe(
      '7 of 9 rows cannot be loaded, and so nothing is; --errors <csv> writes all of them to a file',
    );
    expect(await targetsOf(promotionId)).toEqual([]);
  });

  it('tells --json and --errors all of them', async () => {
    const { promotionId } = await promotionOf();
    const errors = join(folder, 'errors.csv');

    const ended = await load(await fileOf(BAD), promotionId, '--json', '--errors', errors);

    expect(ended.exitCode).toBe(1);
    const lines = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      ...PROBLEMS,
      { promotionId, outcome: 'refused', rows: 2, invalid: 7, amount: '3.50' },
    ]);
    const written = (await readFile(errors, 'utf8')).split('\r\n');
    expect(written[0]).toBe('line,column,reason');
    expect(written[1]).toBe('2,amount,"""1,000"" has a comma: write it without"');
    expect(written).toHaveLength(PROBLEMS.length + 2);
  });

  it('is loaded without them by --skip-invalid, which the exit code says', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(BAD);

    const dry = await load(path, promotionId, '--skip-invalid', '--dry-run');
    const ended = await load(path, promotionId, '--skip-invalid');

    expect([dry.exitCode, ended.exitCode]).toEqual([3, 3]);
    expect(ended.stdout.trimEnd().split('\n').at(-1)).toBe(
      `2 targets of promotion ${promotionId} are loaded, 3.50 in all, 7 rows left out`,
    );
    expect((await targetsOf(promotionId)).map((row) => String(row['voucher_number']))).toEqual([
      'V-4',
      'V-7',
    ]);
    expect(await totalCountOf(promotionId)).toBe(2);
  });

  it('shows the first twenty of many', async () => {
    const { promotionId } = await promotionOf({ type: 'POINT' });
    const path = await fileOf(`customer_uid\n${'x\n'.repeat(1_000)}`);

    const ended = await load(path, promotionId);

    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(21);
    expect(ended.stdout).toContain('1,000 of 1,000 rows cannot be loaded');
  });

  it('is refused as a whole when its columns are wrong, whatever is skipped', async () => {
    const { promotionId } = await promotionOf();
    const cases = [
      ['customer_uid\n1\n', 'line 1: the column voucher_number is missing'],
      [
        'customer_uid,voucher_number,voucher_number\n1,2,3\n',
        'line 1: the column voucher_number is there twice',
      ],
      ['\n\ncustomer_uid,voucher\n1,2\n', 'line 3: "voucher" is no column of VOUCHER targets'],
      ['', 'the file is empty: its first line names the columns'],
      [VOUCHERS, 'the file has no row'],
      [
        Buffer.from('\uFEFFcustomer_uid,voucher_number\n', 'utf16le'),
        'line 1: is no UTF-8: save the file as UTF-8',
      ],
    ] as const;

    for (const [content, reason] of cases) {
      const ended = await load(await fileOf(content), promotionId, '--skip-invalid');
      expect(ended, reason).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr).toContain(`grantline: load: ${reason}`);
    }
  });
});

it('is refused with the rows that cannot be loaded, whatever else it is refused for', async () => {
  const { promotionId } = await promotionOf({ type: 'POINT', totalAmount: '1.00' });
  const row = 'line 2  amount  "x" is no amount of at most 8 digits and 2 decimals\n';

  const noRow = await load(await fileOf('customer_uid,amount\n1,x\n'), promotionId, '--skip-invalid');
  const tooMuch = await load(await fileOf('customer_uid,amount\n1,x\n2,1.01\n'), promotionId);

  expect(noRow).toEqual({
    exitCode: 1,
    stdout: row,
    stderr: 'grantline: load: no row of the file can be loaded\n',
  });
  expect(tooMuch).toMatchObject({ exitCode: 1, stdout: row });
  expect(tooMuch.stderr).toContain('more than its total_amount 1.00');
});

describe('what was loaded', () => {
  it('is not loaded again unless it is insisted on', async () => {
    const { promotionId } = await promotionOf({ type: 'POINT' });
    const other = await promotionOf({ type: 'POINT' });
    const path = await fileOf('customer_uid,amount\n1,5\n');
    await load(path, promotionId);

    const again = await load(path, promotionId);
    const dry = await load(path, promotionId, '--dry-run');
    const insisted = await load(path, promotionId, '--again');
    const elsewhere = await load(path, other.promotionId);

    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toMatch(
      /^grantline: load: this file was loaded at [-0-9]{10} [:0-9]{8} already: --again loads it once more\n$/,
    );
    expect(dry).toMatchObject({ exitCode: 1, stderr: again.stderr });
    expect([insisted.exitCode, elsewhere.exitCode]).toEqual([0, 0]);
    expect(await targetsOf(promotionId, 'point')).toHaveLength(2);
    expect(await totalCountOf(promotionId)).toBe(2);
  });

  it('has its voucher numbers, which another file may not have', async () => {
    const { promotionId } = await promotionOf();
    await load(await fileOf(vouchers(4_001)), promotionId);
    const [, second] = await targetsOf(promotionId);

    const ended = await load(await fileOf(`${VOUCHERS}1,V-1,1,,,\n2,v-1,1,,,\n3,V-9999,1,,,\n`), promotionId);

    expect(ended.exitCode).toBe(1);
    expect(ended.stdout.split('\n')[0]).toBe(
      `line 2  voucher_number  target ${String(second?.['voucher_target_id'])} of the promotion has it already`,
    );
    expect(ended.stdout).toContain('1 of 3 rows');
  });
});

describe('a promotion', () => {
  it('is not loaded past its total_amount, with what is in it', async () => {
    const { promotionId } = await promotionOf({ type: 'POINT', totalAmount: '100.00' });
    const fits = await load(await fileOf('customer_uid,amount\n1,60\n2,39.99\n'), promotionId);
    const exceeds = await load(await fileOf('customer_uid,amount\n3,0.02\n'), promotionId);
    const fills = await load(await fileOf('customer_uid,amount\n3,0.01\n'), promotionId);

    expect([fits.exitCode, exceeds.exitCode, fills.exitCode]).toEqual([0, 1, 0]);
    expect(exceeds.stderr).toBe(
      `grantline: load: the targets of promotion ${promotionId} would sum to 100.01, more than its total_amount 100.00\n`,
    );
  });

  it('is not loaded once it has begun, nor while it waits for its turn', async () => {
    const path = await fileOf(vouchers(1));
    const paid = await promotionOf({ status: 'IN_PROGRESS' });
    await run(
      'INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at) VALUES (?, 1, ?, NOW())',
      paid.promotionId,
      'run',
    );
    const waiting = await promotionOf();
    await run(
      'INSERT INTO campaign_turns (promotion_id, execution_id, asked_at, seen_ms) VALUES (?, ?, NOW(), UNIX_TIMESTAMP() * 1000)',
      waiting.promotionId,
      'run',
    );
    const withdrawn = await promotionOf({ status: 'STOPPED' });

    const [one, two, three, four] = await Promise.all([
      load(path, paid.promotionId),
      load(path, waiting.promotionId),
      load(path, withdrawn.promotionId),
      load(path, '999999999'),
    ]);

    await run(
      "UPDATE campaign_promotions SET promotion_status = 'STOPPED' WHERE promotion_id = ?",
      paid.promotionId,
    );
    expect(one).toMatchObject({ exitCode: 1, stdout: '' });
    expect(one.stderr).toContain('is IN_PROGRESS and has run already');
    expect(two.stderr).toContain('waits for its turn: stop it, load, and resume it');
    expect(three.exitCode).toBe(0);
    expect(four).toMatchObject({
      exitCode: 1,
      stderr: 'grantline: load: promotion 999999999 does not exist\n',
    });
  });
});

describe('what cannot be done', () => {
  it('ends with 2, one line and nothing loaded', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(vouchers(1));
    const away = await deployment.elsewhere({
      endpoints: { ...deployment.state.endpoints, rdsData: 'http://127.0.0.1:9' },
    });
    const cases = [
      [
        ['load', join(folder, 'none.csv'), '--promotion', promotionId, '--local'],
        /there is no file .*none\.csv/,
      ],
      [['load', folder, '--promotion', promotionId, '--local'], /is no file: it is read twice/],
      [
        ['load', path, '--promotion', promotionId, '--local', '--errors', path],
        /names the file that is to be loaded/,
      ],
      [
        ['load', path, '--promotion', promotionId, '--local', '--errors', join(folder, 'no', 'x')],
        /no such file/,
      ],
      [['load', path, '--promotion', 'seven', '--local'], /It must be a number/],
      [['load', path, '--local'], /required option '--promotion <id>'/],
      [['load', path, '--promotion', promotionId], /say where to look/],
    ] as const;

    for (const [args, message] of cases) {
      const ended = await deployment.grantline(args);
      expect(ended, String(message)).toMatchObject({ exitCode: 2, stdout: '' });
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
    }
    const unreachable = await deployment.grantline(
      ['load', path, '--promotion', promotionId, '--local'],
      away,
    );
    expect(unreachable.exitCode).toBe(2);
    expect(unreachable.stderr).toMatch(/^grantline: load: nothing answers: .*\n$/);
    expect(await targetsOf(promotionId)).toEqual([]);
  });

  it('is helped with the columns, an example and the exit codes', async () => {
    const { exitCode, stdout } = await deployment.grantline(['load', '--help']);

    expect(exitCode).toBe(0);
    for (const text of [
      'customer_uid, voucher_number',
      'Exit codes',
      ' 130 ',
      'npx grantline load vouchers.csv',
    ]) {
      expect(stdout).toContain(text);
    }
  });
});

/** Ids of the connections that have written and not committed. */
async function openTransactions(): Promise<number[]> {
  const [rows] = await run(
    'SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx WHERE trx_rows_modified > 5000',
  );
  return rows.map((row) => Number(row['id']));
}

/** Starts a load, and waits until it has written. */
async function loadHalf(path: string, promotionId: string) {
  const child = spawn(process.execPath, [LAUNCHER, 'load', path, '--promotion', promotionId, '--local'], {
    cwd: deployment.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await vi.waitFor(async () => expect(await openTransactions()).toHaveLength(1), {
    timeout: 60_000,
    // The server does not look again within a tenth of a second of the last time.
    interval: 150,
  });
  return { child, ended: once(child, 'exit'), said: () => stderr };
}

describe('a load that does not come to its end', { timeout: 120_000 }, () => {
  it('by kill -9 has loaded nothing, and the next one loads all of it', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(vouchers(150_000));
    const { child, ended } = await loadHalf(path, promotionId);
    child.kill('SIGKILL');
    await ended;

    expect(await targetsOf(promotionId)).toEqual([]);
    // What the Data API does with a transaction that nobody goes on with for three minutes.
    for (const id of await openTransactions()) await run(`KILL ${id}`);
    const next = await load(path, promotionId);

    expect(next).toMatchObject({ exitCode: 0, stderr: '' });
    const [[counted]] = await run(
      'SELECT COUNT(*) AS rows_, COUNT(DISTINCT voucher_number) AS numbers FROM campaign_promotion_voucher_targets WHERE promotion_id = ?',
      promotionId,
    );
    expect(counted).toEqual({ rows_: '150000', numbers: '150000' });
    expect(await totalCountOf(promotionId)).toBe(150_000);
  });

  it('by Ctrl-C rolls back at once, and says so', async () => {
    const { promotionId } = await promotionOf();
    const { child, ended, said } = await loadHalf(await fileOf(vouchers(150_000)), promotionId);
    child.kill('SIGINT');

    expect(await ended).toEqual([130, null]);
    expect(said()).toBe('grantline: load: it was interrupted: nothing is loaded\n');
    expect(await openTransactions()).toEqual([]);
    expect(await targetsOf(promotionId)).toEqual([]);
  });
});

const silent: Watcher = {
  progress: () => undefined,
  problems: () => Promise.resolve(),
  goOn: () => undefined,
};

/** As the command does it, with something in between. */
async function checked(path: string, promotionId: string) {
  const { db } = deployment.database;
  const promotion = await readLoadState(db, promotionId, { lock: false });
  if (promotion === undefined) throw new Error('it is there');
  const check = await checkFile(db, path, promotion, silent);
  return {
    path,
    loadId: randomUUID(),
    promotion,
    check,
    again: false,
    nowMs: Date.now(),
  };
}

describe('between the check and the load', () => {
  it('a file that changes is not loaded', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(vouchers(3));
    const prepared = await checked(path, promotionId);
    await appendFile(path, '5,V-1,1,,,\n');

    await expect(loadFile(deployment.database.db, prepared, silent)).rejects.toThrow(
      'the file has changed while it was read: load it anew',
    );
    expect(await targetsOf(promotionId)).toEqual([]);
  });

  it.each([
    ['its defaults are edited', 'UPDATE campaign_promotions SET default_amount = 1 WHERE promotion_id = ?'],
    [
      'a target is added',
      'INSERT INTO campaign_promotion_voucher_targets (promotion_id, customer_uid) VALUES (?, 1)',
    ],
    [
      'it is started',
      "UPDATE campaign_promotions SET promotion_status = 'IN_PROGRESS' WHERE promotion_id = ?",
    ],
  ])('nothing is loaded for a promotion when %s', async (_what, change) => {
    const { promotionId } = await promotionOf();
    const prepared = await checked(await fileOf(vouchers(3)), promotionId);
    await run(change, promotionId);
    const before = await targetsOf(promotionId);

    await expect(loadFile(deployment.database.db, prepared, silent)).rejects.toThrow(
      `promotion ${promotionId} has changed since the file was checked: load it anew`,
    );
    await run(
      "UPDATE campaign_promotions SET promotion_status = 'STOPPED' WHERE promotion_id = ?",
      promotionId,
    );
    expect(await targetsOf(promotionId)).toEqual(before);
  });

  it('the same file is loaded once by two that load it at once', async () => {
    const { promotionId } = await promotionOf();
    const path = await fileOf(vouchers(8_000));

    const codes = (await Promise.all([load(path, promotionId), load(path, promotionId)])).map(
      (each) => each.exitCode,
    );

    expect(codes.sort()).toEqual([0, 1]);
    expect(await targetsOf(promotionId)).toHaveLength(8_000);
  });
});

/** A database that answers every call but the first commit, which it makes. */
function losingACommit() {
  const client = new RDSDataClient({
    endpoint: deployment.state.endpoints.rdsData,
    region: deployment.state.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  let lost = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (context.commandName !== 'CommitTransactionCommand' || lost > 0) return answer;
      lost += 1;
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    },
    { step: 'initialize' },
  );
  const { DatabaseResourceArn = '', DatabaseSecretArn = '', DatabaseName = '' } = deployment.state.outputs;
  const address = { resourceArn: DatabaseResourceArn, secretArn: DatabaseSecretArn, database: DatabaseName };
  return { db: new DataApi(address, client), lost: () => lost, close: () => client.destroy() };
}

it('a load whose commit was not answered is not loaded twice', async () => {
  const { promotionId } = await promotionOf();
  const prepared = await checked(await fileOf(vouchers(6_000)), promotionId);
  const losing = losingACommit();

  await loadFile(losing.db, prepared, silent);

  losing.close();
  expect(losing.lost()).toBe(1);
  expect(await targetsOf(promotionId)).toHaveLength(6_000);
  const [[recorded]] = await run('SELECT * FROM campaign_target_loads WHERE promotion_id = ?', promotionId);
  expect(recorded).toMatchObject({
    load_id: prepared.loadId,
    loaded_count: 6_000,
    skipped_count: 0,
    file_sha256: createHash('sha256')
      .update(await readFile(prepared.path))
      .digest('hex'),
  });
});

it('a load whose commit was not answered is known among others of the same file', async () => {
  const { promotionId } = await promotionOf({ type: 'POINT' });
  const prepared = await checked(await fileOf('customer_uid,amount\n1,5\n'), promotionId);
  // By the clock of whoever loaded it, which is not ours.
  await run(
    `INSERT INTO campaign_target_loads
       (load_id, promotion_id, file_sha256, file_name, loaded_count, skipped_count, loaded_at)
     VALUES (UUID(), ?, ?, 'x.csv', 1, 0, '2099-01-01 00:00:00')`,
    promotionId,
    prepared.check.sha256,
  );
  const losing = losingACommit();

  await loadFile(losing.db, { ...prepared, again: true }, silent);

  losing.close();
  expect(losing.lost()).toBe(1);
  expect(await targetsOf(promotionId, 'point')).toHaveLength(1);
});

it('ends quietly when nobody reads on', async () => {
  const { promotionId } = await promotionOf({ type: 'POINT' });
  const path = await fileOf(`customer_uid\n${'x\n'.repeat(200_000)}`);
  const command = `"${process.execPath}" "${LAUNCHER}" load "${path}" --promotion ${promotionId} --local --json | head -n 1`;

  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { cwd: deployment.folder });

  expect(JSON.parse(stdout)).toMatchObject({ line: 2, column: 'customer_uid' });
  expect(stderr).toBe('');
});
