/** What a balance in Redis is, beside the row of the database: pure. */

/** Of point_balances; whole numbers as text, since a BIGINT is no JavaScript number. */
export interface BalanceRow {
  readonly userId: string;
  readonly balance: string;
  readonly version: string;
}

/** What Redis has under the two keys of a user; null where it has nothing. */
export interface CachedBalance {
  readonly balance: string | null;
  readonly version: string | null;
}

/**
 * newer: a writer was faster than our page, and is left alone. drifted: of the same version and yet another balance.
 * stale: of an older version, or of none. unreadable: no whole number.
 */
export type Finding = 'equal' | 'newer' | 'missing' | 'stale' | 'drifted' | 'unreadable';

export function findingOf(row: BalanceRow, cached: CachedBalance): Finding {
  const version = versionIn(cached.version);
  // Also where the balance itself was evicted: whoever misses it reads the database, which has the newer one by now.
  if (version !== undefined && version > BigInt(row.version)) return 'newer';
  if (cached.balance === null) return 'missing';
  if (wholeNumber(cached.balance) === undefined) return 'unreadable';
  if (version !== BigInt(row.version)) return 'stale';
  return cached.balance === row.balance ? 'equal' : 'drifted';
}

/** Whether Redis is to be made equal to the row. */
export function isToBeWritten(finding: Finding): boolean {
  return finding !== 'equal' && finding !== 'newer';
}

/** Above every BIGINT there is no version. */
const HIGHEST_VERSION = 2n ** 63n - 1n;

function versionIn(text: string | null): bigint | undefined {
  const version = wholeNumber(text);
  return version !== undefined && version <= HIGHEST_VERSION ? version : undefined;
}

function wholeNumber(text: string | null): bigint | undefined {
  return text !== null && /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
