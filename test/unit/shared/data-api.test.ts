import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { DataApi } from '../../../lambdas/shared/data-api.ts';

const ADDRESS = { resourceArn: 'arn:cluster', secretArn: 'arn:secret', database: 'grantline' };
const COUNT = z.object({ count: z.int() });

/** The waits between tries pass at once. */
async function withoutWaiting<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const settled = Promise.allSettled([work]);
  await vi.runAllTimersAsync();
  return (await settled)[0];
}

function makeDataApi() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const client = new RDSDataClient({ region: 'ap-northeast-2' });
  const rds = mockClient(client);
  let begun = 0;
  rds.on(BeginTransactionCommand).callsFake(() => ({ transactionId: `tx-${String((begun += 1))}` }));
  rds.on(CommitTransactionCommand).resolves({});
  rds.on(RollbackTransactionCommand).resolves({});
  rds.on(ExecuteStatementCommand).resolves({ numberOfRecordsUpdated: 1, formattedRecords: '[{"count":3}]' });
  return { rds, db: new DataApi(ADDRESS, client) };
}

type Rds = ReturnType<typeof makeDataApi>['rds'];

function makeError(name: string, overrides: { message?: string; code?: string } = {}): Error {
  return Object.assign(new Error(overrides.message ?? name), {
    name,
    ...(overrides.code === undefined ? {} : { code: overrides.code }),
  });
}

const deadlock = () =>
  makeError('DatabaseErrorException', {
    message: 'Deadlock found when trying to get lock; try restarting transaction',
  });

const statementsOf = (rds: Rds) =>
  rds.commandCalls(ExecuteStatementCommand).map((call) => call.args[0].input);
const commandsOf = (rds: Rds) => rds.calls().map((call) => call.args[0].constructor.name);

afterEach(() => vi.useRealTimers());

describe('a statement', () => {
  it('carries its parameters by their types, and the address of the database', async () => {
    const { rds, db } = makeDataApi();

    const updated = await db.execute('UPDATE t SET a = :text', {
      text: '9223372036854775807',
      whole: 7,
      fraction: 0.5,
      yes: true,
      nothing: null,
    });

    expect(updated).toBe(1);
    expect(statementsOf(rds)).toEqual([
      {
        ...ADDRESS,
        sql: 'UPDATE t SET a = :text',
        parameters: [
          { name: 'text', value: { stringValue: '9223372036854775807' } },
          { name: 'whole', value: { longValue: 7 } },
          { name: 'fraction', value: { doubleValue: 0.5 } },
          { name: 'yes', value: { booleanValue: true } },
          { name: 'nothing', value: { isNull: true } },
        ],
      },
    ]);
  });

  it('that says nothing of updated records changed none', async () => {
    const { rds, db } = makeDataApi();
    rds.on(ExecuteStatementCommand).resolves({});

    expect(await db.execute('CREATE TABLE t (a INT)')).toBe(0);
  });
});

describe('a query', () => {
  it('gives its rows as their shape says', async () => {
    const { rds, db } = makeDataApi();

    expect(await db.query(COUNT, 'SELECT 3 AS count')).toEqual([{ count: 3 }]);
    expect(statementsOf(rds)).toMatchObject([{ formatRecordsAs: 'JSON' }]);
  });

  it('without rows is an empty list', async () => {
    const { rds, db } = makeDataApi();
    rds.on(ExecuteStatementCommand).resolves({});

    expect(await db.query(COUNT, 'SELECT 3 AS count')).toEqual([]);
  });

  it('whose rows have another shape fails, and is not tried again', async () => {
    const { rds, db } = makeDataApi();
    rds.on(ExecuteStatementCommand).resolves({ formattedRecords: '[{"count":"three"}]' });

    const outcome = await withoutWaiting(db.query(COUNT, 'SELECT 3 AS count'));

    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'ZodError' } });
    expect(statementsOf(rds)).toHaveLength(1);
  });
});

describe('an error', () => {
  it.each([
    makeError('DatabaseResumingException'),
    makeError('DatabaseUnavailableException'),
    makeError('ServiceUnavailableError'),
    makeError('InternalServerErrorException'),
    makeError('StatementTimeoutException'),
    makeError('TimeoutError'),
    makeError('Error', { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' }),
    makeError('Error', { code: 'ECONNRESET', message: 'socket hang up' }),
    makeError('DatabaseErrorException', {
      message: 'Lock wait timeout exceeded; try restarting transaction',
    }),
    deadlock(),
  ])('that passes has the statement tried again: $name $message', async (error) => {
    const { rds, db } = makeDataApi();
    rds.on(ExecuteStatementCommand).rejectsOnce(error).resolves({ numberOfRecordsUpdated: 2 });

    const outcome = await withoutWaiting(db.execute('UPDATE t SET a = 1'));

    expect(outcome).toEqual({ status: 'fulfilled', value: 2 });
    expect(statementsOf(rds)).toHaveLength(2);
  });

  it.each([
    makeError('BadRequestException'),
    makeError('ForbiddenException'),
    makeError('StatementTooLarge'),
    makeError('DatabaseErrorException', { message: "Duplicate entry '1' for key 'PRIMARY'" }),
  ])('that stays is not tried again: $name $message', async (error) => {
    const { rds, db } = makeDataApi();
    rds.on(ExecuteStatementCommand).rejects(error);

    const outcome = await withoutWaiting(db.query(COUNT, 'SELECT 3 AS count'));

    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: error.name } });
    expect(statementsOf(rds)).toHaveLength(1);
  });

  it('that passes, but not in time, is the caller’s after five tries', async () => {
    const { rds, db } = makeDataApi();
    rds.on(ExecuteStatementCommand).rejects(makeError('DatabaseUnavailableException'));

    const outcome = await withoutWaiting(db.execute('UPDATE t SET a = 1'));

    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'DatabaseUnavailableException' } });
    expect(statementsOf(rds)).toHaveLength(5);
  });
});

describe('a transaction', () => {
  it('runs its statements in it and commits it', async () => {
    const { rds, db } = makeDataApi();

    const result = await db.transaction(async (tx) => {
      await tx.execute('UPDATE t SET a = :a', { a: 1 });
      return tx.query(COUNT, 'SELECT COUNT(*) AS count FROM t');
    });

    expect(result).toEqual([{ count: 3 }]);
    expect(commandsOf(rds)).toEqual([
      'BeginTransactionCommand',
      'ExecuteStatementCommand',
      'ExecuteStatementCommand',
      'CommitTransactionCommand',
    ]);
    expect(statementsOf(rds).map((statement) => statement.transactionId)).toEqual(['tx-1', 'tx-1']);
    expect(rds.commandCalls(CommitTransactionCommand)[0]?.args[0].input.transactionId).toBe('tx-1');
  });

  it('is rolled back, and not tried again, when its work throws', async () => {
    const { rds, db } = makeDataApi();

    const outcome = await withoutWaiting(
      db.transaction(async (tx) => {
        await tx.execute('UPDATE t SET a = 1');
        throw new Error('changed my mind');
      }),
    );

    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'changed my mind' } });
    expect(commandsOf(rds)).toEqual([
      'BeginTransactionCommand',
      'ExecuteStatementCommand',
      'RollbackTransactionCommand',
    ]);
  });

  it('that lost a race is rolled back and run again as a whole, in a new transaction', async () => {
    const { rds, db } = makeDataApi();
    rds
      .on(ExecuteStatementCommand, { sql: 'UPDATE second' })
      .rejectsOnce(deadlock())
      .resolves({ numberOfRecordsUpdated: 1 });

    const outcome = await withoutWaiting(
      db.transaction(async (tx) => {
        await tx.execute('UPDATE first');
        return tx.execute('UPDATE second');
      }),
    );

    expect(outcome).toEqual({ status: 'fulfilled', value: 1 });
    expect(statementsOf(rds).map((statement) => [statement.transactionId, statement.sql])).toEqual([
      ['tx-1', 'UPDATE first'],
      ['tx-1', 'UPDATE second'],
      ['tx-2', 'UPDATE first'],
      ['tx-2', 'UPDATE second'],
    ]);
    expect(rds.commandCalls(RollbackTransactionCommand)[0]?.args[0].input.transactionId).toBe('tx-1');
    expect(rds.commandCalls(CommitTransactionCommand)[0]?.args[0].input.transactionId).toBe('tx-2');
  });

  it('whose commit has no answer is run again', async () => {
    const { rds, db } = makeDataApi();
    rds.on(CommitTransactionCommand).rejectsOnce(makeError('TimeoutError')).resolves({});

    const outcome = await withoutWaiting(db.transaction((tx) => tx.execute('UPDATE t SET a = 1')));

    expect(outcome).toEqual({ status: 'fulfilled', value: 1 });
    expect(statementsOf(rds).map((statement) => statement.transactionId)).toEqual(['tx-1', 'tx-2']);
  });

  it('that cannot be rolled back either fails with the first error', async () => {
    const { rds, db } = makeDataApi();
    rds.on(RollbackTransactionCommand).rejects(makeError('TransactionNotFoundException'));

    const outcome = await withoutWaiting(db.transaction(() => Promise.reject(new Error('the first'))));

    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the first' } });
  });
});
