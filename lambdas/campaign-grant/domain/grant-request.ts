/** From a grant message to the request that the Money API's contract asks for. */
import { TOPICS } from '../../../schema/grant-message.ts';
import type { GrantMessage } from '../../../schema/grant-message.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import { idempotencyKey } from './idempotency.ts';
import type { GrantId } from './idempotency.ts';

export interface GrantRequest {
  readonly promotionType: PromotionType;
  readonly idempotencyKey: string;
  /** The contract's VoucherGrant or PointGrant. */
  readonly body: Readonly<Record<string, string | boolean>>;
}

export function grantIdOf({ topic, payload }: GrantMessage): GrantId {
  const promotionId = payload.eventId;
  return topic === TOPICS.VOUCHER
    ? { promotionType: 'VOUCHER', promotionId, targetId: payload.voucherEventTargetId }
    : { promotionType: 'POINT', promotionId, targetId: payload.pointEventTargetId };
}

/** Fields of the message that are the pipeline's own: the Money API refuses what it does not know. */
const PIPELINE_FIELDS = new Set(['eventId', 'voucherEventTargetId', 'pointEventTargetId', 'partitionKey']);

/** The same message always gives the same request: a key must never carry another body. */
export function grantRequestOf(message: GrantMessage): GrantRequest {
  const grant = grantIdOf(message);
  const body = Object.fromEntries(
    Object.entries(message.payload).filter(
      (entry): entry is [string, string | boolean] =>
        entry[1] !== undefined && !PIPELINE_FIELDS.has(entry[0]),
    ),
  );
  return { promotionType: grant.promotionType, idempotencyKey: idempotencyKey(grant), body };
}
