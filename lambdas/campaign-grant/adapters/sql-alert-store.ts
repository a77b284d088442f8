import * as z from 'zod';
import { alertCampaign, alertKind } from '../../../schema/alert.ts';
import { id, promotionType } from '../../../schema/promotion.ts';
import type { DataApi, SqlExecutor } from '../../shared/data-api.ts';
import { breakerAlert } from '../domain/alerts.ts';
import type { AlertStore, RaisedAlert } from '../ports.ts';
import { TABLES } from './tables.ts';

const pendingRow = z.object({
  key: z.string(),
  kind: alertKind,
  promotionId: id.nullable(),
  runNumber: z.int().nullable(),
  raisedAtMs: z.coerce.number(),
});
const outageRow = z.object({ openedMs: z.int().nullable(), lastKind: z.string().nullable(), lastKey: z.string().nullable() });
const typeRow = z.object({ promotionType });

const MS = '(CAST(UNIX_TIMESTAMP(raised_at) * 1000 AS SIGNED))';

/** The breaker as it is, and the last that was told of it. */
const OUTAGE = `
  SELECT b.opened_ms AS openedMs, a.kind AS lastKind, a.alert_key AS lastKey
  FROM campaign_money_breaker b
  LEFT JOIN operations_alerts a ON a.alert_id = (
    SELECT MAX(alert_id) FROM operations_alerts WHERE kind IN ('BREAKER_OPENED', 'BREAKER_CLOSED'))
  WHERE b.breaker_id = 1`;

export function sqlAlertStore(db: DataApi): AlertStore {
  return {
    raise: (alert, nowMs) => raiseAlert(db, alert, nowMs),

    async watchBreaker(nowMs) {
      if (missingAlert((await db.query(outageRow, OUTAGE))[0]) === undefined) return;
      await db.transaction(async (tx) => {
        // Two that look at the same moment would otherwise tell one outage by two of its openings.
        const missing = missingAlert((await tx.query(outageRow, `${OUTAGE} FOR UPDATE`))[0]);
        if (missing !== undefined) await raiseAlert(tx, { ...missing, promotionId: null, runNumber: null }, nowMs);
      });
    },

    unpublishedAlerts: (limit) =>
      db.query(
        pendingRow,
        `SELECT alert_key AS \`key\`, kind, CAST(promotion_id AS CHAR) AS promotionId, run_number AS runNumber,
                ${MS} AS raisedAtMs
         FROM operations_alerts WHERE published_at IS NULL ORDER BY alert_id LIMIT ${limit}`,
      ),

    async markPublished(key, nowMs) {
      await db.execute(
        `UPDATE operations_alerts SET published_at = FROM_UNIXTIME(:nowMs / 1000)
         WHERE alert_key = :key AND published_at IS NULL`,
        { key, nowMs },
      );
    },

    async campaignOf(promotionId, runNumber) {
      const [type] = await db.query(
        typeRow,
        'SELECT promotion_type AS promotionType FROM campaign_promotions WHERE promotion_id = :promotionId',
        { promotionId },
      );
      if (type === undefined) return undefined;
      const { targets, results, targetId } = TABLES[type.promotionType];
      const [row] = await db.query(
        alertCampaign,
        `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
                r.run_number AS runNumber, r.execution_id AS executionArn,
                COALESCE(m.total_count, p.total_count) AS totalCount, s.success_count AS successCount,
                s.fail_count AS failCount, s.retry_success_count AS retrySuccessCount,
                CAST(s.started_at AS CHAR) AS startedAt,
                CAST(COALESCE(s.completed_at, s.stopped_at) AS CHAR) AS endedAt, s.stopped_memo AS memo,
                CAST((SELECT COALESCE(SUM(COALESCE(t.amount, f.default_amount)), 0)
                      FROM ${results} g JOIN ${targets} t ON t.${targetId} = g.${targetId}
                      WHERE g.promotion_id = p.promotion_id AND g.process_status = 'SUCCESS') AS CHAR) AS grantedAmount
         FROM campaign_promotions p
         JOIN campaign_runs r ON r.promotion_id = p.promotion_id AND r.run_number = :runNumber
         JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
         LEFT JOIN campaign_progress m ON m.promotion_id = p.promotion_id
         LEFT JOIN campaign_frozen_defaults f ON f.promotion_id = p.promotion_id
         WHERE p.promotion_id = :promotionId`,
        { promotionId, runNumber },
      );
      return row;
    },
  };
}

/** In the transaction of what it tells, where there is one. */
export async function raiseAlert(
  db: SqlExecutor,
  { key, kind, promotionId, runNumber }: RaisedAlert,
  nowMs: number,
): Promise<void> {
  await db.execute(
    `INSERT IGNORE INTO operations_alerts (alert_key, kind, promotion_id, run_number, raised_at)
     VALUES (:key, :kind, :promotionId, :runNumber, FROM_UNIXTIME(:nowMs / 1000))`,
    { key, kind, promotionId, runNumber, nowMs },
  );
}

function missingAlert(outage: z.output<typeof outageRow> | undefined) {
  if (outage === undefined) return undefined;
  const { openedMs, lastKind, lastKey } = outage;
  const isToldOpen = lastKind === 'BREAKER_OPENED';
  if (openedMs !== null) return isToldOpen ? undefined : breakerAlert('BREAKER_OPENED', openedMs);
  // The key of the opening names the outage, so its end has one key too.
  const told = Number(lastKey?.split('-').at(-1));
  return isToldOpen && Number.isFinite(told) ? breakerAlert('BREAKER_CLOSED', told) : undefined;
}
