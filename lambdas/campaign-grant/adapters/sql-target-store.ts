import * as z from 'zod';
import { id, processStatus } from '../../../schema/promotion.ts';
import type { DataApi } from '../../shared/data-api.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { PromotionKey, TargetStore } from '../ports.ts';
import { TABLES } from './tables.ts';

const countRow = z.object({ count: z.int() });
const sumRow = z.object({ sum: z.string() });
const rangeRow = z.object({ fromTargetId: id.nullable(), toTargetId: id.nullable(), targetCount: z.int() });
const targetRow = z.object({
  targetId: id,
  customerUid: z.string(),
  voucherNumber: z.string().nullable(),
  merchantCode: z.string().nullable(),
  merchantBrandCode: z.string().nullable(),
  amount: z.string().nullable(),
  expiredAt: z.string().nullable(),
  reason: z.string().nullable(),
  isWithdrawal: z.boolean().nullable(),
  partitionKey: z.string().nullable(),
  processStatus: processStatus.nullable(),
});

/** Rows of one statement of a sweep: each stays far below the Data API's 45 s. */
const SWEEP_SIZE = 10_000;

export function sqlTargetStore(db: DataApi): TargetStore {
  const count = async ({ promotionId, promotionType }: PromotionKey, condition = '') => {
    const [row] = await db.query(
      countRow,
      `SELECT COUNT(*) AS count FROM ${TABLES[promotionType].targets}
       WHERE promotion_id = :promotionId ${condition}`,
      { promotionId },
    );
    return row?.count ?? 0;
  };

  /** The index is named, or MariaDB reads the status from its start and passes over what comes before the range. */
  const range = async (
    { promotionId, promotionType }: PromotionKey,
    publishStatus: 'PENDING' | 'PUBLISHED',
    afterTargetId: string,
    size: number,
  ) => {
    const { targets, targetId } = TABLES[promotionType];
    const [row] = await db.query(
      rangeRow,
      `SELECT CAST(MIN(id) AS CHAR) AS fromTargetId, CAST(MAX(id) AS CHAR) AS toTargetId, COUNT(*) AS targetCount
       FROM (SELECT ${targetId} AS id FROM ${targets} FORCE INDEX (ix_${targets}_publish)
             WHERE promotion_id = :promotionId AND publish_status = :publishStatus AND ${targetId} > :afterTargetId
             ORDER BY ${targetId} LIMIT ${size}) AS page`,
      { promotionId, publishStatus, afterTargetId },
    );
    if (row === undefined || row.fromTargetId === null || row.toTargetId === null) return undefined;
    return { fromTargetId: row.fromTargetId, toTargetId: row.toTargetId, targetCount: row.targetCount };
  };

  const sweep = async (of: PromotionKey, nowMs: number, condition: string) => {
    const { targets, results, targetId } = TABLES[of.promotionType];
    let afterTargetId = '0';
    for (;;) {
      const page = await range(of, 'PUBLISHED', afterTargetId, SWEEP_SIZE);
      if (page === undefined) return;
      const { fromTargetId, toTargetId } = page;
      const parameters = { promotionId: of.promotionId, fromTargetId, toTargetId, now: toDateTime(nowMs) };
      await db.execute(
        `UPDATE ${targets} t
         JOIN campaign_promotions p ON p.promotion_id = t.promotion_id
         LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}
         SET t.publish_status = 'PENDING', t.updated_at = :now
         WHERE t.promotion_id = :promotionId AND t.publish_status = 'PUBLISHED'
           AND t.${targetId} BETWEEN :fromTargetId AND :toTargetId
           AND (r.process_status IS NULL OR r.process_status IN ('PENDING', 'RETRYING')) ${condition}`,
        parameters,
      );
      await db.execute(
        `UPDATE ${results} r
         JOIN campaign_promotions p ON p.promotion_id = r.promotion_id
         SET r.process_status = 'PENDING', r.attempt_count = 0, r.updated_at = :now
         WHERE r.promotion_id = :promotionId AND r.process_status = 'RETRYING'
           AND r.${targetId} BETWEEN :fromTargetId AND :toTargetId ${condition}`,
        parameters,
      );
      afterTargetId = toTargetId;
    }
  };

  return {
    countTargets: (of) => count(of),
    countPending: (of) => count(of, "AND publish_status = 'PENDING'"),
    countPublished: (of) => count(of, "AND publish_status = 'PUBLISHED'"),

    async plannedAmount({ promotionId, promotionType }) {
      const [row] = await db.query(
        sumRow,
        `SELECT CAST(COALESCE(SUM(GREATEST(
                  COALESCE(t.amount, IF(f.promotion_id IS NULL, p.default_amount, f.default_amount), 0), 0)), 0)
                AS CHAR) AS sum
         FROM campaign_promotions p
         LEFT JOIN campaign_frozen_defaults f ON f.promotion_id = p.promotion_id
         JOIN ${TABLES[promotionType].targets} t ON t.promotion_id = p.promotion_id
         WHERE p.promotion_id = :promotionId`,
        { promotionId },
      );
      return row?.sum ?? '0';
    },

    pendingRange: (of, afterTargetId, size) => range(of, 'PENDING', afterTargetId, size),

    pendingTargets({ promotionId, promotionType }, { afterTargetId, toTargetId, limit }) {
      const { targets, results, targetId, voucherNumber, isWithdrawal } = TABLES[promotionType];
      return db.query(
        targetRow,
        `SELECT CAST(t.${targetId} AS CHAR) AS targetId, CAST(t.customer_uid AS CHAR) AS customerUid,
                ${voucherNumber} AS voucherNumber, t.merchant_code AS merchantCode,
                t.merchant_brand_code AS merchantBrandCode, CAST(t.amount AS CHAR) AS amount,
                t.expired_at AS expiredAt, t.reason AS reason, ${isWithdrawal} AS isWithdrawal,
                CAST(t.partition_key AS CHAR) AS partitionKey, r.process_status AS processStatus
         FROM ${targets} t
         LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}
         WHERE t.promotion_id = :promotionId AND t.publish_status = 'PENDING'
           AND t.${targetId} > :afterTargetId AND t.${targetId} <= :toTargetId
         ORDER BY t.${targetId} LIMIT ${limit}`,
        { promotionId, afterTargetId, toTargetId },
      );
    },

    markPublished({ promotionId, promotionType }, targetIds, nowMs) {
      const { targets, targetId } = TABLES[promotionType];
      return db.execute(
        `UPDATE JSON_TABLE(:targetIds, '$[*]' COLUMNS (id BIGINT PATH '$')) AS sent
         JOIN ${targets} t ON t.${targetId} = sent.id
         JOIN campaign_promotions p ON p.promotion_id = t.promotion_id
         SET t.publish_status = 'PUBLISHED', t.updated_at = :now
         WHERE t.promotion_id = :promotionId AND t.publish_status = 'PENDING'
           AND p.promotion_status NOT IN ('STOPPED', 'FAILED', 'COMPLETED')`,
        { promotionId, targetIds: JSON.stringify(targetIds), now: toDateTime(nowMs) },
      );
    },

    async recordInvalid({ promotionId, promotionType }, invalid, nowMs) {
      const { targets, results, targetId } = TABLES[promotionType];
      const parameters = { promotionId, invalid: JSON.stringify(invalid), now: toDateTime(nowMs) };
      // The result first: death in between finds the target still PENDING, and this is run again.
      await db.execute(
        `INSERT INTO ${results} (${targetId}, promotion_id, process_status, error_message, attempt_count, updated_at)
         SELECT invalid.target_id, :promotionId, 'FAILED', invalid.reason, 0, :now
         FROM JSON_TABLE(:invalid, '$[*]' COLUMNS (
           target_id BIGINT PATH '$.targetId', reason VARCHAR(500) PATH '$.reason')) AS invalid
         ON DUPLICATE KEY UPDATE
           error_message = IF(process_status = 'SUCCESS', error_message, VALUES(error_message)),
           process_status = IF(process_status = 'SUCCESS', process_status, VALUES(process_status))`,
        parameters,
      );
      return db.execute(
        `UPDATE JSON_TABLE(:invalid, '$[*]' COLUMNS (target_id BIGINT PATH '$.targetId')) AS invalid
         JOIN ${targets} t ON t.${targetId} = invalid.target_id
         SET t.publish_status = 'FAILED', t.updated_at = :now
         WHERE t.promotion_id = :promotionId AND t.publish_status = 'PENDING'`,
        parameters,
      );
    },

    returnUnpaid: (of, nowMs) => sweep(of, nowMs, ''),
    windUp: (of, nowMs) => sweep(of, nowMs, "AND p.promotion_status <> 'IN_PROGRESS'"),

    async adoptSettled({ promotionId, promotionType }, nowMs) {
      const { targets, results, targetId } = TABLES[promotionType];
      await db.execute(
        `UPDATE ${targets} t JOIN ${results} r ON r.${targetId} = t.${targetId}
         SET t.publish_status = IF(r.process_status = 'FAILED' AND r.attempt_count = 0, 'FAILED', 'PUBLISHED'),
             t.updated_at = :now
         WHERE t.promotion_id = :promotionId AND t.publish_status = 'PENDING'
           AND r.process_status IN ('SUCCESS', 'FAILED')`,
        { promotionId, now: toDateTime(nowMs) },
      );
    },
  };
}
