import { createPool } from 'mysql2';
import type { Pool, PoolConnection } from 'mysql2';
import { COLLATION, MYSQL8_SQL_MODE, TIME_ZONE } from '../../servers/mysql-defaults.ts';
import { fromMysql } from './errors.ts';

/** A connection in the state of a new one, until it is given back. */
export interface Lease {
  readonly connection: PoolConnection;
  /** For a connection whose session is as it was. */
  release(): void;
  /** For any other: it is closed, the server rolls back, and the pool makes a new one. */
  discard(): void;
}

/**
 * sql_mode and time zone as on Aurora whatever an external server has. Literals get the collation of the
 * schema, so that a value and a JSON_TABLE column compare with a table's column without a clash of collations.
 */
const SESSION =
  `SET SESSION sql_mode = '${MYSQL8_SQL_MODE}', time_zone = '${TIME_ZONE}', ` +
  `collation_connection = IF(@@character_set_database = 'utf8mb4', @@collation_database, '${COLLATION}')`;

/** The connections to one server: a pool for each schema that calls name. */
export class Database {
  readonly #url: string;
  readonly #maxConnections: number;
  readonly #pools = new Map<string, Pool>();
  readonly #prepared = new WeakSet<PoolConnection>();

  constructor(url: string, maxConnections: number) {
    this.#url = url;
    this.#maxConnections = maxConnections;
  }

  /**
   * @param schema none: no schema is selected, as on AWS.
   * @throws DatabaseUnavailableException while the server cannot be reached.
   */
  async lease(schema: string | undefined): Promise<Lease> {
    try {
      const connection = await connect(this.#pool(schema ?? ''));
      await this.#prepare(connection);
      return {
        connection,
        release: () => connection.release(),
        discard: () => connection.destroy(),
      };
    } catch (error) {
      throw fromMysql(error);
    }
  }

  /** Stops a statement that runs on another connection. */
  async kill(connectionId: number): Promise<void> {
    const lease = await this.lease(undefined);
    await query(lease.connection, `KILL QUERY ${connectionId}`).finally(() => lease.release());
  }

  async close(): Promise<void> {
    const ends = [...this.#pools.values()].map((pool) => new Promise((resolve) => pool.end(resolve)));
    await Promise.all(ends);
  }

  #pool(schema: string): Pool {
    const known = this.#pools.get(schema);
    if (known !== undefined) return known;
    const pool = newPool(this.#url, schema, this.#maxConnections);
    this.#pools.set(schema, pool);
    return pool;
  }

  async #prepare(connection: PoolConnection): Promise<void> {
    if (this.#prepared.has(connection)) return;
    try {
      await query(connection, SESSION);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#prepared.add(connection);
  }
}

function newPool(url: string, schema: string, connectionLimit: number): Pool {
  const uri = new URL(url);
  uri.pathname = `/${encodeURIComponent(schema)}`;
  return createPool({
    uri: uri.href,
    connectionLimit,
    charset: COLLATION,
    connectTimeout: 5_000,
    // Values as text: no digit is lost, and no date moves to another zone.
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    jsonStrings: true,
    // Affected rows as MySQL itself counts them; see run-statement.ts.
    flags: ['-FOUND_ROWS'],
  });
}

function connect(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error) reject(error);
      else resolve(connection);
    });
  });
}

/** For the service's own statements, which have no result. */
export function query(connection: PoolConnection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
