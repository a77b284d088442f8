/** What the stand-ins are started with. */
import { z } from 'zod';

const common = {
  /** 0 or none = a free port. */
  port: z.int().min(0).max(65535).default(0),
  /** What clients must send as `Authorization: Bearer`. */
  token: z.string().min(1),
  /** The same seed gives the same answers, and each request the same faults. */
  seed: z.int().default(1),
};

export const storeServiceOptions = z.strictObject({
  ...common,
  /** Stores have the ids from 1 to this; a few of them are unknown all the same. */
  stores: z.int().min(1).max(1_000_000).default(20_000),
  districts: z.int().min(1).max(1_000).default(200),
});
export type StoreServiceOptions = z.input<typeof storeServiceOptions>;

export const notificationServiceOptions = z.strictObject(common);
export type NotificationServiceOptions = z.input<typeof notificationServiceOptions>;
