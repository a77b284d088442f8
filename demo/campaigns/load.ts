/** Loads a demo promotion as the client's own loader would: plain SQL into the ERD's tables. */
import type { Pool } from 'mysql2/promise';
import type { PromotionType } from '../../schema/promotion.ts';
import { DEFAULTS, demoTargets } from './targets.ts';

const ROWS_PER_INSERT = 2_000;

export interface DemoPromotion {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly targets: number;
  readonly invalid: number;
  readonly expectedAmount: number;
}

/** The promotion is READY with no reservation: it starts when somebody starts it. */
export async function loadPromotion(
  db: Pool,
  demo: { promotionId: string; promotionType: PromotionType; targets: number; seed: number },
): Promise<DemoPromotion> {
  const { promotionId, promotionType, targets, seed } = demo;
  await db.query(
    `INSERT INTO campaign_promotions (promotion_id, campaign_code, promotion_type, promotion_status, total_count,
       default_reason, default_amount, default_expiry_at, created_by)
     VALUES (?, ?, ?, 'READY', ?, ?, ?, ?, 'demo')`,
    [
      promotionId,
      `DEMO-${promotionId}`,
      promotionType,
      targets,
      DEFAULTS.reason,
      DEFAULTS.amount,
      DEFAULTS.expiryAt,
    ],
  );

  let invalid = 0;
  let expectedAmount = 0;
  let rows: (string | null)[][] = [];
  const flush = async () => {
    if (rows.length > 0) await insertTargets(db, promotionType, rows);
    rows = [];
  };
  for (const target of demoTargets(promotionType, promotionId, targets, seed)) {
    if (target.expectedAmount === null) invalid += 1;
    else expectedAmount += target.expectedAmount;
    rows.push([
      promotionId,
      target.customerUid,
      target.amount,
      target.expiredAt,
      target.reason,
      target.voucherNumber,
    ]);
    if (rows.length === ROWS_PER_INSERT) await flush();
  }
  await flush();
  await db.query('UPDATE campaign_promotions SET total_amount = ? WHERE promotion_id = ?', [
    // An invalid target may have an amount too (its date is wrong): the budget covers it.
    expectedAmount + invalid * 10_000,
    promotionId,
  ]);
  return { promotionId, promotionType, targets, invalid, expectedAmount };
}

async function insertTargets(db: Pool, type: PromotionType, rows: (string | null)[][]): Promise<void> {
  const common = 'promotion_id, customer_uid, amount, expired_at, reason';
  if (type === 'VOUCHER') {
    await db.query(`INSERT INTO campaign_promotion_voucher_targets (${common}, voucher_number) VALUES ?`, [
      rows,
    ]);
  } else {
    const points = rows.map((row) => row.slice(0, -1));
    await db.query(`INSERT INTO campaign_promotion_point_targets (${common}) VALUES ?`, [points]);
  }
}
