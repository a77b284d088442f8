/**
 * Checks Redis, the reports and the run's own figures against how the demo's data was made. Nothing of Grantline's
 * rules is used here.
 */
import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { equal } from '../checks.ts';
import type { Check } from '../checks.ts';
import { Differences } from '../differences.ts';
import { balanceKey, versionKey } from './load.ts';
import type { Loaded } from './load.ts';
import type { RunOutput } from '../jobs/run.ts';
import { reportOf, transactionsOf } from './transactions.ts';
import type { DaySpec, Report } from './transactions.ts';
import { cachedAfter, demoUsers, foreignUsers, OTHER_KEYS } from './users.ts';
import type { DemoUser } from './users.ts';

const PAGE = 5_000;

const texts = z.array(z.string().nullable());
const numbers = z.array(z.tuple([z.null(), z.number()]));

export async function checkRedis(redis: Redis, spec: DaySpec, prune: boolean): Promise<Check[]> {
  const differing = new Differences();
  const overwritten = new Differences();
  const eternal = new Differences();
  const endings = new Set<number>();
  let newer = 0;
  for (const page of pages(demoUsers(spec.users, spec.seed), PAGE)) {
    const keys = page.flatMap(({ userId }) => [balanceKey(userId), versionKey(userId)]);
    const values = texts.parse(await redis.mget(keys));
    const pipeline = redis.pipeline();
    for (const key of keys) pipeline.ttl(key);
    const seconds = numbers.parse(await pipeline.exec()).map(([, ttl]) => ttl);
    for (const [index, user] of page.entries()) {
      const expected = cachedAfter(user);
      const has = { balance: values[index * 2], version: values[index * 2 + 1] };
      if (user.finding === 'newer') newer += 1;
      if (has.balance !== expected.balance || has.version !== expected.version) {
        const found = `user ${user.userId} has ${has.balance} of version ${has.version}`;
        (user.finding === 'newer' ? overwritten : differing).add(
          `${found}, expected ${expected.balance} of version ${expected.version}`,
        );
      }
      for (const ttl of [seconds[index * 2], seconds[index * 2 + 1]]) {
        endings.add(ttl ?? 0);
        if (ttl === undefined || ttl <= 0) eternal.add(`user ${user.userId} never expires`);
      }
    }
  }
  return [
    differing.check('Redis has the balance and the version of each row', spec.users - newer),
    overwritten.check('what was newer in Redis was not overwritten', newer),
    eternal.check('every key expires some day', spec.users * 2),
    {
      name: 'not all of them in the same second',
      ok: endings.size > 1 || spec.users < 10,
      detail: `${endings.size} different times to live`,
    },
    await checkForeign(redis, spec, prune),
    await checkOtherKeys(redis),
  ];
}

async function checkForeign(redis: Redis, { users }: DaySpec, prune: boolean): Promise<Check> {
  const ids = foreignUsers(users);
  const present = await redis.exists(ids.flatMap((userId) => [balanceKey(userId), versionKey(userId)]));
  return prune
    ? equal('keys of users without a row are removed', present, 0)
    : equal('keys of users without a row are left where they were', present, ids.length * 2);
}

async function checkOtherKeys(redis: Redis): Promise<Check> {
  const names = Object.keys(OTHER_KEYS);
  const values = texts.parse(await redis.mget(names));
  const touched = names.filter((name, index) => values[index] !== OTHER_KEYS[name]);
  return {
    name: 'keys that are no balance of a user are as they were',
    ok: touched.length === 0,
    detail: touched.length === 0 ? `all ${names.length}` : touched.join(', '),
  };
}

const reportRow = z.object({
  userId: z.string(),
  earnAmount: z.string(),
  useAmount: z.string(),
  cancelAmount: z.string(),
  balanceSnapshot: z.string(),
  transactionCount: z.number(),
  earnCount: z.number(),
  useCount: z.number(),
  cancelCount: z.number(),
  unknownCount: z.number(),
  peakHour: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
});
const reportRows = z.tuple([z.array(reportRow), z.unknown()]);
const countRows = z.tuple([z.array(z.object({ count: z.number() })), z.unknown()]);

export async function checkReports(db: Pool, spec: DaySpec, loaded: Loaded): Promise<Check[]> {
  const { reported } = spec.days;
  const differing = new Differences();
  let found = 0;
  let index = 0;
  for (const page of pages(demoUsers(spec.users, spec.seed), PAGE)) {
    const rows = await reportsOf(db, reported, page);
    found += rows.size;
    for (const { userId } of page) {
      const expected = reportOf(transactionsOf(index, spec), reported);
      const row = rows.get(userId) ?? asText(undefined);
      if (row !== asText(expected)) differing.add(`user ${userId} has ${row}, expected ${asText(expected)}`);
      index += 1;
    }
  }
  const [[all]] = countRows.parse(await db.query('SELECT COUNT(*) AS count FROM daily_point_reports'));
  return [
    differing.check('each user has the report that the transactions of the day come to, or none', spec.users),
    equal('users with a report are those with transactions on the day', found, loaded.reportedUsers),
    equal('there is no report of another day or user', all?.count ?? 0, loaded.reportedUsers),
  ];
}

async function reportsOf(db: Pool, day: string, page: readonly DemoUser[]): Promise<Map<string, string>> {
  const [rows] = reportRows.parse(
    await db.query(
      `SELECT CAST(user_id AS CHAR) AS userId, CAST(earn_amount AS CHAR) AS earnAmount,
              CAST(use_amount AS CHAR) AS useAmount, CAST(cancel_amount AS CHAR) AS cancelAmount,
              CAST(balance_snapshot AS CHAR) AS balanceSnapshot, transaction_count AS transactionCount,
              earn_count AS earnCount, use_count AS useCount, cancel_count AS cancelCount,
              unknown_count AS unknownCount, peak_hour AS peakHour, CAST(first_at AS CHAR) AS firstAt,
              CAST(last_at AS CHAR) AS lastAt
       FROM daily_point_reports WHERE report_date = ? AND user_id BETWEEN ? AND ?`,
      [day, page[0]?.userId, page.at(-1)?.userId],
    ),
  );
  return new Map(rows.map((row) => [row.userId, asText(row)]));
}

/** A report in one comparable line; 'none' without one. */
function asText(report: Report | z.output<typeof reportRow> | undefined): string {
  if (report === undefined) return 'none';
  return [
    `EARN ${report.earnCount}/${report.earnAmount}`,
    `USE ${report.useCount}/${report.useAmount}`,
    `CANCEL ${report.cancelCount}/${report.cancelAmount}`,
    `unknown ${report.unknownCount}`,
    `of ${report.transactionCount}`,
    `balance ${report.balanceSnapshot}`,
    `peak ${report.peakHour}`,
    `${report.firstAt} to ${report.lastAt}`,
  ].join(', ');
}

/**
 * @param isExact false after a kill: the chunks under way are gone through again, and find equal what they had
 *   corrected before
 */
export function checkFigures(
  { status, problemCount, figures }: RunOutput,
  loaded: Loaded,
  { prune, isExact }: { readonly prune: boolean; readonly isExact: boolean },
): Check[] {
  const { findings, negativeBalances, foreignUsers: gone, unknownTypes } = loaded;
  const problems = negativeBalances + findings.unreadable + unknownTypes;
  const counted = (name: string) => figures[name] ?? 0;
  const settled = counted('alreadyEqual') + counted('corrected') + counted('missing');
  const always = [
    equal('rows read', counted('read'), loaded.users),
    equal('newer balances kept', counted('newerKept'), findings.newer),
    equal('equal, corrected or missing', settled, loaded.users - findings.newer),
    equal('negative balances', counted('negativeBalances'), negativeBalances),
    equal('users with a report', counted('reportedUsers'), loaded.reportedUsers),
    equal('transactions', counted('transactions'), loaded.transactions),
    equal('of unknown types', counted('unknownTypes'), unknownTypes),
    equal('balances without memory', counted('unwritten'), 0),
  ];
  const exactly = [
    equal('already equal', counted('alreadyEqual'), findings.equal),
    equal('drifted', counted('drifted'), findings.drifted),
    equal('stale', counted('stale'), findings.stale),
    equal('unreadable', counted('unreadable'), findings.unreadable),
    equal('missing', counted('missing'), findings.missing),
    equal('users gone', counted('goneUsers'), gone),
    equal('pruned', counted('prunedUsers'), prune ? gone : 0),
    equal('problems', problemCount, problems),
  ];
  return [
    equal('the run ended', status, problems === 0 ? 'COMPLETED' : 'COMPLETED_WITH_PROBLEMS'),
    inOne('its figures are those of the data', isExact ? [...always, ...exactly] : always),
  ];
}

/** Many figures in one line: said one by one where they differ. */
function inOne(name: string, checks: readonly Check[]): Check {
  const wrong = checks.filter(({ ok }) => !ok);
  const detail =
    wrong.length === 0
      ? `all ${checks.length}`
      : wrong.map((check) => `${check.name} ${check.detail}`).join('; ');
  return { name, ok: wrong.length === 0, detail };
}

function* pages<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let page: T[] = [];
  for (const each of all) {
    page.push(each);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
