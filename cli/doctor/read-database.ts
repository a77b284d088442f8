import * as z from 'zod';
import { DATABASE_NOW_MS } from '../../lambdas/campaign-grant/adapters/sql-breaker-store.ts';
import { readMigrations } from '../../lambdas/operations/migrate.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id } from '../../schema/promotion.ts';
import type { AlertFacts } from './rules/judge-alerts.ts';
import type { BreakerFacts, PayingCampaign } from './rules/judge-campaigns.ts';
import type { DatabaseFacts, Migration } from './rules/judge-database.ts';

const MIGRATIONS = new URL('../../schema/sql/', import.meta.url);

const databaseRow = z.object({
  version: z.string(),
  offsetMinutes: z.int(),
  sqlMode: z.string(),
  charset: z.string(),
  nowMs: z.int(),
});
const migrationRow = z.object({ version: z.int(), name: z.string(), checksum: z.string() });
const payingRow = z.object({
  promotionId: id,
  executionId: z.string(),
  measuredAgoMs: z.int().nullable(),
  finalPerSecond: z.coerce.number().nullable(),
});
const breakerRow = z.object({ openForMs: z.int().nullable(), consecutiveFailures: z.int() });
const alertsRow = z.object({
  unpublished: z.int(),
  oldestUnpublishedSeconds: z.int().nullable(),
  undelivered: z.int(),
  oldestUndeliveredSeconds: z.int().nullable(),
});

export async function readDatabase(db: SqlExecutor): Promise<DatabaseFacts> {
  const askedMs = Date.now();
  const [row] = await db.query(
    databaseRow,
    `SELECT VERSION() AS version, TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW()) AS offsetMinutes,
            @@sql_mode AS sqlMode, @@character_set_database AS charset, ${DATABASE_NOW_MS} AS nowMs`,
  );
  if (row === undefined) throw new Error('the database answers nothing');
  return { ...row, askedMs, answeredMs: Date.now() };
}

/** Those of this checkout, and those that the database has recorded. */
export async function readAllMigrations(
  db: SqlExecutor,
): Promise<{ readonly known: Migration[]; readonly applied: Migration[] }> {
  const known = await readMigrations(MIGRATIONS);
  const applied = await db.query(
    migrationRow,
    'SELECT version, name, checksum FROM schema_migrations ORDER BY version',
  );
  return { known, applied };
}

export async function readPaying(db: SqlExecutor): Promise<PayingCampaign | undefined> {
  const [row] = await db.query(
    payingRow,
    `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, r.execution_id AS executionId,
            ${DATABASE_NOW_MS} - m.measured_ms AS measuredAgoMs, CAST(m.final_per_second AS CHAR) AS finalPerSecond
     FROM campaign_promotions p
     JOIN campaign_runs r ON r.promotion_id = p.promotion_id
       AND r.run_number = (SELECT MAX(run_number) FROM campaign_runs WHERE promotion_id = p.promotion_id)
     LEFT JOIN campaign_progress m ON m.promotion_id = p.promotion_id AND m.run_number = r.run_number
     WHERE p.promotion_status = 'IN_PROGRESS' LIMIT 1`,
  );
  return row;
}

export async function readBreaker(db: SqlExecutor): Promise<BreakerFacts> {
  const [row] = await db.query(
    breakerRow,
    `SELECT ${DATABASE_NOW_MS} - opened_ms AS openForMs, consecutive_failures AS consecutiveFailures
     FROM campaign_money_breaker WHERE breaker_id = 1`,
  );
  if (row === undefined) throw new Error('the breaker has no row: the migrations have not run');
  return row;
}

export async function readAlerts(db: SqlExecutor): Promise<AlertFacts> {
  const [row] = await db.query(
    alertsRow,
    `SELECT u.count AS unpublished, u.oldest AS oldestUnpublishedSeconds, d.count AS undelivered,
            d.oldest AS oldestUndeliveredSeconds
     FROM (SELECT COUNT(*) AS count,
                  CAST(FLOOR((${DATABASE_NOW_MS} - MIN(raised_ms)) / 1000) AS SIGNED) AS oldest
           FROM operations_alerts WHERE published_at IS NULL) AS u,
          (SELECT COUNT(*) AS count,
                  CAST(FLOOR((${DATABASE_NOW_MS} - MIN(claimed_ms)) / 1000) AS SIGNED) AS oldest
           FROM operations_alert_deliveries WHERE delivered_at IS NULL) AS d`,
  );
  if (row === undefined) throw new Error('the database answers nothing');
  return row;
}
