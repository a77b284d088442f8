import type { Figures, JobRange } from '../../schema/jobs.ts';
import type { Checkpoints } from '../shared/jobs/checkpoints.ts';
import type { BalanceRow, CachedBalance } from './domain/balance.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** How long the present invocation may still run. */
export interface TimeBudget {
  remainingSeconds(): number;
}

export interface IdRange {
  readonly afterId: string;
  readonly toId: string;
}

export interface PointStore {
  /** The next rows of the range, by user id. */
  balances(range: IdRange, limit: number): Promise<BalanceRow[]>;
  /** The users of these who have no balance row. */
  withoutBalance(userIds: readonly string[]): Promise<string[]>;
  /** The user id with which the next `size` balance rows end; undefined when there are not so many. */
  balanceRangeEnd(afterId: string, size: number): Promise<string | undefined>;
  /** The user id in which the next `size` transactions of the day end; undefined when there are not so many. */
  transactionRangeEnd(day: string, range: IdRange, size: number): Promise<string | undefined>;
  /** Writes the reports of the range's users for the day from its transactions; again, the same. */
  writeReports(day: string, range: IdRange): Promise<void>;
  /** What the reports of the range's users say. */
  reportFigures(day: string, range: IdRange): Promise<Figures>;
}

/**
 * written: Redis has the row now. replaced: in place of something that is no text. newer: it has a newer one.
 * unwritten: it has no memory left.
 */
export type Written = 'written' | 'replaced' | 'newer' | 'unwritten';

export interface BalanceCache {
  /** In the order of the ids; one round trip. */
  read(userIds: readonly string[]): Promise<CachedBalance[]>;
  /**
   * Writes each row unless Redis has a newer version by now, and lets the others live on: one round trip for both.
   * @returns what became of each row, in order
   */
  settle(rows: readonly BalanceRow[], kept: readonly string[]): Promise<Written[]>;
  /** Users that have a balance in Redis: a page of all of them, from a cursor on, '0' at first and at the end. */
  usersFrom(cursor: string): Promise<{ readonly cursor: string; readonly userIds: readonly string[] }>;
  remove(userIds: readonly string[]): Promise<void>;
}

export type { Checkpoints, JobRange };
