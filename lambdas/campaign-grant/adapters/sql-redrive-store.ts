import * as z from 'zod';
import { id } from '../../../schema/promotion.ts';
import type { DataApi, SqlExecutor } from '../../shared/data-api.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { PromotionKey, RedriveStore } from '../ports.ts';
import { TABLES } from './tables.ts';

const letterRow = z.object({ key: z.string(), targetId: id });
type Letter = z.infer<typeof letterRow>;

/** Only what is still given up can be redriven: a target that was paid since keeps its result. */
function failedLetters(of: PromotionKey): string {
  const { results, targetId } = TABLES[of.promotionType];
  return `SELECT d.dead_letter_key AS \`key\`, CAST(d.target_id AS CHAR) AS targetId
    FROM campaign_dead_letters d
    JOIN ${results} r ON r.${targetId} = d.target_id AND r.process_status = 'FAILED'
    WHERE d.promotion_id = :promotionId AND d.promotion_type = :promotionType`;
}

export function sqlRedriveStore(db: DataApi): RedriveStore {
  return {
    redrive: (of, { causes, targetIds }, limit, nowMs) =>
      db.transaction(async (tx) => {
        await lockPromotion(tx, of);
        const letters = await tx.query(
          letterRow,
          // JSON_TABLE's text has the server's collation, which need not be the table's.
          `${failedLetters(of)}
             AND (:causes IS NULL OR d.cause COLLATE utf8mb4_bin IN (
               SELECT asked.cause FROM JSON_TABLE(:causes, '$[*]' COLUMNS (cause VARCHAR(60) PATH '$')) AS asked))
             AND (:targetIds IS NULL OR d.target_id IN (
               SELECT asked.id FROM JSON_TABLE(:targetIds, '$[*]' COLUMNS (id BIGINT PATH '$')) AS asked))
           ORDER BY d.dead_letter_id LIMIT ${limit}`,
          { ...keyOf(of), causes: jsonOrNull(causes), targetIds: jsonOrNull(targetIds) },
        );
        await redriveLetters(tx, of, letters, { isAutomatic: false, nowMs });
        if (letters.length > 0) {
          await tx.execute(
            `UPDATE campaign_promotions SET promotion_status = 'READY', updated_at = :now
             WHERE promotion_id = :promotionId AND promotion_status = 'COMPLETED'`,
            { promotionId: of.promotionId, now: toDateTime(nowMs) },
          );
        }
        return letters.length;
      }),

    redriveTransient: (of, limit, nowMs) =>
      db.transaction(async (tx) => {
        await lockPromotion(tx, of);
        const letters = await tx.query(
          letterRow,
          `${failedLetters(of)} AND d.is_transient = 1 AND NOT EXISTS (
             SELECT 1 FROM campaign_redrives e WHERE e.dead_letter_key = d.dead_letter_key AND e.is_automatic = 1)
           ORDER BY d.dead_letter_id LIMIT ${limit}`,
          keyOf(of),
        );
        await redriveLetters(tx, of, letters, { isAutomatic: true, nowMs });
        return letters.length;
      }),
  };
}

/** So that a campaign is not COMPLETED while its dead letters are made PENDING: see finishRun. */
async function lockPromotion(tx: SqlExecutor, { promotionId }: PromotionKey): Promise<void> {
  await tx.query(
    z.object({ promotionId: id }),
    `SELECT CAST(promotion_id AS CHAR) AS promotionId FROM campaign_promotions
     WHERE promotion_id = :promotionId FOR UPDATE`,
    { promotionId },
  );
}

async function redriveLetters(
  tx: SqlExecutor,
  of: PromotionKey,
  letters: readonly Letter[],
  how: { readonly isAutomatic: boolean; readonly nowMs: number },
): Promise<void> {
  if (letters.length === 0) return;
  const { targets, results, targetId } = TABLES[of.promotionType];
  const { promotionId } = of;
  const parameters = { promotionId, letters: JSON.stringify(letters), now: toDateTime(how.nowMs) };
  const lettersTable = `JSON_TABLE(:letters, '$[*]' COLUMNS (
    letter_key VARCHAR(120) PATH '$.key', target_id BIGINT PATH '$.targetId')) AS letter`;
  await tx.execute(
    `INSERT INTO campaign_redrives (dead_letter_key, promotion_id, is_automatic, redriven_at)
     SELECT letter.letter_key, :promotionId, :isAutomatic, :now FROM ${lettersTable}`,
    { ...parameters, isAutomatic: Number(how.isAutomatic) },
  );
  await tx.execute(
    `UPDATE ${lettersTable} JOIN ${targets} t ON t.${targetId} = letter.target_id
     SET t.publish_status = 'PENDING', t.updated_at = :now WHERE t.promotion_id = :promotionId`,
    parameters,
  );
  await tx.execute(
    `UPDATE ${lettersTable} JOIN ${results} r ON r.${targetId} = letter.target_id
     SET r.process_status = 'PENDING', r.attempt_count = 0, r.updated_at = :now
     WHERE r.promotion_id = :promotionId AND r.process_status = 'FAILED'`,
    parameters,
  );
}

function keyOf({ promotionId, promotionType }: PromotionKey) {
  return { promotionId, promotionType };
}

function jsonOrNull(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list);
}
