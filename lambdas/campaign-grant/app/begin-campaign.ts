import type { BeginCampaignOutput, Partition } from '../../../schema/campaign-run.ts';
import { CAMPAIGN_REFUSED } from '../../../schema/campaign-run.ts';
import type { PromotionStatus } from '../../../schema/promotion.ts';
import { partitionCountFor, partitionSizes } from '../domain/partitions.ts';
import { exceeds } from '../domain/money.ts';
import type { CampaignStore, Clock, LatestRun, ProgressCounters, Promotion } from '../ports.ts';

/** The promotion cannot be started as it is: the execution fails with this name and a sentence that says why. */
export class CampaignRefused extends Error {
  override readonly name = CAMPAIGN_REFUSED;
}

/** The largest BIGINT. */
const MAX_ID = '9223372036854775807';

interface Services {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
}

/**
 * READY → IN_PROGRESS, once, and the ranges to publish. Called again by the same execution (Step Functions
 * retries a task whose answer was lost) it carries on; any other second start is refused.
 * @throws CampaignRefused
 */
export async function beginCampaign(
  { store, counters, clock }: Services,
  input: { promotionId: string; executionId: string },
): Promise<BeginCampaignOutput> {
  const { promotionId, executionId } = input;
  const promotion = await store.findPromotion(promotionId);
  if (promotion === undefined) throw new CampaignRefused(`promotion ${promotionId} does not exist`);

  const totalCount = await store.countTargets(promotion);
  const own = await ownRun(store, promotion, executionId);
  const { runNumber, summaryId } =
    own ?? (await firstStart(store, promotion, executionId, totalCount, clock.now()));

  // What an earlier run published and did not finish is sent again. Only its owner may say so: a start that lost the
  // race would take back what the winner has published by now.
  await store.returnUnpaid(promotion, clock.now());

  const partitions = await partitionPending(store, promotion);
  await store.recordPartitionCount(promotionId, partitions.length);
  const publishedCount = await store.countPublished(promotion);
  await counters.reset(summaryId, totalCount, { ...(await store.countResults(promotion)), publishedCount });
  const { promotionType } = promotion;
  return { run: { promotionId, promotionType, runNumber, summaryId, totalCount }, partitions };
}

async function ownRun(
  store: CampaignStore,
  { promotionId, status }: Pick<Promotion, 'promotionId' | 'status'>,
  executionId: string,
): Promise<LatestRun | undefined> {
  if (status !== 'IN_PROGRESS') return undefined;
  const run = await store.latestRun(promotionId);
  return run?.executionId === executionId ? run : undefined;
}

async function firstStart(
  store: CampaignStore,
  promotion: Promotion,
  executionId: string,
  totalCount: number,
  nowMs: number,
): Promise<LatestRun> {
  const { promotionId } = promotion;
  if (promotion.status !== 'READY') throw await notReady(store, promotionId, promotion.status);
  if (totalCount === 0) throw new CampaignRefused(`promotion ${promotionId} has no targets`);
  await refuseOverBudget(store, promotion);
  await store.beginRun({ promotionId, executionId, nowMs });
  // Read back whose run it is: another start may have been faster, or the answer of our own commit was lost.
  const status = (await store.promotionStatus(promotionId)) ?? 'FAILED';
  const begun = await ownRun(store, { promotionId, status }, executionId);
  if (begun === undefined) throw await notReady(store, promotionId, status);
  return begun;
}

async function notReady(
  store: CampaignStore,
  promotionId: string,
  status: PromotionStatus,
): Promise<CampaignRefused> {
  const run = status === 'IN_PROGRESS' ? await store.latestRun(promotionId) : undefined;
  const by = run === undefined ? '' : `: execution ${run.executionId} runs it`;
  return new CampaignRefused(`promotion ${promotionId} is ${status}, not READY${by}`);
}

/** Invariant 3: what is granted never exceeds the promotion's total_amount. */
async function refuseOverBudget(store: CampaignStore, promotion: Promotion): Promise<void> {
  if (promotion.totalAmount === null) return;
  const planned = await store.plannedAmount(promotion);
  if (exceeds(planned, promotion.totalAmount)) {
    throw new CampaignRefused(
      `promotion ${promotion.promotionId}: its targets sum to ${planned}, more than its total_amount ${promotion.totalAmount}`,
    );
  }
}

/** Contiguous ranges of equal row counts; the last is open, for targets that a loader still adds. */
async function partitionPending(store: CampaignStore, promotion: Promotion): Promise<Partition[]> {
  const pendingCount = await store.countPending(promotion);
  const sizes = partitionSizes(pendingCount, partitionCountFor(pendingCount));
  const partitions: Partition[] = [];
  let afterTargetId = '0';
  for (const [partitionNumber, size] of sizes.entries()) {
    const range = await store.pendingRange(promotion, afterTargetId, size);
    if (range === undefined) break;
    const isLast = partitionNumber === sizes.length - 1;
    partitions.push({ partitionNumber, ...range, ...(isLast ? { toTargetId: MAX_ID } : {}) });
    afterTargetId = range.toTargetId;
  }
  return partitions;
}
