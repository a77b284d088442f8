/**
 * contracts/coupon-push-message.schema.json: a message of the topic `coupon`, under the attribute routingKey. Member ids
 * are JSON numbers there, and whole up to 2^53.
 */
import * as z from 'zod';

export const ROUTING_KEY = 'coupon.usage.stats.fcm.send';

export const couponPushMessage = z.strictObject({
  traceId: z.string().min(16).max(64),
  memberId: z.int(),
  tokens: z.array(z.string()).min(1).readonly(),
  dong: z.string(),
  hour: z.int().min(0).max(23),
  activeEventCount: z.int().min(1),
  runDate: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
});
export type CouponPushMessage = z.infer<typeof couponPushMessage>;
