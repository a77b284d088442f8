/**
 * What the two jobs are to come to, in plain code: nothing of Grantline's rules is used here, only the words of the
 * specification.
 */
import type { DemoDays } from './days.ts';
import type { DemoMember, Use } from './members.ts';

export interface Favourite {
  readonly dong: string;
  readonly hour: number;
  /** Of all that count. */
  readonly uses: number;
}

const FEWEST = 5;

/** The most frequent district and hour; as frequent: the one that was used later; then by name, then by hour. */
export function favouriteOf(
  uses: readonly Use[],
  dongOf: ReadonlyMap<number, string>,
  { window }: Pick<DemoDays, 'window'>,
): Favourite | undefined {
  const pairs = new Map<string, { dong: string; hour: number; count: number; latest: string }>();
  let counted = 0;
  for (const { storeId, usedAt } of uses) {
    const dong = dongOf.get(storeId);
    if (dong === undefined || !window.includes(usedAt.slice(0, 10))) continue;
    counted += 1;
    const hour = Number(usedAt.slice(11, 13));
    const pair = pairs.get(`${hour} ${dong}`) ?? { dong, hour, count: 0, latest: '' };
    pair.count += 1;
    if (usedAt > pair.latest) pair.latest = usedAt;
    pairs.set(`${hour} ${dong}`, pair);
  }
  if (counted < FEWEST) return undefined;
  const [first] = [...pairs.values()].sort(
    (a, b) => b.count - a.count || compare(b.latest, a.latest) || compare(a.dong, b.dong) || a.hour - b.hour,
  );
  return first && { dong: first.dong, hour: first.hour, uses: counted };
}

/** The district of the newest favourite of the three days up to today, if its hour is the target hour. */
export function districtToTell(
  { earlier }: DemoMember,
  ofYesterday: Favourite | undefined,
  { targetHour, dayBefore }: DemoDays,
): string | undefined {
  // Nobody has one of today: the job runs for the day before.
  const newest = ofYesterday ?? earlier.find(({ runDate }) => runDate === dayBefore);
  return newest?.hour === targetHour ? newest.dong : undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
