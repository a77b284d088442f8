/** Reads what a plan needs of a campaign's targets, page by page, by the keyset of their ids. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id, publishStatus } from '../../schema/promotion.ts';
import type { PromotionType } from '../../schema/promotion.ts';
import type { IdRange } from '../verify/read-targets.ts';
import type { PlannedTarget } from './rules/target-tally.ts';

export interface CampaignKey {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
}

/** Under the Data API's 1 MiB an answer, even with the longest columns. */
const PAGE_SIZE = 1_000;

const targetRow = z.object({
  targetId: id,
  customerUid: z.string(),
  voucherNumber: z.string().nullable(),
  amount: z.string().nullable(),
  expiredAt: z.string().nullable(),
  reason: z.string().nullable(),
  processStatus: z.string().nullable(),
});

/** The targets of the range, a page at a time. */
export async function* readTargets(
  db: SqlExecutor,
  of: CampaignKey,
  range: IdRange,
): AsyncGenerator<readonly PlannedTarget[]> {
  const { targets, results, targetId, voucherNumber } = TABLES[of.promotionType];
  let after = String(BigInt(range.from) - 1n);
  for (;;) {
    const rows = await db.query(
      targetRow,
      `SELECT CAST(t.${targetId} AS CHAR) AS targetId, CAST(t.customer_uid AS CHAR) AS customerUid,
              ${voucherNumber} AS voucherNumber, CAST(t.amount AS CHAR) AS amount, t.expired_at AS expiredAt,
              t.reason AS reason, r.process_status AS processStatus
       FROM (${idsAfter(of.promotionType)}) AS ids
       JOIN ${targets} t ON t.${targetId} = ids.id
       LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}
       ORDER BY ids.id`,
      { promotionId: of.promotionId, after, upTo: range.to },
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => ({ ...row, ...PASSED_THROUGH }));
    if (last.targetId === range.to) return;
    after = last.targetId;
  }
}

/** Columns that a grant carries and that nothing is decided by. */
const PASSED_THROUGH = {
  merchantCode: null,
  merchantBrandCode: null,
  isWithdrawal: null,
  partitionKey: null,
};

/**
 * As verify reads them: each status in order from the index (promotion_id, publish_status, id), merged, in one
 * statement, because a row that changes its status between two would be seen twice or never.
 */
function idsAfter(type: PromotionType): string {
  const { targets, targetId } = TABLES[type];
  const ofStatus = publishStatus.options.map(
    (status) =>
      `(SELECT ${targetId} AS id FROM ${targets}
        WHERE promotion_id = :promotionId AND publish_status = '${status}'
          AND ${targetId} > :after AND ${targetId} <= :upTo
        ORDER BY ${targetId} LIMIT ${PAGE_SIZE})`,
  );
  return `${ofStatus.join(' UNION ALL ')} ORDER BY id LIMIT ${PAGE_SIZE}`;
}
