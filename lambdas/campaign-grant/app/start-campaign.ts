import type { PromotionStatus } from '../../../schema/promotion.ts';
import { exceeds } from '../domain/money.ts';
import { byHandExecutionName } from '../domain/reservation.ts';
import type { CampaignRuns, CampaignStore, OperatorStore, Promotion } from '../ports.ts';
import { startableFrom } from './begin-campaign.ts';

/** Names that are tried one after the other: each attempt that was refused has taken one. */
const MOST_ATTEMPTS = 50;

interface Services {
  readonly store: Pick<CampaignStore, 'findPromotion' | 'countTargets' | 'plannedAmount'>;
  readonly operator: Pick<OperatorStore, 'campaign'>;
  readonly runs: Pick<CampaignRuns, 'start'>;
}

export type StartOutcome =
  /** `already`: it is being paid, or waits for its turn. */
  | { readonly kind: 'started' | 'already'; readonly executionName: string | null }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly status: PromotionStatus; readonly why: string };

/**
 * Starts a READY campaign by hand, whatever its reservation says, or has one go on that is STOPPED or FAILED. It still
 * waits for its turn. Asked twice, it is started once.
 */
export async function startCampaign(
  { store, operator, runs }: Services,
  { promotionId, resume }: { readonly promotionId: string; readonly resume: boolean },
): Promise<StartOutcome> {
  const promotion = await store.findPromotion(promotionId);
  const overview = await operator.campaign(promotionId);
  if (promotion === undefined || overview === undefined) return { kind: 'unknown' };
  const { status } = promotion;
  // One that was withdrawn while it waited still asks for its turn, and is refused when that comes.
  if (status === 'IN_PROGRESS' || (status === 'READY' && overview.asksForTurn)) {
    return { kind: 'already', executionName: null };
  }
  const input = { promotionId, ...(resume && { resume }) };
  if (!startableFrom(input).includes(status)) return { kind: 'refused', status, why: hintFor(status) };
  const why = await whyNot(store, promotion);
  if (why !== undefined) return { kind: 'refused', status, why };
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const executionName = byHandExecutionName(promotionId, overview.runNumber, attempt);
    const started = await runs.start(input, executionName);
    if (started === 'started') return { kind: 'started', executionName };
    if (started === 'already-running') return { kind: 'already', executionName };
  }
  return {
    kind: 'refused',
    status,
    why: `its last ${MOST_ATTEMPTS} executions ended before they began: see why`,
  };
}

/** What BeginCampaign would refuse it for. */
async function whyNot(store: Services['store'], promotion: Promotion): Promise<string | undefined> {
  if ((await store.countTargets(promotion)) === 0) return 'it has no targets';
  const { totalAmount } = promotion;
  if (totalAmount === null) return undefined;
  const planned = await store.plannedAmount(promotion);
  return exceeds(planned, totalAmount)
    ? `its targets sum to ${planned}, more than its total_amount ${totalAmount}`
    : undefined;
}

function hintFor(status: PromotionStatus): string {
  switch (status) {
    case 'STOPPED':
    case 'FAILED':
      return 'resume it to go on';
    case 'COMPLETED':
      return 'redrive its dead letters to pay what failed';
    default:
      return 'it cannot be started';
  }
}
