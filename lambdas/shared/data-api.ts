/**
 * The RDS Data API as this system uses it: named parameters, rows as JSON parsed by zod, retries of what the
 * service itself calls temporary. There are no array parameters: lists go in as one JSON text for JSON_TABLE.
 */
import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import type { RDSDataClientConfig, SqlParameter } from '@aws-sdk/client-rds-data';
import pRetry from 'p-retry';
import * as z from 'zod';
import type { databaseEnvironment } from '../../schema/environment.ts';
import { patience } from './patience.ts';

export type SqlValue = string | number | boolean | null;
export type SqlParameters = Readonly<Record<string, SqlValue>>;

export interface DatabaseAddress {
  readonly resourceArn: string;
  readonly secretArn: string;
  readonly database: string;
}

/** What statements can be run on: the database itself, or a transaction of it. */
export interface SqlExecutor {
  /** SELECT. @throws ZodError when a row is not of the shape. */
  query<Row>(row: z.ZodType<Row>, sql: string, parameters?: SqlParameters): Promise<Row[]>;
  /** Anything else. @returns numberOfRecordsUpdated. */
  execute(sql: string, parameters?: SqlParameters): Promise<number>;
}

export interface SqlDatabase extends SqlExecutor {
  /** Everything that `work` runs, or nothing of it. It may be run more than once. */
  transaction<T>(work: (tx: SqlExecutor) => Promise<T>): Promise<T>;
}

/**
 * A statement is cancelled at 45 s. A client that gave up earlier and tried again would repeat a write that still
 * runs, so it waits longer than that.
 */
const REQUEST_TIMEOUT_MS = 60_000;

/** The service's own words for "ask again", and the database's for a lost race. */
const TEMPORARY = new Set([
  'DatabaseResumingException',
  'DatabaseUnavailableException',
  'ServiceUnavailableError',
  'InternalServerErrorException',
  'StatementTimeoutException',
  'TimeoutError',
]);
const BROKEN_CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const LOST_RACE = /deadlock found|lock wait timeout/i;
const RETRIES = 4;

export class DataApi implements SqlDatabase {
  readonly #client: RDSDataClient;
  readonly #address: DatabaseAddress;

  constructor(address: DatabaseAddress, client: RDSDataClient = dataApiClient()) {
    this.#client = client;
    this.#address = address;
  }

  query<Row>(row: z.ZodType<Row>, sql: string, parameters: SqlParameters = {}): Promise<Row[]> {
    return retryTemporary(() => this.#query(undefined, row, sql, parameters));
  }

  execute(sql: string, parameters: SqlParameters = {}): Promise<number> {
    return retryTemporary(() => this.#execute(undefined, sql, parameters));
  }

  /**
   * Runs `work` in a transaction; it is rolled back when `work` throws. Tried again as a whole on a lost race.
   * A commit whose answer is lost may have happened: `work` must be safe to repeat.
   */
  transaction<T>(work: (tx: SqlExecutor) => Promise<T>): Promise<T> {
    return retryTemporary(async () => {
      const { resourceArn, secretArn, database } = this.#address;
      const begun = await this.#client.send(
        new BeginTransactionCommand({ resourceArn, secretArn, database }),
      );
      const { transactionId } = z.object({ transactionId: z.string() }).parse(begun);
      try {
        const result = await work({
          query: (row, sql, parameters = {}) => this.#query(transactionId, row, sql, parameters),
          execute: (sql, parameters = {}) => this.#execute(transactionId, sql, parameters),
        });
        await this.#client.send(new CommitTransactionCommand({ resourceArn, secretArn, transactionId }));
        return result;
      } catch (error) {
        // An open transaction that nobody rolls back holds its locks for three minutes.
        await this.#client
          .send(new RollbackTransactionCommand({ resourceArn, secretArn, transactionId }))
          .catch(() => undefined);
        throw error;
      }
    });
  }

  async #query<Row>(
    transactionId: string | undefined,
    row: z.ZodType<Row>,
    sql: string,
    parameters: SqlParameters,
  ): Promise<Row[]> {
    const response = await this.#client.send(
      new ExecuteStatementCommand({
        ...this.#statement(transactionId, sql, parameters),
        formatRecordsAs: 'JSON',
      }),
    );
    return z.array(row).parse(JSON.parse(response.formattedRecords ?? '[]'));
  }

  async #execute(transactionId: string | undefined, sql: string, parameters: SqlParameters): Promise<number> {
    const response = await this.#client.send(
      new ExecuteStatementCommand(this.#statement(transactionId, sql, parameters)),
    );
    return response.numberOfRecordsUpdated ?? 0;
  }

  #statement(transactionId: string | undefined, sql: string, parameters: SqlParameters) {
    return {
      ...this.#address,
      sql,
      parameters: Object.entries(parameters).map(([name, value]) => toParameter(name, value)),
      ...(transactionId === undefined ? {} : { transactionId }),
    };
  }
}

/** The database that a function's environment names. */
export function dataApi(env: z.output<typeof databaseEnvironment>): DataApi {
  return new DataApi({
    resourceArn: env.DATABASE_RESOURCE_ARN,
    secretArn: env.DATABASE_SECRET_ARN,
    database: env.DATABASE_NAME,
  });
}

export function dataApiClient(settings: RDSDataClientConfig = {}): RDSDataClient {
  // The retries are ours (retryTemporary): the SDK's would multiply with them.
  return new RDSDataClient({
    ...settings,
    maxAttempts: 1,
    requestHandler: patience(REQUEST_TIMEOUT_MS),
  });
}

function toParameter(name: string, value: SqlValue): SqlParameter {
  switch (typeof value) {
    case 'string':
      return { name, value: { stringValue: value } };
    case 'boolean':
      return { name, value: { booleanValue: value } };
    case 'number':
      return { name, value: Number.isInteger(value) ? { longValue: value } : { doubleValue: value } };
    default:
      return { name, value: { isNull: true } };
  }
}

/** Every statement of this system may be repeated, so a temporary failure is tried again at once. */
function retryTemporary<T>(work: () => Promise<T>): Promise<T> {
  return pRetry(work, {
    retries: RETRIES,
    minTimeout: 100,
    maxTimeout: 2_000,
    factor: 2,
    randomize: true,
    shouldRetry: ({ error }) => isTemporary(error),
  });
}

/** Whether asking again may well succeed. */
export function isTemporary(error: Error): boolean {
  if (TEMPORARY.has(error.name) || LOST_RACE.test(error.message)) return true;
  return 'code' in error && typeof error.code === 'string' && BROKEN_CONNECTION.has(error.code);
}
