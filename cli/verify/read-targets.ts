/** Reads all targets of a campaign with their results, page by page, by the keyset of their ids. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import { idempotencyKey } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id } from '../../schema/promotion.ts';
import { PAGE_SIZE, idsAfter } from '../targets/target-ids.ts';
import type { CampaignKey, IdRange } from '../targets/target-ids.ts';
import type { TargetFacts } from './rules/target-tally.ts';

/** A condition is 0 or 1 in SQL; a TINYINT(1) column comes as a boolean. */
const flag = z.union([z.boolean(), z.int().transform((value) => value !== 0)]);

const targetRow = z.object({
  id,
  customer: z.string(),
  voucher: z.string().nullable(),
  amount: z.string().nullable(),
  publish: z.string(),
  resultOf: z.string().nullable(),
  process: z.string().nullable(),
  txKey: z.string().nullable(),
  reason: flag.nullable(),
  attempts: z.int().nullable(),
  transient: flag.nullable(),
});
/** The targets of the range, a page at a time. */
export async function* readTargets(
  db: SqlExecutor,
  of: CampaignKey,
  range: IdRange,
): AsyncGenerator<readonly TargetFacts[]> {
  const { targets, results, targetId, voucherNumber } = TABLES[of.promotionType];
  let after = String(BigInt(range.from) - 1n);
  for (;;) {
    const rows = await db.query(
      targetRow,
      `SELECT CAST(t.${targetId} AS CHAR) AS id, CAST(t.customer_uid AS CHAR) AS customer,
              ${voucherNumber} AS voucher, CAST(t.amount AS CHAR) AS amount, t.publish_status AS publish,
              CAST(r.promotion_id AS CHAR) AS resultOf, r.process_status AS process,
              r.transaction_key AS txKey, r.error_message <> '' AS reason, r.attempt_count AS attempts,
              d.is_transient AS transient
       FROM (${idsAfter(of.promotionType, PAGE_SIZE)}) AS ids
       JOIN ${targets} t ON t.${targetId} = ids.id
       LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}
       LEFT JOIN campaign_dead_letters d ON r.process_status = 'FAILED'
         AND d.dead_letter_key = CONCAT(:keyPrefix, t.${targetId})
       ORDER BY ids.id`,
      {
        promotionId: of.promotionId,
        after,
        upTo: range.to,
        keyPrefix: idempotencyKey({ ...of, targetId: '' }),
      },
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(toFacts);
    if (last.id === range.to) return;
    after = last.id;
  }
}

function toFacts(row: z.output<typeof targetRow>): TargetFacts {
  const { id: targetId, resultOf, process, transient } = row;
  return {
    targetId,
    customerUid: row.customer,
    voucherNumber: row.voucher,
    amount: row.amount,
    publishStatus: row.publish,
    result:
      resultOf === null || process === null
        ? null
        : {
            promotionId: resultOf,
            processStatus: process,
            transactionKey: row.txKey,
            hasReason: row.reason === true,
            attemptCount: row.attempts ?? 0,
          },
    deadLetter: transient === null ? null : { isTransient: transient },
  };
}
