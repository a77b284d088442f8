/**
 * The demo's promotions: mostly plain targets, some that fall back to a default of the promotion, some that are
 * invalid. What each should be granted is said here by itself, not computed by the code that is being shown.
 */
import type { PromotionType } from '../../schema/promotion.ts';

export interface DemoTarget {
  readonly customerUid: string;
  readonly voucherNumber: string | null;
  readonly amount: string | null;
  readonly expiredAt: string | null;
  readonly reason: string | null;
  /** KRW; null: it is invalid and must not be granted. */
  readonly expectedAmount: number | null;
}

export const DEFAULTS = {
  reason: 'Demo campaign',
  amount: '700.00',
  expiryAt: '2030-12-31 23:59:59',
} as const;
const DEFAULT_AMOUNT = 700;

const INVALID: readonly Partial<DemoTarget>[] = [
  { amount: '0.00' },
  { amount: '-100.00' },
  { expiredAt: '2030-02-30' },
  { expiredAt: 'tomorrow' },
];
const WITHOUT_VOUCHER_NUMBER: Partial<DemoTarget> = { voucherNumber: null };

/** The same number, type and seed always give the same targets. */
export function* demoTargets(
  type: PromotionType,
  promotionId: string,
  count: number,
  seed: number,
): Generator<DemoTarget> {
  const invalid = type === 'VOUCHER' ? [...INVALID, WITHOUT_VOUCHER_NUMBER] : INVALID;
  for (let index = 0; index < count; index += 1) {
    const amount = 1_000 + ((index * 7_919 + seed * 104_729) % 90) * 100;
    // One customer in a hundred is in the list twice: their grants must not be paid at once.
    const customer = index % 100 === 51 ? index - 1 : index;
    const plain = {
      customerUid: String(100_000_000 + customer),
      voucherNumber: type === 'VOUCHER' ? `D${promotionId}-${index}` : null,
      amount: `${amount}.00`,
      expiredAt: '2030-06-30',
      reason: `Demo grant ${index % 10}`,
      expectedAmount: amount,
    };
    if (index % 500 === 250) {
      const kind = invalid[((index - 250) / 500) % invalid.length];
      yield { ...plain, ...kind, expectedAmount: null };
    } else {
      yield { ...plain, ...defaulted(index) };
    }
  }
}

function defaulted(index: number): Partial<DemoTarget> {
  switch (index % 50) {
    case 10:
      return { reason: null };
    case 20:
      return { amount: null, expectedAmount: DEFAULT_AMOUNT };
    case 30:
      return { expiredAt: null };
    case 40:
      return { reason: null, amount: null, expiredAt: null, expectedAmount: DEFAULT_AMOUNT };
    default:
      return {};
  }
}
