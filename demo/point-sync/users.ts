/**
 * The demo's users: what the database and Redis have of each before the run, and what Redis is to have after it. That is
 * said here by itself, not computed by the code that is being shown.
 */

/** What Redis has under the two keys of a user; null: no such key. */
export interface Cached {
  readonly balance: string | null;
  readonly version: string | null;
}

/** As the run's figures name them; newer: Redis is ahead of the row. */
export type Finding = 'equal' | 'drifted' | 'stale' | 'missing' | 'unreadable' | 'newer';

export interface DemoUser {
  readonly userId: string;
  readonly balance: string;
  readonly version: string;
  readonly cached: Cached;
  readonly finding: Finding;
}

/** Ids have gaps, in which users live who have no row. */
const FIRST_ID = 1_000_000;
const ID_STEP = 3;
/** The last user's, and that of a user without a row: no JavaScript number can tell them apart. */
const HIGHEST_ID = '9007199254740992';
const HIGHEST_FOREIGN_ID = '9007199254740993';

/** Of a thousand users, the first so many are of the first kind, and so on; the others are equal. */
const KINDS: readonly (readonly [below: number, finding: Finding])[] = [
  [12, 'drifted'],
  [27, 'stale'],
  [40, 'missing'],
  [50, 'unreadable'],
  [60, 'newer'],
];
const NOT_NUMBERS = ['NaN', '12.5', '', '1,000', '99999999999999999999'];

/** The same count and seed always give the same users, by rising id. */
export function* demoUsers(count: number, seed: number): Generator<DemoUser> {
  for (let index = 0; index < count; index += 1) yield demoUser(index, count, seed);
}

function demoUser(index: number, count: number, seed: number): DemoUser {
  const place = (index * 7_919 + seed * 104_729) % 1_000;
  const finding = KINDS.find(([below]) => place < below)?.[1] ?? 'equal';
  const row = {
    userId: index === count - 1 ? HIGHEST_ID : String(FIRST_ID + index * ID_STEP),
    balance: balanceOf(index, seed),
    version: index % 1_000 === 7 ? '9007199254740993' : String(1 + (index % 50)),
  };
  return { ...row, finding, cached: cachedOf(finding, row, index) };
}

function balanceOf(index: number, seed: number): string {
  const points = 1_000 + ((index * 613 + seed * 7_919) % 90_000);
  if ((index + seed) % 500 === 77) return String(-points);
  // Beyond what a JavaScript number says exactly.
  if (index % 1_000 === 8) return String(2n ** 53n + BigInt(points) * 2n + 1n);
  return String(points);
}

function cachedOf(finding: Finding, row: { balance: string; version: string }, index: number): Cached {
  const { balance, version } = row;
  const other = String(BigInt(balance) + 500n);
  const isOdd = index % 2 === 1;
  switch (finding) {
    case 'equal':
      return { balance, version };
    case 'drifted':
      return { balance: other, version };
    case 'stale':
      // Or written by somebody who knows nothing of versions.
      return { balance: other, version: isOdd ? null : String(BigInt(version) - 1n) };
    case 'missing':
      return { balance: null, version: isOdd ? null : version };
    case 'unreadable':
      return { balance: NOT_NUMBERS[index % NOT_NUMBERS.length] ?? 'NaN', version };
    case 'newer':
      return { balance: other, version: String(BigInt(version) + 2n) };
  }
}

/** What Redis is to have after the run. */
export function cachedAfter({ finding, balance, version, cached }: DemoUser): Cached {
  return finding === 'newer' ? cached : { balance, version };
}

/** Users with a balance in Redis and no row: gone. */
export function foreignUsers(count: number): string[] {
  const gone = Array.from({ length: Math.max(2, Math.floor(count / 200)) }, (_, index) =>
    String(FIRST_ID + index * ID_STEP + 1),
  );
  return [...gone, HIGHEST_FOREIGN_ID];
}

/** Keys that are no balance of a user: nobody may touch them. */
export const OTHER_KEYS: Readonly<Record<string, string>> = {
  'point:balance:guest': 'none',
  'point:balance:': '5',
  'point:balance:007': '7',
  'session:1000000': 'x',
};
