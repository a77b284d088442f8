/** Reads a campaign's targets once through, and plans its run from what they come to. */
import { exceeds } from '../../lambdas/campaign-grant/domain/money.ts';
import { sqlPromotionStore } from '../../lambdas/campaign-grant/adapters/sql-promotion-store.ts';
import type { DataApi } from '../../lambdas/shared/data-api.ts';
import type { PromotionStatus, PromotionType } from '../../schema/promotion.ts';
import { refuse } from '../campaigns/run-command.ts';
import { readRanges } from '../targets/target-ids.ts';
import { readBusiestCustomer, readDuplicateVouchers } from './read-duplicates.ts';
import type { BusiestCustomer, DuplicateVouchers } from './read-duplicates.ts';
import { readTargets } from './read-targets.ts';
import { TargetTally } from './rules/target-tally.ts';
import type { TargetFigures } from './rules/target-tally.ts';

const RANGE_SIZE = 100_000;
/** Pages that are asked for at once. */
const READERS = 4;

export interface CampaignTargets extends TargetFigures {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly status: PromotionStatus;
  /** null: no limit was set. */
  readonly totalAmount: string | null;
  /** BeginCampaign would refuse it. */
  readonly isOverBudget: boolean;
  /** null: points have no voucher numbers. */
  readonly duplicateVouchers: DuplicateVouchers | null;
  /** null: nobody is left to be paid. */
  readonly busiestCustomer: BusiestCustomer | null;
}

export type Progress = (what: string, done: number) => void;

/** @throws CommandFailure when there is no such promotion, Error of one line when it could not be read */
export async function readCampaignTargets(
  db: DataApi,
  promotionId: string,
  progress: Progress,
): Promise<CampaignTargets> {
  const promotion = await sqlPromotionStore(db).findPromotion(promotionId);
  if (promotion === undefined) refuse('plan', `promotion ${promotionId} does not exist`);
  const { promotionType, status, totalAmount } = promotion;
  const tally = new TargetTally(promotion);
  const left = (await readRanges(db, promotion, RANGE_SIZE)).values();
  const readers = Array.from({ length: READERS }, async () => {
    for (const range of left) {
      for await (const page of readTargets(db, promotion, range)) {
        for (const target of page) tally.add(target);
        progress('targets read', tally.total);
      }
    }
  });
  await Promise.all(readers);
  const { figures } = tally;
  const duplicateVouchers = await readDuplicateVouchers(db, promotion, figures.total);
  const busiestCustomer = await readBusiestCustomer(db, promotion, figures.total);
  return {
    promotionId,
    promotionType,
    status,
    ...figures,
    totalAmount,
    isOverBudget: totalAmount !== null && exceeds(figures.plannedAmount, totalAmount),
    duplicateVouchers: duplicateVouchers ?? null,
    busiestCustomer: busiestCustomer ?? null,
  };
}
