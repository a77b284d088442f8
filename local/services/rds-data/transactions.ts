import { randomBytes } from 'node:crypto';
import { query } from './database.ts';
import type { Database, Lease } from './database.ts';
import { DataApiError, databaseError, fromMysql } from './errors.ts';

const MAX_AGE_MS = 24 * 60 * 60 * 1_000;
/** How many ended transactions are remembered, to tell why one is not found. */
const REMEMBERED = 1_000;

/** The three causes that the service appends to "is not found". */
const ENDED = {
  expired: 'Transaction may be expired.',
  ended: 'One previous call resulted in a termination of your transaction.',
  aborted: 'Transaction has been aborted due to an error from a previous call.',
} as const;
type Ending = keyof typeof ENDED;

interface Transaction {
  readonly resourceArn: string;
  readonly schema: string | undefined;
  readonly lease: Lease;
  readonly oldest: number;
  /** The session is no longer that of a new connection. */
  touched: boolean;
  busy: boolean;
  idle: NodeJS.Timeout | undefined;
}

export interface TransactionCall {
  readonly id: string;
  readonly resourceArn: string;
  /** Undefined: whatever the transaction began with. */
  readonly schema: string | undefined;
}

/** The open transactions, each with a connection of its own. */
export class Transactions {
  readonly #idleMs: number;
  readonly #open = new Map<string, Transaction>();
  readonly #endings = new Map<string, Ending>();

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  async begin(resourceArn: string, database: Database, schema: string | undefined): Promise<string> {
    const lease = await database.lease(schema);
    try {
      await query(lease.connection, 'START TRANSACTION');
    } catch (error) {
      lease.discard();
      throw fromMysql(error);
    }
    const id = randomBytes(96).toString('base64');
    const oldest = performance.now() + MAX_AGE_MS;
    const transaction = { resourceArn, schema, lease, oldest, touched: false, busy: false, idle: undefined };
    this.#open.set(id, transaction);
    this.#expireWhenIdle(id, transaction);
    return id;
  }

  /**
   * Runs `work` in the transaction, alone.
   * @throws TransactionNotFoundException; DatabaseErrorException when another call is still in it.
   */
  async use<Result>(
    call: TransactionCall,
    touchesSession: boolean,
    work: (lease: Lease) => Promise<Result>,
  ): Promise<Result> {
    const transaction = this.#find(call);
    transaction.busy = true;
    transaction.touched ||= touchesSession;
    clearTimeout(transaction.idle);
    try {
      return await work(transaction.lease);
    } catch (error) {
      if (error instanceof DataApiError && error.endsTransaction) this.#end(call.id, transaction, 'aborted');
      throw error;
    } finally {
      transaction.busy = false;
      if (this.#open.has(call.id)) this.#expireWhenIdle(call.id, transaction);
    }
  }

  async end(call: TransactionCall, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    const transaction = this.#find(call);
    clearTimeout(transaction.idle);
    transaction.busy = true;
    this.#forget(call.id, 'ended');
    try {
      await query(transaction.lease.connection, how);
    } catch (error) {
      transaction.lease.discard();
      throw fromMysql(error);
    }
    if (transaction.touched) transaction.lease.discard();
    else transaction.lease.release();
  }

  /** Rolls all back. */
  close(): void {
    for (const [id, transaction] of this.#open) {
      clearTimeout(transaction.idle);
      this.#end(id, transaction, 'aborted');
    }
  }

  #find({ id, resourceArn, schema }: TransactionCall): Transaction {
    const transaction = this.#open.get(id);
    if (transaction?.resourceArn !== resourceArn) {
      const cause = ENDED[this.#endings.get(id) ?? 'expired'];
      throw new DataApiError('TransactionNotFoundException', `Transaction ${id} is not found. ${cause}`);
    }
    if (schema !== undefined && schema !== transaction.schema) {
      throw databaseError('Database name is not the same as transaction');
    }
    if (transaction.busy) throw databaseError('Transaction is still running a query');
    return transaction;
  }

  #expireWhenIdle(id: string, transaction: Transaction): void {
    const ms = Math.min(this.#idleMs, transaction.oldest - performance.now());
    transaction.idle = setTimeout(() => this.#end(id, transaction, 'expired'), ms).unref();
  }

  /** Closing the connection rolls back. */
  #end(id: string, transaction: Transaction, ending: Ending): void {
    this.#forget(id, ending);
    transaction.lease.discard();
  }

  #forget(id: string, ending: Ending): void {
    this.#open.delete(id);
    this.#endings.set(id, ending);
    const [oldest] = this.#endings.keys();
    if (this.#endings.size > REMEMBERED && oldest !== undefined) this.#endings.delete(oldest);
  }
}
