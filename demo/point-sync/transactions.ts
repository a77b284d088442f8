/** The demo's transactions, and what the report of the day is to say of them, in plain code. */
import type { DemoDays } from './days.ts';

export interface Transaction {
  readonly amount: number;
  readonly type: string;
  readonly balanceSnapshot: number;
  /** yyyy-MM-dd HH:mm:ss.SSS, Asia/Seoul. */
  readonly createdAt: string;
}

export interface Report {
  readonly earnAmount: number;
  readonly useAmount: number;
  readonly cancelAmount: number;
  readonly balanceSnapshot: number;
  readonly transactionCount: number;
  readonly earnCount: number;
  readonly useCount: number;
  readonly cancelCount: number;
  readonly unknownCount: number;
  readonly peakHour: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface DaySpec {
  readonly users: number;
  /** Of the reported day; the days before and after have some more. */
  readonly transactions: number;
  readonly seed: number;
  readonly days: DemoDays;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const UNKNOWN = ['GIFT', 'EXPIRE', ''];
/** Two of ten users have no transactions on the day. */
const IDLE = [3, 7];
const ACTIVE_OF_TEN = 10 - IDLE.length;

/** A user's transactions, in the order in which they are inserted, which is not that of their times. */
export function transactionsOf(index: number, spec: DaySpec): Transaction[] {
  const { reported, before, runDate } = spec.days;
  const count = countOf(index, spec);
  const transactions = Array.from({ length: count }, (_, number) => {
    const random = dice(spec.seed, index, number);
    return {
      ...of(random, index, number),
      createdAt: `${reported} ${timeOf(msOf(random, index, number, count))}`,
    };
  });
  // The edges of the neighbours: a millisecond off, and they would be in the report.
  if (index % 20 === 3) {
    transactions.push({ ...of(index, index, 0), createdAt: `${before} 23:59:59.999` });
    transactions.push({ ...of(index, index, 1), createdAt: `${runDate} 00:00:00.000` });
  }
  if (index % 20 === 4)
    transactions.unshift({ ...of(index, index, 2), createdAt: `${runDate} 00:00:00.000` });
  if (index % 20 === 5) transactions.push({ ...of(index, index, 3), createdAt: `${before} 23:59:59.999` });
  return transactions;
}

function countOf(index: number, { users, transactions }: DaySpec): number {
  if (IDLE.includes(index % 10)) return 0;
  const active = activeBelow(users);
  const rank = activeBelow(index);
  const base = Math.floor(transactions / active);
  const count = base + (rank < transactions % active ? 1 : 0);
  // One of two gives the other one of its own, so that not all have as many.
  if (base < 2 || (rank % 2 === 0 && rank === active - 1)) return count;
  return rank % 2 === 0 ? count + 1 : count - 1;
}

function activeBelow(index: number): number {
  const rest = Array.from({ length: index % 10 }, (_, digit) => digit).filter(
    (digit) => !IDLE.includes(digit),
  );
  return Math.floor(index / 10) * ACTIVE_OF_TEN + rest.length;
}

function of(random: number, index: number, number: number): Omit<Transaction, 'createdAt'> {
  return {
    amount: 10 + (random % 5_000),
    type: typeOf(random),
    balanceSnapshot: 1_000 + ((random + index + number) % 90_000) - (index % 400 === 0 ? 100_000 : 0),
  };
}

function typeOf(random: number): string {
  if (random % 997 === 0) return UNKNOWN[random % UNKNOWN.length] ?? '';
  const share = random % 100;
  if (share < 60) return 'EARN';
  return share < 92 ? 'USE' : 'CANCEL';
}

function msOf(random: number, index: number, number: number, count: number): number {
  // The first and the last millisecond of the day, and times that are all the same.
  if (index % 50 === 0 && number === count - 1) return 0;
  if (index % 50 === 1 && number === 0) return DAY_MS - 1;
  if (index % 50 === 2) return 43_200_000;
  return random % DAY_MS;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

/** A number that looks random, from 0 to 2^32 - 1. */
function dice(seed: number, index: number, number: number): number {
  let mixed =
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Undefined for a user without transactions on the day. */
export function reportOf(transactions: readonly Transaction[], day: string): Report | undefined {
  const ofDay = transactions.filter(({ createdAt }) => createdAt.slice(0, 10) === day);
  // Stable: of the same millisecond, the one that was inserted last is the last.
  const ordered = ofDay.toSorted((a, b) =>
    a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0,
  );
  const [first, last] = [ordered.at(0), ordered.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const hours = new Map<number, number>();
  const sum = { EARN: 0, USE: 0, CANCEL: 0 };
  const count = { EARN: 0, USE: 0, CANCEL: 0, unknown: 0 };
  for (const { type, amount, createdAt } of ordered) {
    const hour = Number(createdAt.slice(11, 13));
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
    if (type === 'EARN' || type === 'USE' || type === 'CANCEL') {
      sum[type] += amount;
      count[type] += 1;
    } else count.unknown += 1;
  }
  const most = Math.max(...hours.values());
  return {
    earnAmount: sum.EARN,
    useAmount: sum.USE,
    cancelAmount: sum.CANCEL,
    balanceSnapshot: last.balanceSnapshot,
    transactionCount: ordered.length,
    earnCount: count.EARN,
    useCount: count.USE,
    cancelCount: count.CANCEL,
    unknownCount: count.unknown,
    peakHour: Math.min(...[...hours].flatMap(([hour, had]) => (had === most ? [hour] : []))),
    firstAt: first.createdAt,
    lastAt: last.createdAt,
  };
}
