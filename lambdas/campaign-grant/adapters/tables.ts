/** The two kinds of campaign differ in their tables and in nothing else. */
import type { PromotionType } from '../../../schema/promotion.ts';

export interface CampaignTables {
  readonly targets: string;
  readonly results: string;
  readonly targetId: string;
  /** Columns that only vouchers have, as select expressions. */
  readonly voucherNumber: string;
  readonly isWithdrawal: string;
}

export const TABLES: Readonly<Record<PromotionType, CampaignTables>> = {
  VOUCHER: {
    targets: 'campaign_promotion_voucher_targets',
    results: 'campaign_promotion_voucher_results',
    targetId: 'voucher_target_id',
    voucherNumber: 't.voucher_number',
    isWithdrawal: 't.is_withdrawal',
  },
  POINT: {
    targets: 'campaign_promotion_point_targets',
    results: 'campaign_promotion_point_results',
    targetId: 'point_target_id',
    voucherNumber: 'NULL',
    isWithdrawal: 'NULL',
  },
};
