/**
 * Checks a finished campaign against what the demo loaded and against the Money API's ledger. Nothing of
 * Grantline's own rules is used here.
 */
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import type { PromotionType } from '../../schema/promotion.ts';
import { equal } from '../checks.ts';
import type { Check } from '../checks.ts';
import type { LedgerEntry } from './ledger.ts';
import type { DemoPromotion } from './load.ts';
import { demoTargets } from './targets.ts';

const TABLES = {
  VOUCHER: { kind: 'voucher', results: 'campaign_promotion_voucher_results' },
  POINT: { kind: 'point', results: 'campaign_promotion_point_results' },
} as const satisfies Record<PromotionType, unknown>;

const resultRows = z.tuple([
  z.array(z.object({ id: z.string(), status: z.string().nullable(), publish: z.string() })),
  z.unknown(),
]);
const summaryRows = z.tuple([
  z.array(z.object({ status: z.string(), published: z.number(), success: z.number(), fail: z.number() })),
  z.unknown(),
]);

export interface CampaignFigures {
  readonly granted: number;
  readonly failed: number;
  readonly duplicates: number;
}

/** @param ledger undefined: an external Money API whose ledger is not given; then only the rows are checked. */
export async function checkCampaign(
  db: Pool,
  promotion: DemoPromotion,
  seed: number,
  ledger: AsyncIterable<LedgerEntry> | undefined,
): Promise<{ checks: Check[]; figures: CampaignFigures }> {
  const rows = await readRows(db, promotion);
  const summary = await readSummary(db, promotion.promotionId);
  const expected = [...demoTargets(promotion.promotionType, promotion.promotionId, promotion.targets, seed)];

  const granted = rows.filter((row) => row.status === 'SUCCESS').length;
  const failed = rows.filter((row) => row.status === 'FAILED').length;
  // Rows are in the order in which they were loaded.
  const paidInvalid = rows.filter(
    (row, index) => row.status === 'SUCCESS' && expected[index]?.expectedAmount === null,
  );
  const invalidFailed = rows.filter(
    (row, index) => row.publish === 'FAILED' && expected[index]?.expectedAmount === null,
  );

  const checks = [
    equal('every target has a final result', granted + failed, promotion.targets),
    equal(
      'the invalid targets are FAILED, with a reason, and only they were not published',
      invalidFailed.length,
      promotion.invalid,
    ),
    equal('no invalid target was paid', paidInvalid.length, 0),
    { name: 'the campaign is COMPLETED', ok: summary.status === 'COMPLETED', detail: summary.status },
    equal('the counters of the summary are those of the rows (granted)', summary.success, granted),
    equal('the counters of the summary are those of the rows (failed)', summary.fail, failed),
  ];
  if (ledger === undefined) return { checks, figures: { granted, failed, duplicates: 0 } };

  const paid = await readPaid(promotion, ledger);
  let wrongAmounts = 0;
  let missing = 0;
  let expectedSum = 0;
  for (const [index, row] of rows.entries()) {
    const amount = paid.amounts.get(`${promotion.promotionType}-${promotion.promotionId}-${row.id}`);
    if (row.status === 'SUCCESS') {
      expectedSum += expected[index]?.expectedAmount ?? 0;
      if (amount === undefined) missing += 1;
    }
    if (amount !== undefined && Number(amount) !== expected[index]?.expectedAmount) wrongAmounts += 1;
  }
  checks.push(
    equal('each grant that we call a success is in the ledger', missing, 0),
    equal('the ledger has as many grants as we have successes', paid.amounts.size, granted),
    equal('no key and no voucher was granted twice', paid.duplicates, 0),
    equal('no grant carries another amount than its target', wrongAmounts, 0),
    equal('the sums agree (KRW)', paid.sum, expectedSum),
  );
  return { checks, figures: { granted, failed, duplicates: paid.duplicates } };
}

async function readRows(db: Pool, { promotionType, promotionId }: DemoPromotion) {
  const { kind, results } = TABLES[promotionType];
  const [rows] = resultRows.parse(
    await db.query(
      `SELECT CAST(t.${kind}_target_id AS CHAR) AS id, r.process_status AS status, t.publish_status AS publish
       FROM campaign_promotion_${kind}_targets t
       LEFT JOIN ${results} r ON r.${kind}_target_id = t.${kind}_target_id
         AND (r.process_status <> 'FAILED' OR r.error_message IS NOT NULL)
       WHERE t.promotion_id = ? ORDER BY t.${kind}_target_id`,
      [promotionId],
    ),
  );
  return rows;
}

async function readSummary(db: Pool, promotionId: string) {
  const [[row]] = summaryRows.parse(
    await db.query(
      `SELECT p.promotion_status AS status, s.published_count AS published, s.success_count AS success,
              s.fail_count AS fail
       FROM campaign_promotions p JOIN campaign_promotion_summary s ON s.promotion_id = p.promotion_id
       WHERE p.promotion_id = ?`,
      [promotionId],
    ),
  );
  if (row === undefined) throw new Error(`promotion ${promotionId} has no summary`);
  return row;
}

async function readPaid({ promotionType, promotionId }: DemoPromotion, ledger: AsyncIterable<LedgerEntry>) {
  const amounts = new Map<string, string>();
  const vouchers = new Set<string>();
  let duplicates = 0;
  let sum = 0;
  for await (const entry of ledger) {
    if (!entry.key.startsWith(`${promotionType}-${promotionId}-`)) continue;
    const voucher = entry.voucherNumber ?? undefined;
    if (amounts.has(entry.key) || (voucher !== undefined && vouchers.has(voucher))) duplicates += 1;
    amounts.set(entry.key, entry.amount);
    if (voucher !== undefined) vouchers.add(voucher);
    sum += Number(entry.amount);
  }
  return { amounts, duplicates, sum };
}
