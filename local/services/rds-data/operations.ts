/** The five operations of the Data API: a request's body in, a response's body out. */
import type { z } from 'zod';
import { Database } from './database.ts';
import type { Lease } from './database.ts';
import { withDeadline } from './deadline.ts';
import { DataApiError, databaseError, validationError } from './errors.ts';
import type { ParsedRdsDataOptions } from './options.ts';
import { bindParameters } from './parameters.ts';
import {
  batchExecuteRequest,
  beginTransactionRequest,
  endTransactionRequest,
  executeRequest,
  parseRequest,
} from './requests.ts';
import { MAX_RESPONSE_BYTES, ResultWriter, responseTooLarge } from './result-writer.ts';
import { runStatement } from './run-statement.ts';
import type { Outcome, RowSink } from './run-statement.ts';
import { readSql } from './sql-text.ts';
import type { SqlText } from './sql-text.ts';
import { Transactions } from './transactions.ts';

/** @throws AccessDenied when the caller may not do this with the cluster, or not open the secret */
export type Permit = (credentials: Credentials) => void;

type Credentials = Pick<z.output<typeof endTransactionRequest>, 'resourceArn' | 'secretArn'>;
type Statement = Omit<z.output<typeof batchExecuteRequest>, 'parameterSets'>;

/** A batch has no result set: what a SELECT in it returns is refused, as by JDBC's executeBatch. */
const NO_ROWS: RowSink = {
  columns: () => {
    throw databaseError('Can not issue SELECT via executeUpdate().');
  },
  row: () => undefined,
};

export class Operations {
  /** Statements sent for callers, BEGIN, COMMIT and ROLLBACK among them: the database's round trips. */
  statements = 0;
  readonly #options: ParsedRdsDataOptions;
  readonly #databases: ReadonlyMap<
    string,
    { readonly secretArns: readonly string[]; readonly database: Database }
  >;
  readonly #transactions: Transactions;

  constructor(options: ParsedRdsDataOptions) {
    this.#options = options;
    this.#transactions = new Transactions(options.transactionIdleMs);
    this.#databases = new Map(
      options.databases.map(({ resourceArn, secretArns, url }) => [
        resourceArn,
        { secretArns, database: new Database(url, options.maxConnections) },
      ]),
    );
  }

  async execute(body: string, permit: Permit): Promise<string> {
    const request = parseRequest(executeRequest, body);
    permit(request);
    const sql = readStatement(request.sql);
    const text = bindParameters(sql, request.parameters);
    // "This parameter only applies to SELECT statements. Other types of statements ignore it."
    const asJson = request.formatRecordsAs === 'JSON' && sql.verb === 'SELECT';
    return this.#run(request, sql, request.continueAfterTimeout, async (lease) => {
      const writer = new ResultWriter({ ...request, asJson });
      const outcome = await this.#send(lease, text, sql, writer);
      return withinLimit(executeResponse(outcome, writer));
    });
  }

  async batchExecute(body: string, permit: Permit): Promise<string> {
    const request = parseRequest(batchExecuteRequest, body);
    permit(request);
    const sql = readStatement(request.sql);
    const sets = request.parameterSets.length === 0 ? [[]] : request.parameterSets;
    const texts = sets.map((parameters) => bindParameters(sql, parameters));
    return this.#run(request, sql, false, async (lease) => {
      const results: string[] = [];
      // Outside a transaction each set commits by itself, and those before a failing one stay.
      for (const text of texts) {
        const { generatedKeys } = await this.#send(lease, text, sql, NO_ROWS);
        results.push(`{"generatedFields":${longValues(generatedKeys)}}`);
      }
      return withinLimit(`{"updateResults":[${results.join(',')}]}`);
    });
  }

  async beginTransaction(body: string, permit: Permit): Promise<string> {
    const request = parseRequest(beginTransactionRequest, body);
    permit(request);
    const database = this.#database(request);
    this.statements += 1;
    const transactionId = await this.#transactions.begin(request.resourceArn, database, request.database);
    return JSON.stringify({ transactionId });
  }

  commitTransaction(body: string, permit: Permit): Promise<string> {
    return this.#endTransaction(body, permit, 'COMMIT', 'Transaction Committed');
  }

  rollbackTransaction(body: string, permit: Permit): Promise<string> {
    return this.#endTransaction(body, permit, 'ROLLBACK', 'Rollback Complete');
  }

  async close(): Promise<void> {
    this.#transactions.close();
    await Promise.all([...this.#databases.values()].map(({ database }) => database.close()));
  }

  async #endTransaction(
    body: string,
    permit: Permit,
    how: 'COMMIT' | 'ROLLBACK',
    transactionStatus: string,
  ): Promise<string> {
    const request = parseRequest(endTransactionRequest, body);
    permit(request);
    this.#database(request);
    this.statements += 1;
    const { transactionId: id, resourceArn } = request;
    await this.#transactions.end({ id, resourceArn, schema: undefined }, how);
    return JSON.stringify({ transactionStatus });
  }

  /** In the call's transaction, or else on a connection of its own. */
  async #run(
    request: Statement,
    sql: SqlText,
    continueAfter: boolean,
    work: (lease: Lease) => Promise<string>,
  ): Promise<string> {
    const database = this.#database(request);
    const deadline = { timeoutMs: this.#options.statementTimeoutMs, continueAfter };
    const { transactionId: id, resourceArn, database: schema } = request;
    if (id !== undefined) {
      return this.#transactions.use({ id, resourceArn, schema }, sql.touchesSession, (lease) =>
        withDeadline(database, lease.connection.threadId, deadline, () => work(lease)),
      );
    }
    const lease = await database.lease(schema);
    let clean = false;
    try {
      const response = await withDeadline(database, lease.connection.threadId, deadline, () => work(lease));
      clean = !sql.touchesSession;
      return response;
    } catch (error) {
      clean = error instanceof DataApiError && !error.endsTransaction && !sql.touchesSession;
      throw error;
    } finally {
      if (clean) lease.release();
      else lease.discard();
    }
  }

  #send(lease: Lease, text: string, sql: SqlText, sink: RowSink): Promise<Outcome> {
    this.statements += 1;
    return runStatement(lease.connection, text, sql, sink);
  }

  #database({ resourceArn, secretArn }: Credentials): Database {
    const known = this.#databases.get(resourceArn);
    if (known === undefined) {
      const message = `HttpEndpoint is not enabled for resource ${resourceArn}`;
      throw new DataApiError('HttpEndpointNotEnabledException', message);
    }
    if (!known.secretArns.includes(secretArn)) {
      const message = `Error fetching secret ${secretArn}: Secrets Manager can't find the specified secret.`;
      throw new DataApiError('SecretsErrorException', message);
    }
    return known.database;
  }
}

function readStatement(text: string): SqlText {
  const sql = readSql(text);
  if (sql.severalStatements) throw validationError("Multistatements aren't supported.");
  return sql;
}

function executeResponse(outcome: Outcome, writer: ResultWriter): string {
  const { hasResultSet, generatedKeys, numberOfRecordsUpdated } = outcome;
  const result = hasResultSet ? writer.members() : `"generatedFields":${longValues(generatedKeys)}`;
  return `{${result},"numberOfRecordsUpdated":${numberOfRecordsUpdated}}`;
}

function longValues(digits: readonly string[]): string {
  return `[${digits.map((value) => `{"longValue":${value}}`).join(',')}]`;
}

function withinLimit(body: string): string {
  // Only a text of a third of the limit can be above it in bytes.
  if (body.length > MAX_RESPONSE_BYTES / 3 && Buffer.byteLength(body) > MAX_RESPONSE_BYTES)
    throw responseTooLarge();
  return body;
}
