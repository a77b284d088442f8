import type { Database } from './database.ts';
import { statementTimeout } from './errors.ts';

/** How long a statement may take to end after its KILL before its connection is closed all the same. */
const KILL_GRACE_MS = 2_000;

export interface Deadline {
  readonly timeoutMs: number;
  /** As the call's `continueAfterTimeout`: the caller gets the error, the server goes on to the statement's end. */
  readonly continueAfter: boolean;
}

/**
 * Runs `work` on a connection until it ends or the time is over; after that the connection is not fit for use.
 * The server is told by KILL QUERY, because that stops every statement on both engines alike, where MySQL's
 * max_execution_time stops only a SELECT and MariaDB's max_statement_time is not in MySQL.
 * @throws StatementTimeoutException
 */
export async function withDeadline<Result>(
  database: Database,
  connectionId: number,
  { timeoutMs, continueAfter }: Deadline,
  work: () => Promise<Result>,
): Promise<Result> {
  const timeout = after(timeoutMs);
  const working = work();
  const first = await Promise.race([working, timeout.over]).finally(timeout.cancel);
  if (first !== OVER) return first;
  const ended = working.then(
    () => undefined,
    () => undefined,
  );
  if (!continueAfter) {
    const grace = after(KILL_GRACE_MS);
    // The server cannot be reached: closing the connection is all that is left.
    await database.kill(connectionId).catch(() => undefined);
    await Promise.race([ended, grace.over]).finally(grace.cancel);
  }
  throw statementTimeout(connectionId);
}

const OVER = Symbol('over');

function after(ms: number): { readonly over: Promise<typeof OVER>; readonly cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<typeof OVER>();
  const timer = setTimeout(() => resolve(OVER), ms);
  return { over: promise, cancel: () => clearTimeout(timer) };
}
