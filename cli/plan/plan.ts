import type { PromotionType } from '../../schema/promotion.ts';
import type { CampaignTargets } from './plan-campaign.ts';
import type { Workload } from './rules/duration.ts';
import type { RunPlan } from './rules/plan-run.ts';

/** What the command prints. */
export interface Plan extends RunPlan {
  /** Whose configuration the settings are, where no option says otherwise. */
  readonly stage: string;
  readonly promotionType: PromotionType;
  /** null: planned without data. */
  readonly targets: CampaignTargets | null;
}

export function workOf({
  total,
  alreadyGranted,
  alreadyFailed,
  toPay,
  busiestCustomer,
}: CampaignTargets): Workload {
  return {
    remaining: total - alreadyGranted - alreadyFailed,
    toPay,
    mostOfOneCustomer: busiestCustomer?.targets ?? 0,
  };
}

/** Each target another customer's, and all of them valid. */
export function plainWork(count: number): Workload {
  return { remaining: count, toPay: count, mostOfOneCustomer: 1 };
}
