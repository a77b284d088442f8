/** The favourites that a night has written, next to those that plain code finds in the same histories. */
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import type { DemoDays } from '../../demo/coupon-stats/days.ts';
import { favouriteOf } from '../../demo/coupon-stats/favourites.ts';
import type { Use } from '../../demo/coupon-stats/members.ts';
import { inChunks } from '../made-rows.ts';

const MEMBERS_A_PAGE = 5_000;

const id = z.coerce.number();
const historyRows = z.tuple([
  z.array(z.object({ memberId: id, storeId: id, usedAt: z.string() })),
  z.unknown(),
]);
const favouriteRows = z.tuple([
  z.array(z.object({ memberId: id, dong: z.string(), hour: z.number(), uses: z.number() })),
  z.unknown(),
]);
const countRows = z.tuple([z.array(z.object({ count: z.coerce.number() })).length(1), z.unknown()]);

export interface Compared {
  /** Members with a favourite, by plain code. */
  readonly favourites: number;
  /** Rows that are missing, differ, or are of nobody. */
  readonly wrong: number;
}

/** @param members their ids are those from 1 on */
export async function compareFavourites(
  db: Pool,
  members: number,
  { dongOf, days }: { dongOf: ReadonlyMap<number, string>; days: Pick<DemoDays, 'window' | 'yesterday'> },
): Promise<Compared> {
  let favourites = 0;
  let right = 0;
  await inChunks(members, MEMBERS_A_PAGE, async (from, count) => {
    const range = [from + 1, from + count];
    const written = await readFavourites(db, days.yesterday, range);
    for (const [memberId, uses] of await readUses(db, range)) {
      const expected = favouriteOf(uses, dongOf, days);
      if (expected === undefined) continue;
      favourites += 1;
      const row = written.get(memberId);
      if (row?.dong === expected.dong && row.hour === expected.hour && row.uses === expected.uses) right += 1;
    }
  });
  const [[rows]] = countRows.parse(await db.query('SELECT COUNT(*) AS count FROM coupon_usage_stats'));
  // Each right one is one of the rows; what else there is, should not be.
  return { favourites, wrong: favourites - right + ((rows?.count ?? 0) - right) };
}

async function readFavourites(db: Pool, runDate: string, range: readonly number[]) {
  const [rows] = favouriteRows.parse(
    await db.query(
      `SELECT member_id AS memberId, top_dong AS dong, top_hour AS hour, use_count AS uses
       FROM coupon_usage_stats WHERE run_date = ? AND member_id BETWEEN ? AND ?`,
      [runDate, ...range],
    ),
  );
  return new Map(rows.map((row) => [row.memberId, row]));
}

async function readUses(db: Pool, range: number[]): Promise<Map<number, Use[]>> {
  const [rows] = historyRows.parse(
    await db.query(
      `SELECT member_id AS memberId, store_id AS storeId, CAST(used_at AS CHAR) AS usedAt
       FROM coupon_histories FORCE INDEX (ix_coupon_histories_member) WHERE member_id BETWEEN ? AND ?`,
      range,
    ),
  );
  const usesOf = new Map<number, Use[]>();
  for (const { memberId, storeId, usedAt } of rows) {
    const uses = usesOf.get(memberId);
    if (uses === undefined) usesOf.set(memberId, [{ storeId, usedAt }]);
    else uses.push({ storeId, usedAt });
  }
  return usesOf;
}
