/** A stand-in of the store service: store-service.openapi.yaml to the letter. */
import { z } from 'zod';
import type { RunningService } from '../../local/process/child-service.ts';
import { drawsFor } from '../random.ts';
import { storeServiceOptions } from './options.ts';
import type { StoreServiceOptions } from './options.ts';
import { startService } from './server.ts';

const CONTRACT = new URL('store-service.openapi.yaml', import.meta.url);
const UNKNOWN_SHARE = 0.02;
/** Quarters of Seoul; a district is one of them and a number. */
const QUARTERS = ['가산', '논현', '대치', '명', '방배', '상도', '성수', '역삼', '잠실', '합정'];

export async function startStoreService(options: StoreServiceOptions): Promise<RunningService> {
  const { stores, districts, ...common } = storeServiceOptions.parse(options);
  const dongByStore = new Map<number, string>();
  const storesByDong = new Map<string, number[]>();
  for (let storeId = 1; storeId <= stores; storeId += 1) {
    const draw = drawsFor(common.seed, `store ${storeId}`, 0);
    if (draw() < UNKNOWN_SHARE) continue;
    const dong = nameOf(Math.floor(draw() * districts));
    dongByStore.set(storeId, dong);
    const beside = storesByDong.get(dong);
    if (beside === undefined) storesByDong.set(dong, [storeId]);
    else beside.push(storeId);
  }
  return startService(CONTRACT, common, {
    findDongsOfStores: {
      list: 'stores',
      asked: (body) => z.object({ storeIds: z.array(z.number()) }).parse(body).storeIds,
      entryOf: (storeId) => {
        const dong = dongByStore.get(Number(storeId));
        return dong === undefined ? undefined : { storeId, dong };
      },
    },
    findStoresOfDongs: {
      list: 'dongs',
      asked: (body) => z.object({ dongs: z.array(z.string()) }).parse(body).dongs,
      entryOf: (dong) => {
        const storeIds = storesByDong.get(String(dong));
        return storeIds && { dong, storeIds };
      },
    },
  });
}

function nameOf(district: number): string {
  const quarter = QUARTERS[district % QUARTERS.length] ?? '';
  return `${quarter}${1 + Math.floor(district / QUARTERS.length)}동`;
}
