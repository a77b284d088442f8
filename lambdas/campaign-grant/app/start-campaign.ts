import type { PromotionStatus } from '../../../schema/promotion.ts';
import { byHandExecutionName } from '../domain/reservation.ts';
import type { CampaignRuns, CampaignStore, OperatorStore } from '../ports.ts';
import { startableFrom } from './begin-campaign.ts';

/** Names that are tried one after the other: each attempt that was refused has taken one. */
const MOST_ATTEMPTS = 50;

interface Services {
  readonly store: Pick<CampaignStore, 'findPromotion' | 'countTargets'>;
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
  if (status === 'IN_PROGRESS' || overview.asksForTurn) return { kind: 'already', executionName: null };
  const input = { promotionId, ...(resume && { resume }) };
  if (!startableFrom(input).includes(status)) return { kind: 'refused', status, why: hintFor(status) };
  if ((await store.countTargets(promotion)) === 0)
    return { kind: 'refused', status, why: 'it has no targets' };
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
