/** What decides whether a promotion may be loaded, and how much is in it already. */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import { DATABASE_NOW_MS } from '../../lambdas/campaign-grant/adapters/sql-breaker-store.ts';
import { SEEN_WITHIN_MS } from '../../lambdas/campaign-grant/adapters/sql-turn-store.ts';
import type { GrantDefaults } from '../../lambdas/campaign-grant/domain/target.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { promotionStatus, promotionType } from '../../schema/promotion.ts';
import type { PromotionStatus, PromotionType } from '../../schema/promotion.ts';

export interface LoadState {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly status: PromotionStatus;
  readonly runs: number;
  /** An execution of it waits for its turn. */
  readonly asksForTurn: boolean;
  readonly defaults: GrantDefaults;
  /** The most that may be granted, an exact decimal; null: no limit was set. */
  readonly totalAmount: string | null;
  readonly targetCount: number;
  /** '0': none. */
  readonly lastTargetId: string;
}

const promotionRow = z.object({
  promotionType,
  status: promotionStatus,
  totalAmount: z.string().nullable(),
  reason: z.string().nullable(),
  amount: z.string().nullable(),
  expiryAt: z.string().nullable(),
});
const usesRow = z.object({ runs: z.int(), turns: z.int() });
const targetsRow = z.object({ count: z.int(), lastId: z.string() });

/**
 * @param lock the promotion's row: nobody begins a run and nobody adds a target until the transaction ends
 * @returns undefined when there is no such promotion
 */
export async function readLoadState(
  db: SqlExecutor,
  promotionId: string,
  { lock }: { readonly lock: boolean },
): Promise<LoadState | undefined> {
  const [promotion] = await db.query(
    promotionRow,
    `SELECT promotion_type AS promotionType, promotion_status AS status,
            CAST(total_amount AS CHAR) AS totalAmount, default_reason AS reason,
            CAST(default_amount AS CHAR) AS amount, CAST(default_expiry_at AS CHAR) AS expiryAt
     FROM campaign_promotions WHERE promotion_id = :promotionId ${lock ? 'FOR UPDATE' : ''}`,
    { promotionId },
  );
  if (promotion === undefined) return undefined;
  const { reason, amount, expiryAt, ...rest } = promotion;
  // Statements of their own: what the one above waited for has been committed when these are read.
  const [uses] = await db.query(
    usesRow,
    `SELECT (SELECT COUNT(*) FROM campaign_runs WHERE promotion_id = :promotionId) AS runs,
            (SELECT COUNT(*) FROM campaign_turns
             WHERE promotion_id = :promotionId AND seen_ms > ${DATABASE_NOW_MS} - ${SEEN_WITHIN_MS}) AS turns`,
    { promotionId },
  );
  const { targets, targetId } = TABLES[promotion.promotionType];
  const [found] = await db.query(
    targetsRow,
    `SELECT COUNT(*) AS count, CAST(COALESCE(MAX(${targetId}), 0) AS CHAR) AS lastId
     FROM ${targets} WHERE promotion_id = :promotionId`,
    { promotionId },
  );
  return {
    promotionId,
    ...rest,
    runs: uses?.runs ?? 0,
    asksForTurn: (uses?.turns ?? 0) > 0,
    defaults: { reason, amount, expiryAt },
    targetCount: found?.count ?? 0,
    lastTargetId: found?.lastId ?? '0',
  };
}

/**
 * Targets are settled when the first run begins: until then a plan shows them, and BeginCampaign holds their sum against
 * the promotion's total_amount.
 * @returns why nothing may be loaded; undefined when it may
 */
export function whyNot({ promotionId, status, runs, asksForTurn }: LoadState): string | undefined {
  const why = (reason: string) => `promotion ${promotionId} ${reason}`;
  if (runs > 0) return why(`is ${status} and has run already: its targets were settled when it began`);
  if (asksForTurn) return why('waits for its turn: stop it, load, and resume it');
  if (status !== 'READY' && status !== 'STOPPED')
    return why(`is ${status}: only one that has not begun is loaded`);
  return undefined;
}

/** Whether nothing was loaded, edited or started between the two looks. */
export function isUnchanged(before: LoadState, now: LoadState): boolean {
  return JSON.stringify(before) === JSON.stringify(now);
}
