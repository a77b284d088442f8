import { dongsOfStores, storesOfDongs, tokensOfMembers } from '../../../schema/services.ts';
import type { Answered, NotificationService, StoreService } from '../ports.ts';
import { askService } from './ask-service.ts';
import type { ServiceAddress } from './ask-service.ts';

export function httpStoreService(address: ServiceAddress): StoreService {
  return {
    async dongsOfStores(storeIds) {
      const body = { storeIds: storeIds.map(Number) };
      const answer = await askService(address, '/internal/v1/stores/dongs', body, dongsOfStores);
      return mapped(answer, ({ stores }) => new Map(stores.map(({ storeId, dong }) => [storeId, dong])));
    },

    async storesOfDongs(dongs) {
      const answer = await askService(address, '/internal/v1/dongs/stores', { dongs }, storesOfDongs);
      return mapped(answer, (value) => merged(value.dongs.map(({ dong, storeIds }) => [dong, storeIds])));
    },
  };
}

export function httpNotificationService(address: ServiceAddress): NotificationService {
  return {
    async tokensOfMembers(memberIds) {
      const body = { memberIds: memberIds.map(Number) };
      const answer = await askService(address, '/internal/v1/fcm-tokens', body, tokensOfMembers);
      return mapped(answer, ({ members }) =>
        merged(members.map(({ memberId, tokens }) => [memberId, tokens])),
      );
    },
  };
}

function mapped<T, U>(answer: Answered<T>, map: (value: T) => U): Answered<U> {
  return answer.ok ? { ok: true, value: map(answer.value) } : answer;
}

/** Who is answered twice has all that was said of it. */
function merged(entries: readonly (readonly [string, readonly string[]])[]): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const [key, values] of entries) map.set(key, [...new Set([...(map.get(key) ?? []), ...values])]);
  return map;
}
