/** Loads histories and events as the coupon service would have written them, and says what is to come of them. */
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import type { CouponServices } from '../outside.ts';
import { demoEvents } from './events.ts';
import { districtToTell, favouriteOf } from './favourites.ts';
import { demoMembers } from './members.ts';
import type { MemberSpec } from './members.ts';
import { readStoresOf, readTokens } from './town.ts';

const ROWS_PER_INSERT = 5_000;

/** A message that is to be sent. */
export interface ExpectedMessage {
  readonly tokens: readonly string[];
  readonly dong: string;
  readonly activeEventCount: number;
}

export type ExpectedPush =
  | { readonly kind: 'message'; readonly message: ExpectedMessage }
  | { readonly kind: 'none'; readonly status: 'NO_TOKENS' | 'NO_ACTIVE_EVENTS' };

export interface Loaded {
  readonly histories: number;
  readonly events: number;
  /** That were used in the window. */
  readonly stores: number;
  /** Members with a favourite of yesterday. */
  readonly favourites: number;
  /** By member: what is to become of who is to be told. */
  readonly pushes: ReadonlyMap<number, ExpectedPush>;
}

const present = z.tuple([z.array(z.object({ present: z.number() })), z.unknown()]);

/** @throws Error when there are histories already: the job goes through all that there are */
export async function refuseOthersData(db: Pool): Promise<void> {
  const [[row]] = present.parse(
    await db.query(
      `SELECT EXISTS (SELECT 1 FROM coupon_histories) + EXISTS (SELECT 1 FROM coupon_events)
            + EXISTS (SELECT 1 FROM coupon_usage_stats) + EXISTS (SELECT 1 FROM coupon_pushes) AS present`,
    ),
  );
  if (row?.present !== 0) {
    throw new Error('the database of DATABASE_URL has coupon histories already: give an empty one');
  }
}

export async function loadCouponService(
  db: Pool,
  services: CouponServices,
  spec: MemberSpec,
): Promise<Loaded> {
  const { town, days } = spec;
  const histories = rowsInto(db, 'INSERT INTO coupon_histories (member_id, store_id, used_at) VALUES ?');
  const earlier = rowsInto(
    db,
    `INSERT INTO coupon_usage_stats (member_id, run_date, top_dong, top_hour, use_count, job_run_id, aggregated_at)
     VALUES ?`,
  );
  const stores = new Set<number>();
  const toTell = new Map<number, string>();
  let favourites = 0;
  for (const member of demoMembers(spec)) {
    const { memberId, uses } = member;
    for (const { storeId, usedAt } of uses) {
      await histories.add([memberId, storeId, usedAt]);
      if (days.window.includes(usedAt.slice(0, 10))) stores.add(storeId);
    }
    for (const { runDate, dong, hour } of member.earlier) {
      await earlier.add([memberId, runDate, dong, hour, 5, 0, `${runDate} 01:00:00`]);
    }
    const favourite = favouriteOf(uses, town.dongOf, days);
    if (favourite !== undefined) favourites += 1;
    const dong = districtToTell(member, favourite, days);
    if (dong !== undefined) toTell.set(memberId, dong);
  }
  await histories.flush();
  await earlier.flush();
  const { events, onByStore } = await loadEvents(db, spec);
  const pushes = await expectedPushes(services, toTell, onByStore);
  return { histories: histories.count(), events, stores: stores.size, favourites, pushes };
}

export async function loadEvents(db: Pool, { town, seed, days }: Pick<MemberSpec, 'town' | 'seed' | 'days'>) {
  const events = rowsInto(db, 'INSERT INTO coupon_events (store_id, start_at, end_at) VALUES ?');
  const onByStore = new Map<number, number>();
  for (const { storeId, startAt, endAt, isOn } of demoEvents(town, seed, days.nowMs)) {
    await events.add([storeId, startAt, endAt]);
    if (isOn) onByStore.set(storeId, (onByStore.get(storeId) ?? 0) + 1);
  }
  await events.flush();
  return { events: events.count(), onByStore };
}

/** @param toTell by member, of which district. @param onByStore how many events are on */
export async function expectedPushes(
  services: CouponServices,
  toTell: ReadonlyMap<number, string>,
  onByStore: ReadonlyMap<number, number>,
): Promise<Map<number, ExpectedPush>> {
  const tokensOf = await readTokens(services, [...toTell.keys()]);
  const storesOf = await readStoresOf(services, [...new Set(toTell.values())]);
  const on = new Map<string, number>();
  for (const [dong, storeIds] of storesOf) {
    on.set(
      dong,
      storeIds.reduce((sum, storeId) => sum + (onByStore.get(storeId) ?? 0), 0),
    );
  }
  const pushes = new Map<number, ExpectedPush>();
  for (const [memberId, dong] of toTell) {
    const tokens = tokensOf.get(memberId) ?? [];
    const activeEventCount = on.get(dong) ?? 0;
    if (tokens.length === 0) pushes.set(memberId, { kind: 'none', status: 'NO_TOKENS' });
    else if (activeEventCount === 0) pushes.set(memberId, { kind: 'none', status: 'NO_ACTIVE_EVENTS' });
    else pushes.set(memberId, { kind: 'message', message: { tokens, dong, activeEventCount } });
  }
  return pushes;
}

function rowsInto(db: Pool, insert: string) {
  let rows: (string | number)[][] = [];
  let inserted = 0;
  const flush = async () => {
    if (rows.length > 0) await db.query(insert, [rows]);
    inserted += rows.length;
    rows = [];
  };
  return {
    flush,
    count: () => inserted,
    add: async (row: (string | number)[]) => {
      rows.push(row);
      if (rows.length === ROWS_PER_INSERT) await flush();
    },
  };
}
