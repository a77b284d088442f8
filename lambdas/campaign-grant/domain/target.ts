/**
 * From a target's row to the message of its grant: what is NULL falls back to the promotion's default, what
 * cannot be granted says why.
 */
import { GRANT_MESSAGE_VERSION, TOPICS } from '../../../schema/grant-message.ts';
import type { GrantMessage } from '../../../schema/grant-message.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import { compactDateTime, endOfDay, toSentAt } from '../../../schema/seoul-time.ts';

/** What every target of a promotion falls back to. Amounts are exact decimals in strings. */
export interface GrantDefaults {
  readonly reason: string | null;
  readonly amount: string | null;
  /** DATETIME, Asia/Seoul. */
  readonly expiryAt: string | null;
}

/** A row of either target table; what only vouchers have is null for points. */
export interface TargetRow {
  readonly targetId: string;
  readonly customerUid: string;
  readonly voucherNumber: string | null;
  readonly merchantCode: string | null;
  readonly merchantBrandCode: string | null;
  readonly amount: string | null;
  /** yyyy-MM-dd. */
  readonly expiredAt: string | null;
  readonly reason: string | null;
  readonly isWithdrawal: boolean | null;
  readonly partitionKey: string | null;
}

export interface PublishContext {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly defaults: GrantDefaults;
  readonly partitionNumber: number;
  readonly nowMs: number;
}

/** Why a target cannot be granted: recorded as the error message of its FAILED result. */
export type InvalidReason =
  | 'INVALID_CUSTOMER: customer_uid is not positive'
  | 'INVALID_AMOUNT: neither the target nor the promotion has an amount'
  | 'INVALID_AMOUNT: the amount is not positive'
  | 'INVALID_REASON: neither the target nor the promotion has a reason'
  | 'INVALID_EXPIRY: expired_at is not a date of the form yyyy-MM-dd'
  | 'INVALID_EXPIRY: neither the target nor the promotion has an expiry'
  | 'INVALID_VOUCHER: voucher_number is missing';

export type Resolved =
  | { readonly ok: true; readonly message: GrantMessage }
  | { readonly ok: false; readonly reason: InvalidReason };

export function resolveTarget(row: TargetRow, context: PublishContext): Resolved {
  if (!/^[1-9][0-9]*$/.test(row.customerUid))
    return invalid('INVALID_CUSTOMER: customer_uid is not positive');

  const rawAmount = row.amount ?? context.defaults.amount;
  if (rawAmount === null)
    return invalid('INVALID_AMOUNT: neither the target nor the promotion has an amount');
  const amount = positiveAmount(rawAmount);
  if (amount === undefined) return invalid('INVALID_AMOUNT: the amount is not positive');

  const reason = blankToNull(row.reason) ?? blankToNull(context.defaults.reason);
  if (reason === null) return invalid('INVALID_REASON: neither the target nor the promotion has a reason');

  const expiredAt = blankToNull(row.expiredAt);
  const expiry =
    expiredAt !== null
      ? endOfDay(expiredAt)
      : context.defaults.expiryAt === null
        ? undefined
        : compactDateTime(context.defaults.expiryAt);
  if (expiredAt !== null && expiry === undefined) {
    return invalid('INVALID_EXPIRY: expired_at is not a date of the form yyyy-MM-dd');
  }

  const envelope = { sentAt: toSentAt(context.nowMs), version: GRANT_MESSAGE_VERSION } as const;
  const common = {
    eventId: context.promotionId,
    customerUid: row.customerUid,
    ...(row.merchantCode === null ? {} : { merchantCode: row.merchantCode }),
    ...(row.merchantBrandCode === null ? {} : { merchantBrandCode: row.merchantBrandCode }),
    amount,
    reason,
    // A negative key is no key: the message's contract has none.
    partitionKey:
      row.partitionKey?.startsWith('-') === false ? row.partitionKey : String(context.partitionNumber),
  };

  if (context.promotionType === 'POINT') {
    if (expiry === undefined) {
      return invalid('INVALID_EXPIRY: neither the target nor the promotion has an expiry');
    }
    const payload = { ...common, pointEventTargetId: row.targetId, expiryAt: expiry };
    return { ok: true, message: { ...envelope, topic: TOPICS.POINT, payload } };
  }

  const voucherNumber = blankToNull(row.voucherNumber);
  if (voucherNumber === null) return invalid('INVALID_VOUCHER: voucher_number is missing');
  const payload = {
    ...common,
    voucherEventTargetId: row.targetId,
    voucherNumber,
    ...(row.isWithdrawal === null ? {} : { isWithdrawal: row.isWithdrawal }),
    // A voucher without an expiry is the Money API's to date: validUntil is optional there.
    ...(expiry === undefined ? {} : { validUntil: expiry }),
  };
  return { ok: true, message: { ...envelope, topic: TOPICS.VOUCHER, payload } };
}

function invalid(reason: InvalidReason): Resolved {
  return { ok: false, reason };
}

function blankToNull(text: string | null): string | null {
  return text === null || text.trim() === '' ? null : text;
}

/** '10000.00' → '10000', '99.50' stays: exact, as the text of a DECIMAL; undefined when zero or negative. */
function positiveAmount(decimal: string): string | undefined {
  if (!/^[0-9]{1,8}(\.[0-9]{1,2})?$/.test(decimal) || /^[0.]*$/.test(decimal)) return undefined;
  return decimal.replace(/\.0+$/, '');
}
