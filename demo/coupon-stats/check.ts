/** Checks rows and messages against what plain code made of the same data (favourites.ts, load.ts). */
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { equal } from '../checks.ts';
import type { Check } from '../checks.ts';
import { Differences } from '../differences.ts';
import type { ReceivedMessage } from './coupon-queue.ts';
import { favouriteOf } from './favourites.ts';
import type { Loaded } from './load.ts';
import { demoMembers } from './members.ts';
import type { MemberSpec } from './members.ts';
import { expectedTraceId } from './trace-id.ts';

const SCHEMA = new URL('coupon-push-message.schema.json', import.meta.url);
const ROUTING_KEY = 'coupon.usage.stats.fcm.send';
const PAGE = 5_000;

const id = z.coerce.number();
const statRows = z.tuple([
  z.array(z.object({ memberId: id, dong: z.string(), hour: z.number(), uses: z.number() })),
  z.unknown(),
]);
const countRows = z.tuple([z.array(z.object({ count: z.number() })), z.unknown()]);
const idRows = z.tuple([z.array(z.object({ memberId: id })), z.unknown()]);

/** @param skipped members whom the run has recorded as left out */
export async function checkFavourites(
  db: Pool,
  spec: MemberSpec,
  loaded: Loaded,
  skipped: ReadonlySet<number> = new Set(),
): Promise<Check[]> {
  const { yesterday } = spec.days;
  const differing = new Differences();
  let page: { memberId: number; expected: string }[] = [];
  let members = 0;
  let earlier = 0;
  let skippedFavourites = 0;
  const look = async () => {
    const rows = await favouritesOf(db, yesterday, page[0]?.memberId ?? 0, page.at(-1)?.memberId ?? 0);
    for (const { memberId, expected } of page) {
      const has = rows.get(memberId) ?? 'none';
      if (has !== expected) differing.add(`member ${memberId} has ${has}, expected ${expected}`);
    }
    page = [];
  };
  for (const { memberId, uses, earlier: before } of demoMembers(spec)) {
    members += 1;
    earlier += before.filter(({ runDate }) => runDate !== yesterday).length;
    const favourite = favouriteOf(uses, spec.town.dongOf, spec.days);
    if (skipped.has(memberId)) {
      if (favourite !== undefined) skippedFavourites += 1;
      continue;
    }
    page.push({ memberId, expected: favourite === undefined ? 'none' : textOf(favourite) });
    if (page.length === PAGE) await look();
  }
  if (page.length > 0) await look();
  const checks = [
    differing.check('each member has the favourite that plain code finds, or none', members - skipped.size),
  ];
  if (skipped.size > 0) return checks;
  return [
    ...checks,
    equal(
      'there is no favourite of anybody else',
      await countOf(db, 'run_date = ?', yesterday),
      loaded.favourites - skippedFavourites,
    ),
    equal(
      'the favourites of other nights are as they were',
      await countOf(db, 'run_date <> ?', yesterday),
      earlier,
    ),
  ];
}

async function favouritesOf(
  db: Pool,
  runDate: string,
  from: number,
  to: number,
): Promise<Map<number, string>> {
  const [rows] = statRows.parse(
    await db.query(
      `SELECT CAST(member_id AS CHAR) AS memberId, top_dong AS dong, top_hour AS hour, use_count AS uses
       FROM coupon_usage_stats
       WHERE run_date = ? AND member_id BETWEEN ? AND ? AND aggregated_at IS NOT NULL`,
      [runDate, from, to],
    ),
  );
  return new Map(rows.map((row) => [row.memberId, textOf(row)]));
}

const textOf = (of: { dong: string; hour: number; uses: number }) =>
  `${of.dong} at ${of.hour} (${of.uses} uses)`;

async function countOf(db: Pool, where: string, runDate: string): Promise<number> {
  const [[row]] = countRows.parse(
    await db.query(`SELECT COUNT(*) AS count FROM coupon_usage_stats WHERE ${where}`, [runDate]),
  );
  return row?.count ?? 0;
}

/** Whom the latest stats run of the day has left out. */
export async function readSkippedMembers(db: Pool, runDate: string): Promise<Set<number>> {
  const [rows] = idRows.parse(
    await db.query(
      `SELECT CAST(member_id AS CHAR) AS memberId FROM coupon_skipped_members
       WHERE job_run_id = (SELECT MAX(job_run_id) FROM job_runs
                           WHERE job_name = 'coupon-usage-stats' AND run_date = ?)`,
      [runDate],
    ),
  );
  return new Set(rows.map(({ memberId }) => memberId));
}

const pushRows = z.tuple([
  z.array(z.object({ memberId: id, status: z.string(), reason: z.string().nullable() })),
  z.unknown(),
]);
export interface PushRow {
  readonly status: string;
  readonly reason: string | null;
}

/** What has become of each member of the hour. */
export async function readPushes(
  db: Pool,
  { today, targetHour }: MemberSpec['days'],
): Promise<Map<number, PushRow>> {
  const [rows] = pushRows.parse(
    await db.query(
      `SELECT CAST(member_id AS CHAR) AS memberId, push_status AS status, reason FROM coupon_pushes
       WHERE run_date = ? AND target_hour = ?`,
      [today, targetHour],
    ),
  );
  return new Map(rows.map(({ memberId, ...row }) => [memberId, row]));
}

/** Each member of the hour has the row that is to be; UNCONFIRMED, after a kill, stands for SENT. */
export function checkPushes(rows: ReadonlyMap<number, PushRow>, { pushes }: Pick<Loaded, 'pushes'>): Check[] {
  const differing = new Differences();
  for (const [memberId, expected] of pushes) {
    const status = rows.get(memberId)?.status ?? 'no row';
    const isRight =
      expected.kind === 'none' ? status === expected.status : ['SENT', 'UNCONFIRMED'].includes(status);
    const wanted = expected.kind === 'none' ? expected.status : 'SENT';
    if (!isRight) differing.add(`member ${memberId} is ${status}, expected ${wanted}`);
  }
  return [
    differing.check(
      'each member of the hour has the message, or the reason for none, that is to be',
      pushes.size,
    ),
    equal('nobody else has a row', rows.size, pushes.size),
  ];
}

/** A message by the member whom it is for. */
const message = z.looseObject({ memberId: z.number(), hour: z.number() });

/** The messages of the hour; those of another one were sent on schedule. */
export function messagesOfHour(received: readonly ReceivedMessage[], targetHour: number): ReceivedMessage[] {
  return received.filter(({ body }) => {
    const parsed = message.safeParse(jsonOrUndefined(body));
    return !parsed.success || parsed.data.hour === targetHour;
  });
}

export async function checkMessages(
  received: readonly ReceivedMessage[],
  rows: ReadonlyMap<number, PushRow>,
  { pushes }: Pick<Loaded, 'pushes'>,
  { days }: Pick<MemberSpec, 'days'>,
): Promise<Check[]> {
  const { today: runDate, targetHour: hour } = days;
  const validate = new Ajv2020().compile(
    z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(SCHEMA, 'utf8'))),
  );
  const invalid = new Differences();
  const differing = new Differences();
  const otherKeys = new Differences();
  const times = new Map<number, number>();
  for (const { body, routingKey } of received) {
    const parsed: unknown = jsonOrUndefined(body);
    if (!validate(parsed)) invalid.add(`${body.slice(0, 80)}: ${validate.errors?.[0]?.message ?? ''}`);
    if (routingKey !== ROUTING_KEY) otherKeys.add(String(routingKey));
    const known = message.safeParse(parsed);
    if (!known.success) continue;
    const { memberId } = known.data;
    times.set(memberId, (times.get(memberId) ?? 0) + 1);
    const expected = pushes.get(memberId);
    const wanted =
      expected?.kind === 'message'
        ? { traceId: expectedTraceId(memberId, runDate, hour), memberId, hour, runDate, ...expected.message }
        : undefined;
    const [has, wants] = [sorted(known.data), sorted(wanted ?? {})];
    if (has !== wants) differing.add(`${has}, expected ${wanted === undefined ? 'none' : wants}`);
  }
  const missing = new Differences();
  for (const [memberId, { status }] of rows) {
    if (status === 'SENT' && !times.has(memberId)) missing.add(`member ${memberId}`);
  }
  const twice = [...times.values()].filter((count) => count > 1).length;
  return [
    invalid.check('each message keeps to coupon-push-message.schema.json', received.length),
    differing.check('each message says what plain code expects of it', received.length),
    otherKeys.check(`each carries the routing key ${ROUTING_KEY}`, received.length),
    missing.check('each message that is recorded as sent is in the queue', times.size),
    equal('members who got a message twice', twice, 0),
  ];
}

/** As one comparable text, whatever the order of its fields. */
function sorted(value: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
