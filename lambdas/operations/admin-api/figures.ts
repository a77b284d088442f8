/** What Prometheus is shown, from small rows alone: one a campaign that is not final, and the breaker's. */
import * as z from 'zod';
import { RATE_VALID_MS } from '../../../schema/progress-rate.ts';
import { id, promotionType } from '../../../schema/promotion.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import type { SqlExecutor } from '../../shared/data-api.ts';

export interface CampaignFigures {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly targets: number;
  readonly published: number;
  readonly granted: number;
  readonly failed: number;
  readonly retried: number;
  /** Targets that became final in a second; null: not measured lately. */
  readonly finalPerSecond: number | null;
  /** Dead letters that a redrive would pay again, up to MOST_DEAD_LETTERS. */
  readonly deadLetters: number;
}

export interface Figures {
  readonly breakerIsOpen: boolean;
  readonly unpublishedAlerts: number;
  readonly campaigns: readonly CampaignFigures[];
}

/** Those that are paid first, then by reservation: Prometheus keeps a series for each label that it ever saw. */
const MOST_CAMPAIGNS = 100;
/** Of a campaign; a gauge that stands at this means "so many or more". */
export const MOST_DEAD_LETTERS = 10_000;
const NOW_MS = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';

const openRow = z.object({ open: z.int() });
const countRow = z.object({ count: z.int() });
const campaignRow = z.object({
  promotionId: id,
  promotionType,
  targets: z.int(),
  published: z.int(),
  granted: z.int(),
  failed: z.int(),
  retried: z.int(),
  finalPerSecond: z.coerce.number().nullable(),
});
type CampaignRow = z.output<typeof campaignRow>;

const RESULTS: Readonly<Record<PromotionType, { readonly table: string; readonly targetId: string }>> = {
  VOUCHER: { table: 'campaign_promotion_voucher_results', targetId: 'voucher_target_id' },
  POINT: { table: 'campaign_promotion_point_results', targetId: 'point_target_id' },
};

export async function readFigures(db: SqlExecutor): Promise<Figures> {
  const [isOpen, unpublishedAlerts, rows] = await Promise.all([
    breakerIsOpen(db),
    countUnpublishedAlerts(db),
    readCampaigns(db),
  ]);
  const campaigns: CampaignFigures[] = [];
  for (const row of rows) campaigns.push({ ...row, deadLetters: await countDeadLetters(db, row) });
  return { breakerIsOpen: isOpen, unpublishedAlerts, campaigns };
}

export async function breakerIsOpen(db: SqlExecutor): Promise<boolean> {
  const [row] = await db.query(
    openRow,
    'SELECT opened_ms IS NOT NULL AS open FROM campaign_money_breaker WHERE breaker_id = 1',
  );
  if (row === undefined) throw new Error('the breaker has no row: the migrations have not run');
  return row.open === 1;
}

async function countUnpublishedAlerts(db: SqlExecutor): Promise<number> {
  const [row] = await db.query(
    countRow,
    'SELECT COUNT(*) AS count FROM operations_alerts WHERE published_at IS NULL',
  );
  return row?.count ?? 0;
}

function readCampaigns(db: SqlExecutor): Promise<CampaignRow[]> {
  return db.query(
    campaignRow,
    `SELECT CAST(p.promotion_id AS CHAR) AS promotionId, p.promotion_type AS promotionType,
            COALESCE(m.total_count, p.total_count) AS targets, COALESCE(s.published_count, 0) AS published,
            COALESCE(s.success_count, 0) AS granted, COALESCE(s.fail_count, 0) AS failed,
            COALESCE(s.retry_success_count, 0) AS retried,
            CAST(IF(p.promotion_status = 'IN_PROGRESS' AND m.measured_ms > ${NOW_MS} - ${RATE_VALID_MS}
                    AND m.run_number = (SELECT MAX(run_number) FROM campaign_runs WHERE promotion_id = p.promotion_id),
                    m.final_per_second, NULL) AS CHAR) AS finalPerSecond
     FROM campaign_promotions p
     LEFT JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
     LEFT JOIN campaign_progress m ON m.promotion_id = p.promotion_id
     WHERE p.promotion_status IN ('READY', 'IN_PROGRESS')
     ORDER BY p.promotion_status = 'READY', p.reservation_at, p.promotion_id LIMIT ${MOST_CAMPAIGNS}`,
  );
}

/**
 * Of so many failed targets only: the work is bounded, whatever an outage has left. Those that were called for come
 * first, since invalid ones have no dead letter.
 */
async function countDeadLetters(
  db: SqlExecutor,
  { promotionId, promotionType: type, failed }: CampaignRow,
): Promise<number> {
  if (failed === 0) return 0;
  const { table, targetId } = RESULTS[type];
  const [row] = await db.query(
    countRow,
    `SELECT COUNT(*) AS count
     FROM (SELECT ${targetId} AS id FROM ${table}
           WHERE promotion_id = :promotionId AND process_status = 'FAILED'
           ORDER BY attempt_count DESC LIMIT ${MOST_DEAD_LETTERS}) AS failed
     JOIN campaign_dead_letters d ON d.dead_letter_key = CONCAT(:type, '-', :promotionId, '-', failed.id)`,
    { promotionId, type },
  );
  return row?.count ?? 0;
}
