import type { FieldPacket, PoolConnection, ResultSetHeader } from 'mysql2';
import { fromMysql } from './errors.ts';
import type { DataApiError } from './errors.ts';
import type { Row } from './result-writer.ts';
import type { SqlText } from './sql-text.ts';

/** Where the rows of a result go, as they arrive; what it throws is what the statement fails with. */
export interface RowSink {
  columns(fields: readonly FieldPacket[]): void;
  row(values: Row): void;
}

export interface Outcome {
  /** A SELECT, SHOW, … even without rows. */
  readonly hasResultSet: boolean;
  readonly numberOfRecordsUpdated: number;
  /** Digits of the AUTO_INCREMENT values that were generated. */
  readonly generatedKeys: readonly string[];
}

/** Sends one statement and streams its result. */
export function runStatement(
  connection: PoolConnection,
  text: string,
  sql: SqlText,
  sink: RowSink,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let outcome: Outcome = { hasResultSet: true, numberOfRecordsUpdated: 0, generatedKeys: [] };
    let refusal: DataApiError | undefined;
    const settle = (finish: () => void) => {
      connection.off('error', fail);
      connection.off('end', lost);
      finish();
    };
    const fail = (error: unknown) => settle(() => reject(fromMysql(error)));
    const lost = () => fail(new Error('Connection lost'));
    const take = (give: () => void) => {
      if (refusal !== undefined) return;
      try {
        give();
      } catch (error) {
        refusal = fromMysql(error);
        if (!refusal.endsTransaction) return;
        // The rest of the result would still have to be read: closing costs less than a million rows.
        connection.destroy();
        fail(refusal);
      }
    };
    // mysql2 tells a broken connection to the connection, not to the statement, when rows are streamed.
    connection.once('error', fail);
    connection.once('end', lost);
    connection
      .query({ sql: text, rowsAsArray: true })
      .on('fields', (fields: FieldPacket[] | undefined, index: number | undefined) => {
        // A procedure may return several results; the service gives the first.
        if (fields !== undefined && (index ?? 0) === 0) take(() => sink.columns(fields));
      })
      .on('result', (result: (string | number | Buffer | null)[] | ResultSetHeader) => {
        if (Array.isArray(result)) take(() => sink.row(result));
        else outcome = updateOutcome(result, sql);
      })
      .on('error', fail)
      .on('end', () => {
        if (refusal === undefined) settle(() => resolve(outcome));
        else fail(refusal);
      });
  });
}

function updateOutcome(header: ResultSetHeader, sql: SqlText): Outcome {
  return {
    hasResultSet: false,
    numberOfRecordsUpdated: updatedRows(header, sql),
    generatedKeys: generatedKeys(header, sql),
  };
}

/**
 * AWS documents "the number of records updated" and no more. Its messages ("Packet for query is too large",
 * JDBC types) are those of MySQL Connector/J, whose UPDATE counts the rows that matched, changed or not.
 * INSERT … ON DUPLICATE KEY UPDATE counts as MySQL's manual says: 1 inserted, 2 changed, 0 left as it was.
 * (Connector/J's flag would make the 0 a 1: nothing should depend on that difference.)
 */
function updatedRows({ affectedRows, info }: ResultSetHeader, { verb }: SqlText): number {
  const matched = verb === 'UPDATE' ? /^Rows matched: (\d+)/.exec(info)?.[1] : undefined;
  return matched === undefined ? affectedRows : Number(matched);
}

/** As Connector/J: the keys of a multi-row INSERT follow each other from the first, which MySQL reports. */
function generatedKeys({ insertId, affectedRows }: ResultSetHeader, sql: SqlText): string[] {
  const first = BigInt(insertId);
  if (first === 0n || (sql.verb !== 'INSERT' && sql.verb !== 'REPLACE')) return [];
  const count = sql.onDuplicateKey || sql.insertsSelected ? 1 : affectedRows;
  return Array.from({ length: count }, (_, index) => String(first + BigInt(index)));
}
