import * as z from 'zod';
import { alertCampaign, alertKind } from '../../../schema/alert.ts';
import { id } from '../../../schema/promotion.ts';
import type { SqlExecutor } from '../../shared/data-api.ts';
import type { RaisedAlert } from '../domain/alerts.ts';
import type { AlertStore } from '../ports.ts';

const raisedRow = z.object({
  key: z.string(),
  kind: alertKind,
  promotionId: id.nullable(),
  runNumber: z.int().nullable(),
  raisedAtMs: z.coerce.number(),
});
const campaignRow = alertCampaign.omit({ grantedAmount: true });

export function sqlAlertStore(db: SqlExecutor): AlertStore {
  return {
    raiseAlert: (alert) => raiseAlert(db, alert),

    unpublishedAlerts: (limit) =>
      db.query(
        raisedRow,
        `SELECT alert_key AS \`key\`, kind, CAST(promotion_id AS CHAR) AS promotionId, run_number AS runNumber,
                CAST(raised_ms AS CHAR) AS raisedAtMs
         FROM operations_alerts WHERE published_at IS NULL ORDER BY alert_id LIMIT ${limit}`,
      ),

    async markTold(key, nowMs) {
      await db.execute(
        `UPDATE operations_alerts SET published_at = FROM_UNIXTIME(:nowMs / 1000)
         WHERE alert_key = :key AND published_at IS NULL`,
        { key, nowMs },
      );
    },

    async alertCampaign({ promotionId, runNumber }) {
      const [row] = await db.query(
        campaignRow,
        `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
                r.run_number AS runNumber, r.execution_id AS executionArn,
                IF(p.promotion_status = 'COMPLETED', s.success_count + s.fail_count,
                   COALESCE(m.total_count, p.total_count)) AS totalCount, s.success_count AS successCount,
                s.fail_count AS failCount, s.retry_success_count AS retrySuccessCount,
                CAST(s.started_at AS CHAR) AS startedAt,
                CAST(COALESCE(s.completed_at, s.stopped_at) AS CHAR) AS endedAt, s.stopped_memo AS memo
         FROM campaign_promotions p
         JOIN campaign_runs r ON r.promotion_id = p.promotion_id AND r.run_number = :runNumber
         JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
         LEFT JOIN campaign_progress m ON m.promotion_id = p.promotion_id
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
  { key, kind, promotionId, runNumber, raisedAtMs }: RaisedAlert,
): Promise<void> {
  await db.execute(
    `INSERT INTO operations_alerts (alert_key, kind, promotion_id, run_number, raised_ms)
     VALUES (:key, :kind, :promotionId, :runNumber, :raisedAtMs)
     ON DUPLICATE KEY UPDATE alert_key = VALUES(alert_key)`,
    { key, kind, promotionId, runNumber, raisedAtMs },
  );
}
