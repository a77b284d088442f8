import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import type { ExecuteStatementCommandInput, SqlParameter } from '@aws-sdk/client-rds-data';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { spawnService } from '../../../local/process/child-service.ts';
import type { RunningService } from '../../../local/process/child-service.ts';
import { freePort } from '../../../local/servers/free-port.ts';
import { startMariaDb } from '../../../local/servers/mariadb.ts';
import { ensureMariaDb } from '../../../local/servers/programs.ts';
import { startRdsData } from '../../../local/services/rds-data/server.ts';
import { startTestDatabase } from '../../support/private-mariadb.ts';
import type { TestDatabase } from '../../support/private-mariadb.ts';

const resourceArn = 'arn:aws:rds:ap-northeast-2:000000000000:cluster:grantline';
const secretArn = 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:grantline';
const downArn = 'arn:aws:rds:ap-northeast-2:000000000000:cluster:down';
const where = { resourceArn, secretArn, database: 'grantline' };

let database: TestDatabase;
let service: RunningService;
let client: RDSDataClient;

beforeAll(async () => {
  database = await startTestDatabase();
  service = await startRdsData({
    databases: [
      { resourceArn, secretArns: [secretArn], url: database.url },
      { resourceArn: downArn, secretArns: [secretArn], url: `mysql://root@127.0.0.1:${await freePort()}/x` },
    ],
    statementTimeoutMs: 1_000,
    transactionIdleMs: 600,
  });
  client = clientOf(service.url);
});

afterAll(async () => {
  client.destroy();
  await service.close();
  await database.close();
});

beforeEach(async () => {
  await execute('DROP TABLE IF EXISTS item');
  await execute(
    `CREATE TABLE item (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) UNIQUE, amount INT)`,
  );
});

function clientOf(endpoint: string): RDSDataClient {
  return new RDSDataClient({
    endpoint,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

function execute(sql: string, more: Partial<ExecuteStatementCommandInput> = {}) {
  return client.send(new ExecuteStatementCommand({ ...where, sql, ...more }));
}

async function formatted(sql: string, parameters: SqlParameter[] = []): Promise<string | undefined> {
  return (await execute(sql, { parameters, formatRecordsAs: 'JSON' })).formattedRecords;
}

async function begin(): Promise<string> {
  const { transactionId } = await client.send(new BeginTransactionCommand(where));
  return z.string().parse(transactionId);
}

const text = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } });
const long = (name: string, longValue: number): SqlParameter => ({ name, value: { longValue } });
const failure = (name: string, message: RegExp): unknown =>
  expect.objectContaining({ name, message: expect.stringMatching(message) as unknown });

describe('parameters', () => {
  test('a name in a string, a quoted name or a comment is no parameter', async () => {
    // Act
    const records = await formatted(
      `SELECT ':x it''s \\' :x' AS a, ":x" AS b, :x AS \`:x\` -- :none\n # :none\n /* :none */`,
      [text('x', 'value')],
    );

    // Assess
    expect(records).toBe(JSON.stringify([{ a: ":x it's ' :x", b: ':x', ':x': 'value' }]));
  });

  test('values of every kind arrive as they are', async () => {
    // Prepare
    const nasty = `'; DROP TABLE item; -- "\\ \n\0 한글 🎁`;

    // Act
    const records = await formatted(
      'SELECT :s AS s, 1-:l AS l, :d AS d, :b = TRUE AS b, :n AS n, HEX(:x) AS x',
      [
        text('s', nasty),
        long('l', -5),
        { name: 'd', value: { doubleValue: 1.5 } },
        { name: 'b', value: { booleanValue: true } },
        { name: 'n', value: { isNull: true } },
        { name: 'x', value: { blobValue: new Uint8Array([0, 255]) } },
      ],
    );

    // Assess
    expect(JSON.parse(records ?? '')).toEqual([{ s: nasty, l: 6, d: 1.5, b: 1, n: null, x: '00FF' }]);
  });

  test('a long past 2^53 keeps its digits', async () => {
    // Act
    const response = await fetch(`${service.url}/Execute`, {
      method: 'POST',
      body: `{"resourceArn":"${resourceArn}","secretArn":"${secretArn}","sql":"SELECT CAST(:n AS CHAR) AS n",
        "parameters":[{"name":"n","value":{"longValue":9007199254740993}}]}`,
    });

    // Assess
    expect(await response.text()).toContain('{"stringValue":"9007199254740993"}');
  });

  test.each([
    ['a missing one', [], 'DatabaseErrorException', /Cannot find parameter: x/],
    ['an array', [{ name: 'x', value: { arrayValue: { longValues: [1] } } }], 'ValidationException', /Array/],
    ['none of the fields', [{ name: 'x', value: {} }], 'ValidationException', /no field set/],
  ])('%s is refused', async (_what, parameters, name, message) => {
    await expect(execute('SELECT :x', { parameters: parameters as SqlParameter[] })).rejects.toEqual(
      failure(name, message),
    );
  });

  test.each([
    ['DATE', '2026-02-28', '2026-02-30'],
    ['TIME', '23:59:59.123', '24:00:00'],
    ['TIMESTAMP', '2026-11-20 10:00:00', '2026-11-20T10:00:00'],
    ['DECIMAL', '-12.30', '1e5'],
    ['JSON', '{"a":1}', '{a:1}'],
    ['UUID', '7f9c24e8-3b12-4fef-91e0-5a3f1d2c4b5a', '7f9c24e8'],
  ] as const)('typeHint %s takes %s and refuses %s', async (typeHint, good, bad) => {
    // Act
    const taken = await formatted('SELECT CAST(:x AS CHAR) AS x', [{ ...text('x', good), typeHint }]);

    // Assess
    expect(JSON.parse(taken ?? '')).toEqual([{ x: good }]);
    await expect(execute('SELECT :x', { parameters: [{ ...text('x', bad), typeHint }] })).rejects.toEqual(
      failure('ValidationException', new RegExp(typeHint)),
    );
  });
});

describe('results', () => {
  const ROW = `SELECT CAST(9223372036854775807 AS SIGNED) AS big, CAST(18446744073709551615 AS UNSIGNED) AS unsigned_big,
    1.50 AS exact, 2.5e-7 AS approximate, DATE '2026-11-20' AS day, TIMESTAMP '2026-11-20 10:00:00.120' AS moment,
    NULL AS nothing, 'a"b' AS words, x'00ff' AS bytes, flag, n FROM typed`;

  beforeAll(async () => {
    await execute('CREATE TABLE IF NOT EXISTS typed (flag TINYINT(1) NOT NULL, n INT UNSIGNED)');
    await execute('INSERT INTO typed VALUES (1, 7)');
  });

  test('as JSON: integers digit for digit, decimals and times as strings, TINYINT(1) as boolean', async () => {
    expect(await formatted(ROW)).toBe(
      '[{"big":9223372036854775807,"unsigned_big":18446744073709551615,"exact":"1.50","approximate":2.5e-7,' +
        '"day":"2026-11-20","moment":"2026-11-20 10:00:00.120","nothing":null,"words":"a\\"b","bytes":"AP8=",' +
        '"flag":true,"n":7}]',
    );
  });

  test('as records: one field a value, with metadata when asked', async () => {
    // Act
    const response = await execute('SELECT n, flag, 1.5 AS exact, NULL AS nothing FROM typed', {
      includeResultMetadata: true,
    });

    // Assess
    expect(response.records).toEqual([
      [{ longValue: 7 }, { booleanValue: true }, { stringValue: '1.5' }, { isNull: true }],
    ]);
    expect(response.columnMetadata?.[0]).toMatchObject({
      name: 'n',
      typeName: 'INT UNSIGNED',
      isSigned: false,
    });
    expect(response.columnMetadata?.[1]).toMatchObject({ label: 'flag', nullable: 0, tableName: 'typed' });
    expect(response.numberOfRecordsUpdated).toBe(0);
  });

  test('longs as strings and decimals as numbers when asked', async () => {
    const { records } = await execute('SELECT 7, 1.5', {
      resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'DOUBLE_OR_LONG' },
    });
    expect(records).toEqual([[{ stringValue: '7' }, { doubleValue: 1.5 }]]);
  });

  test('as JSON without rows is an empty list', async () => {
    expect(await formatted('SELECT * FROM item')).toBe('[]');
  });

  test('as JSON with one label twice is an error', async () => {
    await expect(formatted('SELECT 1 AS a, 2 AS a')).rejects.toEqual(
      failure('DatabaseErrorException', /Duplicate/),
    );
  });

  test('as JSON is for SELECT only, also one after WITH; other statements ignore it', async () => {
    // Act
    const inserted = await execute("INSERT INTO item (name) VALUES ('a')", { formatRecordsAs: 'JSON' });
    const selected = await formatted('WITH a AS (SELECT 1 AS x) SELECT x FROM a');

    // Assess
    expect(inserted).toMatchObject({ numberOfRecordsUpdated: 1 });
    expect(inserted.formattedRecords).toBeUndefined();
    expect(selected).toBe('[{"x":1}]');
  });

  test('counts what MySQL counts, and tells the generated keys', async () => {
    // Prepare
    const upsert = (amount: number) =>
      execute(`INSERT INTO item (name, amount) VALUES ('k', ${amount})
        ON DUPLICATE KEY UPDATE amount = VALUES(amount)`);

    // Act
    const insert = await execute("INSERT INTO item (name) VALUES ('a'), ('b')");
    const upserts = [await upsert(1), await upsert(2), await upsert(2)];
    const update = await execute("UPDATE item SET amount = 2 WHERE name IN ('a', 'k')");

    // Assess
    expect(insert).toMatchObject({
      numberOfRecordsUpdated: 2,
      generatedFields: [{ longValue: 1 }, { longValue: 2 }],
    });
    expect(upserts.map((result) => result.numberOfRecordsUpdated)).toEqual([1, 2, 0]);
    // Both rows match, one of them has the value already.
    expect(update.numberOfRecordsUpdated).toBe(2);
  });

  test('a batch runs once for each parameter set', async () => {
    // Act
    const { updateResults } = await client.send(
      new BatchExecuteStatementCommand({
        ...where,
        sql: 'INSERT INTO item (name) VALUES (:name)',
        parameterSets: [[text('name', 'a')], [text('name', 'b')]],
      }),
    );

    // Assess
    expect(updateResults).toEqual([
      { generatedFields: [{ longValue: 1 }] },
      { generatedFields: [{ longValue: 2 }] },
    ]);
  });
});

describe('limits', () => {
  test('a response over 1 MiB is an error, and an endless result is not read to its end', async () => {
    const sql = `SELECT REPEAT('x', 1000) AS a FROM seq_1_to_10000000`;
    await expect(formatted(sql)).rejects.toEqual(
      failure('DatabaseErrorException', /more than the allowed response size limit/),
    );
  });

  test('a row over 64 KB is an error', async () => {
    await expect(formatted(`SELECT REPEAT('가', 22000) AS a`)).rejects.toEqual(
      failure('DatabaseErrorException', /Packet for query is too large/),
    );
    expect(await formatted(`SELECT REPEAT('x', 65000) AS a`)).toHaveLength(65_010);
  });

  test.each([
    ['several statements', { sql: 'SELECT 1; SELECT 2' }, /Multistatements aren't supported/],
    ['a text over 65,536 characters', { sql: `SELECT '${'x'.repeat(65_536)}'` }, /'sql'/],
    ['a request over 4 MiB', { parameters: [text('x', 'x'.repeat(4 * 1024 * 1024))] }, /4 MiB/],
    ['the schema member', { schema: 'grantline' }, /The schema parameter isn't supported/],
    ['no resourceArn', { resourceArn: '' }, /resourceArn/],
  ])('%s is refused', async (_what, more, message) => {
    await expect(execute('SELECT 1', more)).rejects.toEqual(failure('ValidationException', message));
  });

  test('a semicolon at the end, or in a string, is one statement', async () => {
    expect(await formatted(`SELECT ';' AS a; -- end`)).toBe('[{"a":";"}]');
  });

  test('a statement over its time is cancelled and its connection is good for the next', async () => {
    // Act
    const attempt = execute(`UPDATE item, (SELECT SLEEP(30)) AS s SET amount = 1`);

    // Assess
    await expect(attempt).rejects.toEqual(failure('StatementTimeoutException', /timed out/));
    const running = await formatted(`SELECT COUNT(*) AS n FROM information_schema.processlist
      WHERE info LIKE '%SLEEP(30)%' AND id <> CONNECTION_ID()`);
    expect(running).toBe('[{"n":0}]');
  });
});

describe('errors', () => {
  test('a SQL error has its message and SQLSTATE', async () => {
    await expect(execute('SELECT * FROM nowhere')).rejects.toEqual(
      failure('DatabaseErrorException', /doesn't exist; SQLState: 42S02/),
    );
  });

  test('MySQL 8 rules hold: GROUP BY is strict, and so is what goes into a column', async () => {
    await expect(execute('SELECT name, MAX(amount) FROM item')).rejects.toEqual(
      failure('DatabaseErrorException', /SQLState: 42000/),
    );
    await expect(execute("INSERT INTO item (amount) VALUES ('many')")).rejects.toEqual(
      failure('DatabaseErrorException', /Incorrect integer value/),
    );
  });

  test('a cluster or a secret that is not there is told apart', async () => {
    const other = `${resourceArn}-other`;
    await expect(execute('SELECT 1', { resourceArn: other })).rejects.toEqual(
      failure('HttpEndpointNotEnabledException', /HttpEndpoint is not enabled for resource/),
    );
    await expect(execute('SELECT 1', { secretArn: other })).rejects.toEqual(
      failure('SecretsErrorException', /secret/),
    );
  });

  test('no schema is selected unless the call names one', async () => {
    const { records } = await client.send(
      new ExecuteStatementCommand({ resourceArn, secretArn, sql: 'SELECT DATABASE()' }),
    );
    expect(records).toEqual([[{ isNull: true }]]);
  });

  test('a database that is down is unavailable, and the service lives on', async () => {
    await expect(execute('SELECT 1', { resourceArn: downArn })).rejects.toMatchObject({
      name: 'DatabaseUnavailableException',
      $metadata: { httpStatusCode: 504 },
    });
    expect(await formatted('SELECT 1 AS a')).toBe('[{"a":1}]');
  });
});

describe('sessions', () => {
  test('have the time of Seoul, and keep nothing of the caller before', async () => {
    // Act
    await execute('SET @left = 1, SESSION sql_mode = ""');
    await execute('START TRANSACTION');
    await execute("INSERT INTO item (name) VALUES ('committed')");
    const records = await formatted('SELECT @left AS a, @@sql_mode LIKE "%STRICT%" AS m, @@time_zone AS z');

    // Assess
    expect(JSON.parse(records ?? '')).toEqual([{ a: null, m: 1, z: '+09:00' }]);
    expect(await formatted('SELECT COUNT(*) AS n FROM item')).toBe('[{"n":1}]');
  });

  test('a JSON_TABLE column compares with a column of a table', async () => {
    // Prepare
    await execute("INSERT INTO item (name) VALUES ('a')");

    // Act
    const records = await formatted(
      `SELECT i.id FROM JSON_TABLE(:rows, '$[*]' COLUMNS (name VARCHAR(100) PATH '$')) AS r
        JOIN item i ON i.name = r.name`,
      [text('rows', '["a","b"]')],
    );

    // Assess
    expect(records).toBe('[{"id":1}]');
  });
});

describe('transactions', () => {
  const insert = (transactionId: string) =>
    execute("INSERT INTO item (name) VALUES ('t')", { transactionId });
  const count = () => formatted('SELECT COUNT(*) AS n FROM item');

  test('show their changes to others only when committed', async () => {
    // Prepare
    const transactionId = await begin();

    // Act
    await insert(transactionId);
    const before = await count();
    await client.send(new CommitTransactionCommand({ resourceArn, secretArn, transactionId }));

    // Assess
    expect([before, await count()]).toEqual(['[{"n":0}]', '[{"n":1}]']);
    await expect(insert(transactionId)).rejects.toEqual(
      failure('TransactionNotFoundException', /is not found.*termination of your transaction/),
    );
  });

  test('are undone by a rollback, and by three idle minutes', async () => {
    // Act
    const rolledBack = await begin();
    await insert(rolledBack);
    await client.send(new RollbackTransactionCommand({ resourceArn, secretArn, transactionId: rolledBack }));
    const left = await begin();
    await insert(left);
    await sleep(800);

    // Assess
    await expect(insert(left)).rejects.toEqual(failure('TransactionNotFoundException', /may be expired/));
    expect(await count()).toBe('[{"n":0}]');
  });

  test('live on after a SQL error, and refuse a second call at the same time', async () => {
    // Prepare
    const transactionId = await begin();
    await insert(transactionId);

    // Act
    await expect(insert(transactionId)).rejects.toEqual(failure('DatabaseErrorException', /Duplicate entry/));
    const calls = await Promise.allSettled([1, 2].map(() => execute('SELECT SLEEP(0.2)', { transactionId })));

    // Assess
    expect(calls.map((call) => call.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(calls.find((call) => call.status === 'rejected')?.reason).toEqual(
      failure('DatabaseErrorException', /Transaction is still running a query/),
    );
    await client.send(new CommitTransactionCommand({ resourceArn, secretArn, transactionId }));
    expect(await count()).toBe('[{"n":1}]');
  });

  test('end when a statement in them runs out of time', async () => {
    // Prepare
    const transactionId = await begin();
    await insert(transactionId);

    // Act
    await expect(execute('SELECT SLEEP(30)', { transactionId })).rejects.toMatchObject({
      name: 'StatementTimeoutException',
    });

    // Assess
    await expect(insert(transactionId)).rejects.toEqual(failure('TransactionNotFoundException', /aborted/));
    expect(await count()).toBe('[{"n":0}]');
  });
});

test('runs in a process of its own', async () => {
  // Prepare
  const child = await spawnService(
    new URL('../../../local/services/rds-data/main.ts', import.meta.url),
    { databases: [{ resourceArn, secretArns: [secretArn], url: database.url }] },
    { logFile: devNull },
  );
  const childClient = clientOf(child.url);

  // Act
  const { records } = await childClient.send(new ExecuteStatementCommand({ ...where, sql: 'SELECT 1' }));

  // Assess
  expect(records).toEqual([[{ longValue: 1 }]]);
  childClient.destroy();
  await child.close();
});

test('answers again when its database is back', { timeout: 60_000 }, async () => {
  // Prepare
  const directory = await mkdtemp(join(tmpdir(), 'grantline-back-'));
  const port = await freePort();
  const start = async () =>
    startMariaDb({
      dataDir: join(directory, 'data'),
      logFile: join(directory, 'mariadb.log'),
      programs: await ensureMariaDb(() => undefined),
      port,
    });
  const first = await start();
  const own = await startRdsData({ databases: [{ resourceArn, secretArns: [secretArn], url: first.url }] });
  const ownClient = clientOf(own.url);
  const answer = () =>
    ownClient.send(new ExecuteStatementCommand({ ...where, sql: 'SELECT 1' })).then(
      () => 'answered',
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    );

  // Act
  const before = await answer();
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const during = await answer();
  const second = await start();
  const after = await answer();

  // Assess
  expect([before, during, after]).toEqual(['answered', 'DatabaseUnavailableException', 'answered']);
  ownClient.destroy();
  await own.close();
  await second.close();
  await rm(directory, { recursive: true, force: true });
});

test('the statistics count the statements that callers had run', async () => {
  // Prepare
  const statements = async () => {
    const response = await fetch(`${service.url}/_local/stats`);
    return z.object({ statements: z.number() }).parse(await response.json()).statements;
  };
  const before = await statements();

  // Act
  await execute('SELECT 1');
  const transactionId = await begin();
  await client.send(new CommitTransactionCommand({ resourceArn, secretArn, transactionId }));

  // Assess
  expect(await statements()).toBe(before + 3);
});
