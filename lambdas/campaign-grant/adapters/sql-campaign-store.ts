import type { DataApi } from '../../shared/data-api.ts';
import type { CampaignStore } from '../ports.ts';
import { sqlGrantStore } from './sql-grant-store.ts';
import { sqlPromotionStore } from './sql-promotion-store.ts';
import { sqlTargetStore } from './sql-target-store.ts';

export function sqlCampaignStore(db: DataApi): CampaignStore {
  return { ...sqlPromotionStore(db), ...sqlTargetStore(db), ...sqlGrantStore(db) };
}
