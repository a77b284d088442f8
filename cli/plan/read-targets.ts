/** Reads what a plan needs of a campaign's targets, page by page, by the keyset of their ids. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id } from '../../schema/promotion.ts';
import { PAGE_SIZE, idsAfter } from '../targets/target-ids.ts';
import type { CampaignKey, IdRange } from '../targets/target-ids.ts';
import type { PlannedTarget } from './rules/target-tally.ts';

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
       FROM (${idsAfter(of.promotionType, PAGE_SIZE)}) AS ids
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
