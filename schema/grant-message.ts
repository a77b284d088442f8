/**
 * The message of one grant, as the client's document 000 §6.3 fixes it. Ids and money travel as strings, times
 * are Asia/Seoul local time.
 */
import * as z from 'zod';
import { id } from './promotion.ts';
import type { PromotionType } from './promotion.ts';

export const GRANT_MESSAGE_VERSION = 20231010;

const uid = z.string().regex(/^[0-9]{1,20}$/);
const amount = z.string().regex(/^[0-9]{1,8}(\.[0-9]{1,2})?$/);
const timestamp = z.string().regex(/^[0-9]{14}$/);

const common = {
  eventId: id,
  customerUid: uid,
  merchantCode: z.string().max(30).optional(),
  merchantBrandCode: z.string().max(20).optional(),
  amount,
  reason: z.string().max(100),
  partitionKey: z.string().regex(/^[0-9]{1,20}$/),
};

const voucherPayload = z.strictObject({
  ...common,
  voucherEventTargetId: id,
  voucherNumber: z.string().min(1).max(40),
  isWithdrawal: z.boolean().optional(),
  validUntil: timestamp.optional(),
});

const pointPayload = z.strictObject({ ...common, pointEventTargetId: id, expiryAt: timestamp });

const envelope = {
  sentAt: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/),
  version: z.literal(GRANT_MESSAGE_VERSION),
};

export const TOPICS = {
  VOUCHER: 'prepay.campaign.voucher.publish',
  POINT: 'prepay.campaign.point.publish',
} as const satisfies Record<PromotionType, string>;

export const grantMessage = z.discriminatedUnion('topic', [
  z.strictObject({ ...envelope, topic: z.literal(TOPICS.VOUCHER), payload: voucherPayload }),
  z.strictObject({ ...envelope, topic: z.literal(TOPICS.POINT), payload: pointPayload }),
]);

export type VoucherPayload = z.infer<typeof voucherPayload>;
export type PointPayload = z.infer<typeof pointPayload>;
export type GrantMessage = z.infer<typeof grantMessage>;
