/** The campaigns of a seed: mostly plain targets, some that cannot be granted, some customers with several. */
import type { GrantDefaults, TargetRow } from '../../lambdas/campaign-grant/domain/target.ts';
import type { PromotionType } from '../../schema/promotion.ts';
import type { Auditor } from './checks/auditor.ts';
import type { Random } from './engine/random.ts';
import { START_MS } from './platform/environment.ts';
import type { Plan } from './plan.ts';
import type { Database } from './services/database.ts';
import { addAmounts, positive } from './services/decimals.ts';
import type { PromotionRecord } from './services/rows.ts';
import { toWholeDateTime } from './services/seoul-date-time.ts';

const DEFAULTS: GrantDefaults = { reason: 'a gift', amount: '500.00', expiryAt: '2030-12-31 23:59:59' };

/** @returns keys that the Money API will never grant. */
export function loadPromotions(
  database: Database,
  auditor: Auditor,
  plan: Plan,
  random: Random,
): Set<string> {
  const refused = new Set<string>();
  const load = (targetCount: number) => {
    const promotion = insert(database, plan, random, targetCount);
    auditor.watch(promotion);
    const rate = random.pick([0, 0, 0.1, 0.5]);
    for (const { row } of promotion.targets) {
      if (random.chance(rate)) {
        refused.add(`${promotion.promotionType}-${promotion.promotionId}-${row.targetId}`);
      }
    }
  };
  load(plan.targetCount);
  if (plan.secondCampaign) load(Math.ceil(plan.targetCount / 3));
  return refused;
}

function insert(database: Database, plan: Plan, random: Random, targetCount: number): PromotionRecord {
  const promotionType = random.pick<PromotionType>(['VOUCHER', 'POINT']);
  const customers = random.chance(0.3) ? Math.ceil(targetCount / 4) : targetCount;
  const invalidRate = random.pick([0, 0, 0.05, 0.3]);
  const targets = Array.from({ length: targetCount }, (_, index) =>
    target(promotionType, random, String(1 + (index % customers)), invalidRate),
  );
  const amounts = targets.map(({ amount }) => positive(amount ?? DEFAULTS.amount ?? '0'));
  // The second campaign is reserved, so that who is first is decided.
  const isReserved = database.promotions.length > 0 || random.chance(0.2);
  const reservedMs = START_MS + random.integer(-30, 60) * 1000;
  // A default that is raised before the first run may exceed the limit, which is then rightly refused.
  const isEdited = plan.deeds.some(({ deed }) => deed.kind === 'edit-defaults');
  return database.insertPromotion({
    promotionType,
    defaults: DEFAULTS,
    totalAmount: random.chance(0.5) && !isEdited ? addAmounts(amounts) : null,
    reservationAt: isReserved || plan.secondCampaign ? toWholeDateTime(reservedMs) : null,
    priority: random.integer(0, 2),
    targets,
  });
}

function target(
  promotionType: PromotionType,
  random: Random,
  customerUid: string,
  invalidRate: number,
): Omit<TargetRow, 'targetId'> {
  const isVoucher = promotionType === 'VOUCHER';
  const isInvalid = random.chance(invalidRate);
  return {
    customerUid,
    voucherNumber: isVoucher ? `V${customerUid}` : null,
    merchantCode: null,
    merchantBrandCode: null,
    // NULL falls back to the promotion's default.
    amount: isInvalid ? '-1.00' : random.pick([null, '1000.00', '99.50']),
    expiredAt: random.pick([null, '2030-06-30']),
    reason: random.pick([null, 'a reason']),
    isWithdrawal: null,
    partitionKey: null,
  };
}
