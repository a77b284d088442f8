import * as z from 'zod';
import { id, processStatus, promotionStatus } from '../../../schema/promotion.ts';
import type { DataApi } from '../../shared/data-api.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { GrantState, GrantStore } from '../ports.ts';
import { BREAKER_COLUMNS, breakerOf, breakerRow, readBreaker } from './sql-breaker-store.ts';
import { TABLES } from './tables.ts';

const batchRow = breakerRow.extend({
  targetId: id,
  promotionId: id,
  promotionStatus,
  summaryId: id.nullable(),
  processStatus: processStatus.nullable(),
  attemptCount: z.int(),
});
const gateRow = breakerRow.extend({ promotionId: id.nullable() });
const resultCountsRow = z.object({
  successCount: z.coerce.number().int(),
  failCount: z.coerce.number().int(),
  retrySuccessCount: z.coerce.number().int(),
});
const sumRow = z.object({ sum: z.string() });

const GRANTS_TABLE = `JSON_TABLE(:grants, '$[*]' COLUMNS (
  target_id BIGINT PATH '$.targetId', promotion_id BIGINT PATH '$.promotionId')) AS g`;

export function sqlGrantStore(db: DataApi): GrantStore {
  return {
    async readBatch(promotionType, grants) {
      const { targets, results, targetId } = TABLES[promotionType];
      const rows = await db.query(
        batchRow,
        `SELECT CAST(t.${targetId} AS CHAR) AS targetId, CAST(p.promotion_id AS CHAR) AS promotionId,
                p.promotion_status AS promotionStatus, CAST(s.promotion_summary_id AS CHAR) AS summaryId,
                r.process_status AS processStatus, COALESCE(r.attempt_count, 0) AS attemptCount,
                ${BREAKER_COLUMNS}
         FROM ${GRANTS_TABLE}
         JOIN ${targets} t ON t.${targetId} = g.target_id AND t.promotion_id = g.promotion_id
         JOIN campaign_promotions p ON p.promotion_id = t.promotion_id AND p.promotion_type = :promotionType
         JOIN campaign_money_breaker b ON b.breaker_id = 1
         LEFT JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
         LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}`,
        { promotionType, grants: toJson(grants) },
      );
      const states = rows.map(
        ({ targetId, promotionId, promotionStatus, summaryId, processStatus, attemptCount }): GrantState => ({
          targetId,
          promotionId,
          promotionStatus,
          summaryId,
          processStatus,
          attemptCount,
        }),
      );
      const [breaker] = rows;
      return { states, breaker: breaker === undefined ? await readBreaker(db) : breakerOf(breaker) };
    },

    async readGate(promotionIds) {
      const rows = await db.query(
        gateRow,
        `SELECT ${BREAKER_COLUMNS}, CAST(p.promotion_id AS CHAR) AS promotionId
         FROM campaign_money_breaker b
         LEFT JOIN campaign_promotions p ON p.promotion_status = 'IN_PROGRESS' AND p.promotion_id IN (
           SELECT asked.id FROM JSON_TABLE(:promotionIds, '$[*]' COLUMNS (id BIGINT PATH '$')) AS asked)
         WHERE b.breaker_id = 1`,
        { promotionIds: JSON.stringify(promotionIds) },
      );
      const [first] = rows;
      if (first === undefined) throw new Error('the breaker has no row: the migrations have not run');
      return {
        inProgress: new Set(rows.flatMap((row) => row.promotionId ?? [])),
        breaker: breakerOf(first),
      };
    },

    async recordResults(promotionType, results, nowMs) {
      const table = TABLES[promotionType];
      // In order of the key, so that two batches that meet in an index page do not lock it crosswise.
      const ordered = results
        .map((result) => ({ ...result, decided: Number(result.decided) }))
        .toSorted((a, b) => Number(BigInt(a.targetId) - BigInt(b.targetId)));
      // Assignments run from left to right: process_status, which the others look at, comes last. The columns of
      // JSON_TABLE have names of their own, because MySQL finds a shared one ambiguous in the update part.
      await db.execute(
        `INSERT INTO ${table.results}
           (${table.targetId}, promotion_id, process_status, transaction_key, error_message, attempt_count, updated_at)
         SELECT paid.target, paid.promotion, paid.status, paid.transaction, paid.error, paid.attempts, :now
         FROM (
           SELECT called.target, called.promotion, called.status, called.transaction, called.error, called.attempts
           FROM JSON_TABLE(:results, '$[*]' COLUMNS (
             target BIGINT PATH '$.targetId', promotion BIGINT PATH '$.promotionId',
             status VARCHAR(30) PATH '$.processStatus', transaction VARCHAR(100) PATH '$.transactionKey',
             error VARCHAR(500) PATH '$.errorMessage', attempts INT PATH '$.attemptCount',
             decided INT PATH '$.decided')) AS called
           LEFT JOIN ${table.results} r ON r.${table.targetId} = called.target
           WHERE called.decided = 1 OR r.attempt_count IS NULL OR r.attempt_count >= called.attempts - 1) AS paid
         ON DUPLICATE KEY UPDATE
           transaction_key = IF(process_status = 'SUCCESS', transaction_key, VALUES(transaction_key)),
           error_message = IF(process_status = 'SUCCESS', error_message, VALUES(error_message)),
           attempt_count = IF(process_status = 'SUCCESS', attempt_count,
                              GREATEST(attempt_count, VALUES(attempt_count))),
           updated_at = IF(process_status = 'SUCCESS', updated_at, VALUES(updated_at)),
           process_status = IF(process_status = 'SUCCESS'
                               OR (process_status = 'FAILED' AND VALUES(process_status) <> 'SUCCESS'),
                               process_status, VALUES(process_status))`,
        { results: JSON.stringify(ordered), now: toDateTime(nowMs) },
      );
    },

    async recordDeadLetters(deadLetters, nowMs) {
      if (deadLetters.length === 0) return;
      const rows = deadLetters.map(({ grant, ...letter }) => ({
        ...letter,
        ...grant,
        transient: Number(letter.transient),
      }));
      await db.execute(
        `INSERT INTO campaign_dead_letters
           (dead_letter_key, promotion_id, promotion_type, target_id, cause, error_message, is_transient,
            attempt_count, payload, created_at)
         SELECT dead.dead_letter_key, dead.promotion_id, dead.promotion_type, dead.target_id, dead.cause,
                dead.error_message, dead.is_transient, dead.attempt_count, dead.payload, :now
         FROM JSON_TABLE(:deadLetters, '$[*]' COLUMNS (
           dead_letter_key VARCHAR(120) PATH '$.key', promotion_id BIGINT PATH '$.promotionId',
           promotion_type VARCHAR(20) PATH '$.promotionType', target_id BIGINT PATH '$.targetId',
           cause VARCHAR(60) PATH '$.cause', error_message VARCHAR(500) PATH '$.errorMessage',
           is_transient INT PATH '$.transient', attempt_count INT PATH '$.attemptCount',
           payload TEXT PATH '$.payload')) AS dead
         LEFT JOIN campaign_promotion_voucher_results v
           ON dead.promotion_type = 'VOUCHER' AND v.voucher_target_id = dead.target_id
         LEFT JOIN campaign_promotion_point_results p
           ON dead.promotion_type = 'POINT' AND p.point_target_id = dead.target_id
         WHERE dead.is_transient = 0
            OR COALESCE(v.attempt_count, p.attempt_count, dead.attempt_count) >= dead.attempt_count - 1
         ON DUPLICATE KEY UPDATE
           cause = VALUES(cause), error_message = VALUES(error_message), is_transient = VALUES(is_transient),
           attempt_count = VALUES(attempt_count), payload = VALUES(payload)`,
        { deadLetters: JSON.stringify(rows), now: toDateTime(nowMs) },
      );
    },

    async returnToPending(promotionType, grants, nowMs) {
      const { targets, results, targetId } = TABLES[promotionType];
      const parameters = { grants: toJson(grants), now: toDateTime(nowMs) };
      // Not while the campaign is IN_PROGRESS again: a resumed run has published the target anew by then.
      await db.execute(
        `UPDATE ${GRANTS_TABLE}
         JOIN ${targets} t ON t.${targetId} = g.target_id AND t.promotion_id = g.promotion_id
         JOIN campaign_promotions p ON p.promotion_id = t.promotion_id
         LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}
         SET t.publish_status = 'PENDING', t.updated_at = :now
         WHERE p.promotion_status <> 'IN_PROGRESS' AND t.publish_status = 'PUBLISHED'
           AND (r.process_status IS NULL OR r.process_status IN ('PENDING', 'RETRYING'))`,
        parameters,
      );
      await db.execute(
        `UPDATE ${GRANTS_TABLE}
         JOIN ${results} r ON r.${targetId} = g.target_id AND r.promotion_id = g.promotion_id
         JOIN campaign_promotions p ON p.promotion_id = r.promotion_id
         SET r.process_status = 'PENDING', r.attempt_count = 0, r.updated_at = :now
         WHERE p.promotion_status <> 'IN_PROGRESS' AND r.process_status = 'RETRYING'`,
        parameters,
      );
    },

    async countResults({ promotionId, promotionType }) {
      const [row] = await db.query(
        resultCountsRow,
        `SELECT COALESCE(SUM(process_status = 'SUCCESS'), 0) AS successCount,
                COALESCE(SUM(process_status = 'FAILED'), 0) AS failCount,
                COALESCE(SUM(process_status = 'SUCCESS' AND attempt_count > 1), 0) AS retrySuccessCount
         FROM ${TABLES[promotionType].results} WHERE promotion_id = :promotionId`,
        { promotionId },
      );
      return row ?? { successCount: 0, failCount: 0, retrySuccessCount: 0 };
    },

    async grantedAmount({ promotionId, promotionType }) {
      const { targets, results, targetId } = TABLES[promotionType];
      const [row] = await db.query(
        sumRow,
        `SELECT CAST(COALESCE(SUM(COALESCE(t.amount, f.default_amount)), 0) AS CHAR) AS sum
         FROM ${results} r
         JOIN ${targets} t ON t.${targetId} = r.${targetId}
         LEFT JOIN campaign_frozen_defaults f ON f.promotion_id = r.promotion_id
         WHERE r.promotion_id = :promotionId AND r.process_status = 'SUCCESS'`,
        { promotionId },
      );
      return row?.sum ?? '0';
    },
  };
}

function toJson(grants: readonly { targetId: string; promotionId: string }[]): string {
  return JSON.stringify(grants.map(({ targetId, promotionId }) => ({ targetId, promotionId })));
}
