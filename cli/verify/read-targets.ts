/** Reads all targets of a campaign with their results, page by page, by the keyset of their ids. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import { idempotencyKey } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id, publishStatus } from '../../schema/promotion.ts';
import type { PromotionType } from '../../schema/promotion.ts';
import type { TargetFacts } from './rules/target-tally.ts';

interface Campaign {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
}

/** Both ends included. */
export interface IdRange {
  readonly from: string;
  readonly to: string;
}

/** Well under the Data API's 1 MiB an answer, even with the longest columns. */
const PAGE_SIZE = 1_000;

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
const rangeRow = z.object({ from: id.nullable(), to: id.nullable() });

/** Cuts the targets into ranges of so many, in order of id. */
export async function readRanges(db: SqlExecutor, of: Campaign, size: number): Promise<IdRange[]> {
  const ranges: IdRange[] = [];
  let after = '0';
  for (;;) {
    const [range] = await db.query(
      rangeRow,
      `SELECT CAST(MIN(id) AS CHAR) AS \`from\`, CAST(MAX(id) AS CHAR) AS \`to\`
       FROM (${idsAfter(of.promotionType, size)}) AS ids`,
      { promotionId: of.promotionId, after, upTo: MAX_ID },
    );
    if (range === undefined || range.from === null || range.to === null) return ranges;
    ranges.push({ from: range.from, to: range.to });
    after = range.to;
  }
}

/** The targets of the range, a page at a time. */
export async function* readTargets(
  db: SqlExecutor,
  of: Campaign,
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

const MAX_ID = '9223372036854775807';

/**
 * The next ids of the promotion. The index is (promotion_id, publish_status, id): each status is read in order from
 * it, and the three are merged, so that a page costs a page, wherever the promotion's rows lie in the table. One
 * statement, because a row that changes its status between two would be seen twice or never.
 */
function idsAfter(type: PromotionType, limit: number): string {
  const { targets, targetId } = TABLES[type];
  const ofStatus = publishStatus.options.map(
    (status) =>
      `(SELECT ${targetId} AS id FROM ${targets}
        WHERE promotion_id = :promotionId AND publish_status = '${status}'
          AND ${targetId} > :after AND ${targetId} <= :upTo
        ORDER BY ${targetId} LIMIT ${limit})`,
  );
  return `${ofStatus.join(' UNION ALL ')} ORDER BY id LIMIT ${limit}`;
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
