import type { DataApi } from '../../shared/data-api.ts';
import type { CampaignStore } from '../ports.ts';
import { sqlAlertStore } from './sql-alert-store.ts';
import { sqlBreakerStore } from './sql-breaker-store.ts';
import { sqlGrantStore } from './sql-grant-store.ts';
import { sqlPromotionStore } from './sql-promotion-store.ts';
import { sqlRedriveStore } from './sql-redrive-store.ts';
import { sqlTargetStore } from './sql-target-store.ts';
import { sqlTurnStore } from './sql-turn-store.ts';

export function sqlCampaignStore(db: DataApi): CampaignStore {
  return {
    ...sqlPromotionStore(db),
    ...sqlTurnStore(db),
    ...sqlTargetStore(db),
    ...sqlGrantStore(db),
    ...sqlBreakerStore(db),
    ...sqlRedriveStore(db),
    ...sqlAlertStore(db),
  };
}
