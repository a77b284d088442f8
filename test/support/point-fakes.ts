/** The point service's database and Redis in memory, as the ports of point sync see them. */
import type { BalanceRow, CachedBalance } from '../../lambdas/point-sync/domain/balance.ts';
import type { BalanceCache, IdRange, PointStore, Written } from '../../lambdas/point-sync/ports.ts';
import type { Figures } from '../../schema/jobs.ts';

export interface MemoryTransaction {
  readonly userId: string;
  readonly day: string;
  readonly amount: number;
}

/** Ranges are smaller than they are asked for, so that there are several of few rows. */
export class MemoryPoints implements PointStore {
  readonly rows: BalanceRow[];
  readonly transactions: MemoryTransaction[];
  /** By day and user: the sum. */
  readonly reports = new Map<string, number>();
  readonly #rowsARange: number;
  readonly #transactionsARange: number;

  constructor(
    rows: readonly BalanceRow[],
    transactions: readonly MemoryTransaction[],
    of: { readonly rowsARange: number; readonly transactionsARange: number },
  ) {
    this.rows = [...rows];
    this.transactions = [...transactions];
    this.#rowsARange = of.rowsARange;
    this.#transactionsARange = of.transactionsARange;
  }

  balances(range: IdRange, limit: number): Promise<BalanceRow[]> {
    return Promise.resolve(this.rows.filter(({ userId }) => isIn(userId, range)).slice(0, limit));
  }

  withoutBalance(userIds: readonly string[]): Promise<string[]> {
    const known = new Set(this.rows.map(({ userId }) => userId));
    return Promise.resolve(userIds.filter((userId) => !known.has(userId)));
  }

  balanceRangeEnd(afterId: string): Promise<string | undefined> {
    const next = this.rows.filter(({ userId }) => Number(userId) > Number(afterId));
    return Promise.resolve(next[this.#rowsARange - 1]?.userId);
  }

  /** A range holds several chunks: the plan asks for more than a chunk does. */
  transactionRangeEnd(day: string, range: IdRange, size: number): Promise<string | undefined> {
    const page = size > 100_000 ? this.#transactionsARange : Math.ceil(this.#transactionsARange / 3);
    return Promise.resolve(this.#ofDay(day, range)[page - 1]?.userId);
  }

  writeReports(day: string, range: IdRange): Promise<void> {
    const sums = new Map<string, number>();
    for (const { userId, amount } of this.#ofDay(day, range)) {
      sums.set(userId, (sums.get(userId) ?? 0) + amount);
    }
    for (const [userId, sum] of sums) this.reports.set(`${day} ${userId}`, sum);
    return Promise.resolve();
  }

  reportFigures(day: string, range: IdRange): Promise<Figures> {
    const users = [...this.reports.keys()].map((key) => key.split(' '));
    const reported = users.filter(([of, userId = '']) => of === day && isIn(userId, range));
    return Promise.resolve({ reportedUsers: reported.length });
  }

  #ofDay(day: string, range: IdRange): MemoryTransaction[] {
    return this.transactions.filter((of) => of.day === day && isIn(of.userId, range));
  }
}

function isIn(userId: string, { afterId, toId }: IdRange): boolean {
  return Number(userId) > Number(afterId) && Number(userId) <= Number(toId);
}

const SCANNED_AT_ONCE = 400;

export class MemoryCache implements BalanceCache {
  readonly kept = new Map<string, CachedBalance>();
  /** No memory is left for who is not there yet. */
  isFull = false;

  read(userIds: readonly string[]): Promise<CachedBalance[]> {
    return Promise.resolve(
      userIds.map((userId) => this.kept.get(userId) ?? { balance: null, version: null }),
    );
  }

  settle(rows: readonly BalanceRow[]): Promise<Written[]> {
    return Promise.resolve(
      rows.map(({ userId, balance, version }) => {
        const known = this.kept.get(userId)?.version ?? null;
        if (known !== null && /^\d+$/.test(known) && BigInt(known) > BigInt(version)) return 'newer';
        if (this.isFull && !this.kept.has(userId)) return 'unwritten';
        this.kept.set(userId, { balance, version });
        return 'written';
      }),
    );
  }

  usersFrom(cursor: string): Promise<{ cursor: string; userIds: readonly string[] }> {
    // By what is behind a user, not by how many there are: removing some moves nobody past the cursor.
    const users = this.users();
    const from = users.findIndex((user) => user > Number(cursor));
    const page = from < 0 ? [] : [...users.slice(from, from + SCANNED_AT_ONCE)];
    const last = page.at(-1);
    const isLast = last === undefined || last === users.at(-1);
    return Promise.resolve({ cursor: isLast ? '0' : String(last), userIds: page.map(String) });
  }

  /** In order. */
  users(): Float64Array {
    return Float64Array.from(this.kept.keys(), Number).sort();
  }

  remove(userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) this.kept.delete(userId);
    return Promise.resolve();
  }
}
