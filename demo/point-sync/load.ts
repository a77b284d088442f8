/** Loads the demo's users and transactions as the point service would have written them. */
import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { demoUsers, foreignUsers, OTHER_KEYS } from './users.ts';
import { reportOf, transactionsOf } from './transactions.ts';
import type { DaySpec } from './transactions.ts';

const ROWS_PER_INSERT = 5_000;

export const balanceKey = (userId: string) => `point:balance:${userId}`;
export const versionKey = (userId: string) => `point:balance-version:${userId}`;

/** What the run is to count, known from how the data was made. */
export interface Loaded {
  readonly users: number;
  readonly findings: Readonly<
    Record<'equal' | 'drifted' | 'stale' | 'missing' | 'unreadable' | 'newer', number>
  >;
  readonly negativeBalances: number;
  readonly foreignUsers: number;
  readonly reportedUsers: number;
  readonly transactions: number;
  readonly unknownTypes: number;
  readonly otherDays: number;
}

const tableCount = z.tuple([z.array(z.object({ present: z.number() })), z.unknown()]);

/** @throws Error when there are balances already: point sync goes through all that there are */
export async function refuseOthersData(db: Pool, redis: Redis): Promise<void> {
  const [[row]] = tableCount.parse(
    await db.query('SELECT EXISTS (SELECT 1 FROM point_balances) + EXISTS (SELECT 1 FROM points) AS present'),
  );
  if (row?.present !== 0) {
    throw new Error('the database of DATABASE_URL has points already: give an empty one');
  }
  if ((await redis.dbsize()) > 0) throw new Error('the Redis of REDIS_URL is not empty: give an empty one');
}

export async function loadPointService(db: Pool, redis: Redis, spec: DaySpec): Promise<Loaded> {
  const findings = { equal: 0, drifted: 0, stale: 0, missing: 0, unreadable: 0, newer: 0 };
  const counts = { negativeBalances: 0, reportedUsers: 0, transactions: 0, unknownTypes: 0, otherDays: 0 };
  const balances = rowsInto(db, 'INSERT INTO point_balances (user_id, balance, version) VALUES ?');
  const points = rowsInto(
    db,
    'INSERT INTO points (user_id, amount, type, description, balance_snapshot, created_at) VALUES ?',
  );
  const keys = keysInto(redis);
  let index = 0;
  for (const { userId, balance, version, cached, finding } of demoUsers(spec.users, spec.seed)) {
    findings[finding] += 1;
    if (balance.startsWith('-')) counts.negativeBalances += 1;
    await balances.add([userId, balance, version]);
    if (cached.balance !== null) await keys.add(balanceKey(userId), cached.balance);
    if (cached.version !== null) await keys.add(versionKey(userId), cached.version);
    const transactions = transactionsOf(index, spec);
    for (const { amount, type, balanceSnapshot, createdAt } of transactions) {
      await points.add([userId, amount, type, 'demo', balanceSnapshot, createdAt]);
    }
    const report = reportOf(transactions, spec.days.reported);
    counts.reportedUsers += report === undefined ? 0 : 1;
    counts.transactions += report?.transactionCount ?? 0;
    counts.unknownTypes += report?.unknownCount ?? 0;
    counts.otherDays += transactions.length - (report?.transactionCount ?? 0);
    index += 1;
  }
  const foreign = foreignUsers(spec.users);
  for (const userId of foreign) {
    await keys.add(balanceKey(userId), '777');
    await keys.add(versionKey(userId), '3');
  }
  for (const [key, value] of Object.entries(OTHER_KEYS)) await keys.add(key, value);
  await balances.flush();
  await points.flush();
  await keys.flush();
  return { users: spec.users, findings, foreignUsers: foreign.length, ...counts };
}

function rowsInto(db: Pool, insert: string) {
  let rows: (string | number)[][] = [];
  const flush = async () => {
    if (rows.length > 0) await db.query(insert, [rows]);
    rows = [];
  };
  return {
    flush,
    add: async (row: (string | number)[]) => {
      rows.push(row);
      if (rows.length === ROWS_PER_INSERT) await flush();
    },
  };
}

function keysInto(redis: Redis) {
  let pairs: string[] = [];
  const flush = async () => {
    if (pairs.length > 0) await redis.mset(pairs);
    pairs = [];
  };
  return {
    flush,
    add: async (key: string, value: string) => {
      pairs.push(key, value);
      if (pairs.length === ROWS_PER_INSERT * 2) await flush();
    },
  };
}
