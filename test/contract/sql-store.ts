import { sqlCampaignStore } from '../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../support/campaign-database.ts';
import { setStatus, summaryOf, targetsOf } from '../support/fakes.ts';
import type { StoreFixture } from './store-fixture.ts';

/** The SQL adapters over the Data API and a private MariaDB. */
export async function sqlStore(): Promise<StoreFixture> {
  const database = await startCampaignDatabase();
  const { sql, db } = database;

  return {
    store: sqlCampaignStore(db),
    async insert({ targetCount = 0, amount = '1000.00', ...promotion } = {}) {
      const key = await insertPromotion(sql, promotion);
      const targetIds = targetCount === 0 ? [] : await insertTargets(sql, key, targetCount, amount);
      return { ...key, targetIds };
    },
    setStatus: (of, status) => setStatus(sql, of, status),
    async setDefaultAmount({ promotionId }, amount) {
      await sql.query('UPDATE campaign_promotions SET default_amount = ? WHERE promotion_id = ?', [
        amount,
        promotionId,
      ]);
    },
    targets: (of) => targetsOf(sql, of),
    async summary(of) {
      const summary = await summaryOf(sql, of);
      if (summary === undefined) return undefined;
      const { completedAt, stoppedAt, stoppedMemo, ...progress } = summary;
      return { ...progress, isCompleted: completedAt !== null, isStopped: stoppedAt !== null, stoppedMemo };
    },
    async reset() {
      await sql.query("UPDATE campaign_promotions SET promotion_status = 'COMPLETED'");
      await sql.query('DELETE FROM campaign_turns');
      await sql.query('DELETE FROM operations_alerts');
      await sql.query(
        `UPDATE campaign_money_breaker
         SET consecutive_failures = 0, streak_started_ms = NULL, opened_ms = NULL, probe_ms = NULL`,
      );
    },
    close: () => database.close(),
  };
}
