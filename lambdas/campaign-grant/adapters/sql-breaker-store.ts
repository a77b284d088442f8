import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { SqlDatabase, SqlExecutor } from '../../shared/data-api.ts';
import type { Breaker, BreakerReading } from '../domain/breaker.ts';
import type { BreakerStore } from '../ports.ts';
import { raiseAlert } from './sql-alert-store.ts';

/** Epoch milliseconds of the database's clock. */
export const DATABASE_NOW_MS = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';

/** Of campaign_money_breaker b, for whoever reads it along with something else. */
export const BREAKER_COLUMNS = `b.version AS version, b.consecutive_failures AS consecutiveFailures,
  b.streak_started_ms AS streakStartedMs, b.opened_ms AS openedMs, b.probe_ms AS probeMs,
  ${DATABASE_NOW_MS} AS nowMs`;

export const breakerRow = z.object({
  version: z.int(),
  consecutiveFailures: z.int(),
  streakStartedMs: z.int().nullable(),
  openedMs: z.int().nullable(),
  probeMs: z.int().nullable(),
  nowMs: z.int(),
});

export function sqlBreakerStore(db: SqlDatabase): BreakerStore {
  return {
    readBreaker: () => readBreaker(db),

    async saveBreaker(expectedVersion, next, alert) {
      const written = randomUUID();
      // The statement is repeated when its answer is lost: then it finds its own write, and write_count makes it a
      // change again.
      const save = async (on: SqlExecutor) => {
        const changed = await on.execute(
          `UPDATE campaign_money_breaker
         SET version = :version, consecutive_failures = :consecutiveFailures,
             streak_started_ms = :streakStartedMs, opened_ms = :openedMs, probe_ms = :probeMs,
             written_by = :written, write_count = write_count + 1
         WHERE breaker_id = 1 AND (version = :expectedVersion OR written_by = :written)`,
          { expectedVersion, written, ...breakerOnly(next) },
        );
        return changed > 0;
      };
      if (alert === undefined) return save(db);
      return db.transaction(async (tx) => {
        const saved = await save(tx);
        if (saved) await raiseAlert(tx, alert);
        return saved;
      });
    },

    async endStreak(successMs) {
      await db.execute(
        `UPDATE campaign_money_breaker
         SET version = version + 1, consecutive_failures = 0, streak_started_ms = NULL, written_by = NULL
         WHERE breaker_id = 1 AND opened_ms IS NULL AND streak_started_ms <= :successMs`,
        { successMs },
      );
    },
  };
}

export async function readBreaker(db: SqlExecutor): Promise<BreakerReading> {
  const [row] = await db.query(
    breakerRow,
    `SELECT ${BREAKER_COLUMNS} FROM campaign_money_breaker b WHERE b.breaker_id = 1`,
  );
  if (row === undefined) throw new Error('the breaker has no row: the migrations have not run');
  return row;
}

/** The breaker's part of a row that has more. */
export function breakerOf(row: BreakerReading): BreakerReading {
  return { ...breakerOnly(row), nowMs: row.nowMs };
}

function breakerOnly({ version, consecutiveFailures, streakStartedMs, openedMs, probeMs }: Breaker) {
  return { version, consecutiveFailures, streakStartedMs, openedMs, probeMs };
}
