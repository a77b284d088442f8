/** The store and the notification service: contracts/store-service.openapi.yaml, notification-service.openapi.yaml. */
import * as z from 'zod';

/** The contract's timeout. */
export const SERVICE_TIMEOUT_MS = 3_000;
export const MOST_STORES = 1_000;
export const MOST_DONGS = 200;
export const MOST_MEMBERS = 1_000;

const id = z.int().nonnegative().transform(String);

export const dongsOfStores = z.object({
  stores: z.array(z.object({ storeId: id, dong: z.string().min(1).max(60) })),
});
export const storesOfDongs = z.object({
  dongs: z.array(z.object({ dong: z.string(), storeIds: z.array(id) })),
});
export const tokensOfMembers = z.object({
  members: z.array(z.object({ memberId: id, tokens: z.array(z.string().min(1).max(4096)) })),
});
