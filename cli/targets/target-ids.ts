/** The ids of a campaign's targets in order, by keyset: what verify and plan both page by. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id, publishStatus } from '../../schema/promotion.ts';
import type { PromotionType } from '../../schema/promotion.ts';

export interface CampaignKey {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
}

/** Both ends included. */
export interface IdRange {
  readonly from: string;
  readonly to: string;
}

/** Well under the Data API's 1 MiB an answer, even with the longest columns. */
export const PAGE_SIZE = 1_000;

const rangeRow = z.object({ from: id.nullable(), to: id.nullable() });

/** Cuts the targets into ranges of so many, in order of id. */
export async function readRanges(db: SqlExecutor, of: CampaignKey, size: number): Promise<IdRange[]> {
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

const MAX_ID = '9223372036854775807';

/**
 * The next ids of the promotion. The index is (promotion_id, publish_status, id): each status is read in order from
 * it, and the three are merged, so that a page costs a page, wherever the promotion's rows lie in the table. One
 * statement, because a row that changes its status between two would be seen twice or never. The index is named, or
 * MariaDB reads each status from its start and passes over what comes before the page.
 */
export function idsAfter(type: PromotionType, limit: number): string {
  const { targets, targetId } = TABLES[type];
  const ofStatus = publishStatus.options.map(
    (status) =>
      `(SELECT ${targetId} AS id FROM ${targets} FORCE INDEX (ix_${targets}_publish)
        WHERE promotion_id = :promotionId AND publish_status = '${status}'
          AND ${targetId} > :after AND ${targetId} <= :upTo
        ORDER BY ${targetId} LIMIT ${limit})`,
  );
  return `${ofStatus.join(' UNION ALL ')} ORDER BY id LIMIT ${limit}`;
}
