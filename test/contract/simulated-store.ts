import { Database } from '../simulation/services/database.ts';
import type { DatabaseWitness } from '../simulation/services/database.ts';
import { simCampaignStore } from '../simulation/services/sim-campaign-store.ts';
import type { PromotionRecord } from '../simulation/services/rows.ts';
import type { StoreFixture } from './store-fixture.ts';

const NOBODY: DatabaseWitness = {
  statusChanged: () => undefined,
  runBegun: () => undefined,
  takenBack: () => undefined,
  redriven: () => undefined,
  breakerSaved: () => undefined,
};

/** The simulated database, whose every statement is answered at once. */
export function simulatedStore(): Promise<StoreFixture> {
  const database = new Database(() => Date.now(), NOBODY);
  const store = simCampaignStore(database, {
    statement: (_, step) => Promise.resolve().then(step),
  });
  const find = (promotionId: string): PromotionRecord => {
    const promotion = database.find(promotionId);
    if (promotion === undefined) throw new Error(`no promotion ${promotionId}`);
    return promotion;
  };

  return Promise.resolve({
    store,
    insert: ({
      type = 'VOUCHER',
      targetCount = 0,
      amount = '1000.00',
      totalAmount = null,
      reservationAt = null,
      priority = 0,
    } = {}) => {
      const { promotionId, promotionType, targets } = database.insertPromotion({
        promotionType: type,
        defaults: { reason: 'default reason', amount: '500.00', expiryAt: '2030-12-31 23:59:59' },
        totalAmount,
        reservationAt,
        priority,
        targets: Array.from({ length: targetCount }, (_, index) => ({
          customerUid: String(1000 + index),
          voucherNumber: type === 'VOUCHER' ? `V-${index}` : null,
          merchantCode: null,
          merchantBrandCode: null,
          amount,
          expiredAt: '2030-06-30',
          reason: 'a reason',
          isWithdrawal: null,
          partitionKey: null,
        })),
      });
      const targetIds = targets.map(({ row }) => row.targetId);
      return Promise.resolve({ promotionId, promotionType, targetIds });
    },
    setStatus: ({ promotionId }, status) => {
      find(promotionId).status = status;
      return Promise.resolve();
    },
    setDefaultAmount: ({ promotionId }, amount) => {
      const promotion = find(promotionId);
      promotion.defaults = { ...promotion.defaults, amount };
      return Promise.resolve();
    },
    targets: ({ promotionId }) =>
      Promise.resolve(
        find(promotionId).targets.map(({ row, publishStatus, result }) => ({
          targetId: row.targetId,
          publishStatus,
          processStatus: result?.processStatus ?? null,
          transactionKey: result?.transactionKey ?? null,
          errorMessage: result?.errorMessage ?? null,
          attemptCount: result?.attemptCount ?? null,
        })),
      ),
    summary: ({ promotionId }) => {
      const { summary } = find(promotionId);
      if (summary === undefined) return Promise.resolve(undefined);
      return Promise.resolve({
        ...summary.progress,
        isCompleted: summary.completedMs !== null,
        isStopped: summary.stoppedMs !== null,
        stoppedMemo: summary.stoppedMemo,
      });
    },
    reset: () => {
      for (const promotion of database.promotions) {
        promotion.status = 'COMPLETED';
        promotion.turn = undefined;
      }
      database.alerts.clear();
      database.breaker = {
        ...database.breaker,
        consecutiveFailures: 0,
        streakStartedMs: null,
        openedMs: null,
        probeMs: null,
      };
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}
