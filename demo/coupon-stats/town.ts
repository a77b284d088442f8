/** What the store and the notification service say, asked for by plain requests of their contracts. */
import * as z from 'zod';
import type { CouponServices } from '../outside.ts';

const MOST_STORES = 1_000;
const MOST_DONGS = 200;
const MOST_MEMBERS = 1_000;

const stores = z.object({ stores: z.array(z.object({ storeId: z.number(), dong: z.string() })) });
const dongs = z.object({ dongs: z.array(z.object({ dong: z.string(), storeIds: z.array(z.number()) })) });
const members = z.object({
  members: z.array(z.object({ memberId: z.number(), tokens: z.array(z.string()) })),
});

/** The stores, as the store service knows them. */
export interface Town {
  readonly dongOf: ReadonlyMap<number, string>;
  /** By name. */
  readonly dongs: readonly string[];
  /** Those that were asked for, of each district. */
  readonly storesOf: ReadonlyMap<string, readonly number[]>;
  readonly unknownStores: readonly number[];
}

/** @throws Error when there is too little in it to show anything */
export async function readTown(services: CouponServices, storeCount: number): Promise<Town> {
  const asked = Array.from({ length: storeCount }, (_, index) => index + 1);
  const dongOf = new Map<number, string>();
  for (const page of pages(asked, MOST_STORES)) {
    const answer = await ask(services, 'store', '/internal/v1/stores/dongs', { storeIds: page }, stores);
    for (const { storeId, dong } of answer.stores) dongOf.set(storeId, dong);
  }
  const storesOf = new Map<string, number[]>();
  for (const [storeId, dong] of dongOf) storesOf.set(dong, [...(storesOf.get(dong) ?? []), storeId]);
  const unknownStores = asked.filter((storeId) => !dongOf.has(storeId));
  if (storesOf.size < 3 || unknownStores.length === 0) {
    throw new Error(
      `the store service knows ${dongOf.size} of the stores 1 to ${storeCount}, in ${storesOf.size} districts: ` +
        'the demo needs three districts, and a store that is unknown',
    );
  }
  return { dongOf, dongs: [...storesOf.keys()].toSorted(), storesOf, unknownStores };
}

/** All stores of the districts, also those that are none of the demo's. */
export async function readStoresOf(
  services: CouponServices,
  asked: readonly string[],
): Promise<Map<string, readonly number[]>> {
  const storesOf = new Map<string, readonly number[]>();
  for (const page of pages(asked, MOST_DONGS)) {
    const answer = await ask(services, 'store', '/internal/v1/dongs/stores', { dongs: page }, dongs);
    for (const { dong, storeIds } of answer.dongs) storesOf.set(dong, storeIds);
  }
  return storesOf;
}

export async function readTokens(
  services: CouponServices,
  asked: readonly number[],
): Promise<Map<number, readonly string[]>> {
  const tokensOf = new Map<number, readonly string[]>();
  for (const page of pages(asked, MOST_MEMBERS)) {
    const answer = await ask(
      services,
      'notification',
      '/internal/v1/fcm-tokens',
      { memberIds: page },
      members,
    );
    for (const { memberId, tokens } of answer.members) tokensOf.set(memberId, tokens);
  }
  return tokensOf;
}

async function ask<T>(
  services: CouponServices,
  which: 'store' | 'notification',
  path: string,
  body: object,
  answer: z.ZodType<T>,
): Promise<T> {
  const response = await fetch(services[which].url.replace(/\/$/, '') + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${services.systemToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the ${which} service answers ${response.status} to ${path}`);
  return answer.parse(await response.json());
}

function* pages<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
