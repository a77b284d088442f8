import type {
  BeginCampaignInput,
  BeginCampaignOutput,
  CampaignRun,
  CampaignRunInput,
  Partition,
} from '../../../schema/campaign-run.ts';
import { CAMPAIGN_REFUSED } from '../../../schema/campaign-run.ts';
import type { PromotionStatus } from '../../../schema/promotion.ts';
import { partitionCountFor, partitionSizes } from '../domain/partitions.ts';
import { exceeds } from '../domain/money.ts';
import type { BeginFrom, CampaignStore, Clock, LatestRun, ProgressCounters, Promotion } from '../ports.ts';

/** The promotion cannot be started as it is: the execution fails with this name and a sentence that says why. */
export class CampaignRefused extends Error {
  override readonly name = CAMPAIGN_REFUSED;
}

interface Services {
  readonly store: CampaignStore;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
}

/** The statuses from which an execution with this input may begin a run. */
export function startableFrom({ resume, recoverFrom }: CampaignRunInput): readonly PromotionStatus[] {
  if (recoverFrom !== undefined) return [];
  return resume === true ? ['READY', 'STOPPED', 'FAILED'] : ['READY'];
}

/**
 * Begins a run, and cuts what it has to publish into ranges. An execution begins more than one when a pass left
 * something over (`input.pass` is the pass before). Called again for the same pass (Step Functions retries a task
 * whose answer was lost) it carries on; any other second start is refused.
 * @throws CampaignRefused
 */
export async function beginCampaign(
  { store, counters, clock }: Services,
  { executionId, input }: BeginCampaignInput,
): Promise<BeginCampaignOutput> {
  const { promotionId } = input;
  const promotion = await store.findPromotion(promotionId);
  if (promotion === undefined) throw new CampaignRefused(`promotion ${promotionId} does not exist`);

  // Stopped between two passes: FinishCampaign winds it up.
  if (input.pass !== undefined && promotion.status !== 'IN_PROGRESS') return nothingToPublish(input.pass.run);

  const totalCount = await store.countTargets(promotion);
  const afterRun = input.pass?.run.runNumber ?? 0;
  let own = await ownRun(store, promotion, executionId, afterRun);
  if (own === undefined) {
    const from = await mayBegin(store, promotion, { executionId, input, totalCount });
    const begun = await store.beginRun({ promotionId, executionId, from, nowMs: clock.now() });
    if (begun === 'another-pays') return { begun: false };
    // Read back whose run it is: another start may have been faster, or the answer of our own commit was lost.
    const status = (await store.promotionStatus(promotionId)) ?? 'FAILED';
    own = await ownRun(store, { promotionId, status }, executionId, afterRun);
    if (own === undefined && input.pass !== undefined && status !== 'IN_PROGRESS') {
      return nothingToPublish(input.pass.run);
    }
    if (own === undefined) throw await notStartable(store, promotionId, status);
  }
  const { runNumber, summaryId } = own;

  // What an earlier run published and did not finish is sent again. Only its owner may say so: a start that lost the
  // race would take back what the winner has published by now.
  await store.returnUnpaid(promotion, clock.now());

  const partitions = await partitionPending(store, promotion);
  await store.recordPartitionCount(promotionId, partitions.length);
  const publishedCount = await store.countPublished(promotion);
  await counters.reset(summaryId, totalCount, { ...(await store.countResults(promotion)), publishedCount });
  const { promotionType } = promotion;
  return { begun: true, run: { promotionId, promotionType, runNumber, summaryId, totalCount }, partitions };
}

function nothingToPublish(run: CampaignRun): BeginCampaignOutput {
  return { begun: true, run, partitions: [] };
}

/** The latest run, when this execution began it for this pass. */
async function ownRun(
  store: CampaignStore,
  { promotionId, status }: Pick<Promotion, 'promotionId' | 'status'>,
  executionId: string,
  afterRun: number,
): Promise<LatestRun | undefined> {
  if (status !== 'IN_PROGRESS') return undefined;
  const run = await store.latestRun(promotionId);
  return run?.executionId === executionId && run.runNumber > afterRun ? run : undefined;
}

/** What must still hold when the run begins. @throws CampaignRefused when it does not even hold now. */
async function mayBegin(
  store: CampaignStore,
  promotion: Promotion,
  asked: { executionId: string; input: BeginCampaignInput['input']; totalCount: number },
): Promise<BeginFrom> {
  const { executionId, input, totalCount } = asked;
  const { promotionId, status } = promotion;
  if (input.pass !== undefined) {
    await refuseOverBudget(store, promotion);
    return { latestExecutionId: executionId, runNumber: input.pass.run.runNumber };
  }
  if (input.recoverFrom !== undefined) {
    const lost = await store.latestRun(promotionId);
    if (status !== 'IN_PROGRESS' || lost?.executionId !== input.recoverFrom) {
      throw await notStartable(store, promotionId, status);
    }
    await refuseOverBudget(store, promotion);
    return { latestExecutionId: lost.executionId, runNumber: lost.runNumber };
  }
  const statuses = startableFrom(input);
  if (!statuses.includes(status)) throw await notStartable(store, promotionId, status);
  if (totalCount === 0) throw new CampaignRefused(`promotion ${promotionId} has no targets`);
  await refuseOverBudget(store, promotion);
  return { statuses };
}

async function notStartable(
  store: CampaignStore,
  promotionId: string,
  status: PromotionStatus,
): Promise<CampaignRefused> {
  const run = status === 'IN_PROGRESS' ? await store.latestRun(promotionId) : undefined;
  const by = run === undefined ? '' : `: execution ${run.executionId} runs it`;
  const hint = status === 'STOPPED' || status === 'FAILED' ? ': start it with "resume": true to go on' : by;
  return new CampaignRefused(`promotion ${promotionId} is ${status}, not READY${hint}`);
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

/** Contiguous ranges of equal row counts. Targets that are added later are another pass's, checked as these were. */
async function partitionPending(store: CampaignStore, promotion: Promotion): Promise<Partition[]> {
  const pendingCount = await store.countPending(promotion);
  const sizes = partitionSizes(pendingCount, partitionCountFor(pendingCount));
  const partitions: Partition[] = [];
  let afterTargetId = '0';
  for (const [partitionNumber, size] of sizes.entries()) {
    const range = await store.pendingRange(promotion, afterTargetId, size);
    if (range === undefined) break;
    partitions.push({ partitionNumber, ...range });
    afterTargetId = range.toTargetId;
  }
  return partitions;
}
