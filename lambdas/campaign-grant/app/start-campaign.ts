import type { PromotionStatus } from '../../../schema/promotion.ts';
import { exceeds } from '../domain/money.ts';
import { byHandExecutionName, isDue, reservedExecutionName } from '../domain/reservation.ts';
import type { AwaitedPromotion } from '../domain/reservation.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type { CampaignRuns, CampaignStore, Clock, OperatorStore, Promotion } from '../ports.ts';

/** Names that are tried one after the other: each attempt that was refused has taken one. */
const MOST_ATTEMPTS = 50;

interface Services {
  readonly store: Pick<CampaignStore, 'findPromotion' | 'countTargets' | 'plannedAmount'>;
  readonly operator: Pick<OperatorStore, 'campaign' | 'makeReady'>;
  readonly runs: Pick<CampaignRuns, 'start'>;
  readonly clock: Clock;
}

export type StartOutcome =
  /** `already`: it is being paid, or waits for its turn. */
  | { readonly kind: 'started' | 'already'; readonly executionName: string | null }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly status: PromotionStatus; readonly why: string };

/**
 * Starts a READY campaign by hand, whatever its reservation says, or has one go on that is STOPPED or FAILED. It still
 * waits for its turn. Asked twice, it is started once.
 *
 * One that goes on is READY first: so it can be stopped while it waits, and the reconciler starts it if nobody else
 * comes to.
 */
export async function startCampaign(
  { store, operator, runs, clock }: Services,
  { promotionId, resume }: { readonly promotionId: string; readonly resume: boolean },
): Promise<StartOutcome> {
  const promotion = await store.findPromotion(promotionId);
  const overview = await operator.campaign(promotionId);
  if (promotion === undefined || overview === undefined) return { kind: 'unknown' };
  const { status } = promotion;
  if (status === 'IN_PROGRESS') return { kind: 'already', executionName: null };
  if (status === 'READY' && overview.asksForTurn) return { kind: 'already', executionName: null };
  const goesOn = resume && (status === 'STOPPED' || status === 'FAILED');
  if (status !== 'READY' && !goesOn) return { kind: 'refused', status, why: hintFor(status) };
  const why = await whyNot(store, promotion);
  if (why !== undefined) return { kind: 'refused', status, why };
  if (goesOn) await operator.makeReady(promotionId, clock.now());
  const { reservationAt } = promotion;
  const awaited = { promotionId, reservationAt, runNumber: overview.runNumber };
  for (const executionName of executionNames(awaited, toDateTime(clock.now()))) {
    const started = await runs.start({ promotionId }, executionName);
    if (started === 'started') return { kind: 'started', executionName };
    if (started === 'already-running') return { kind: 'already', executionName };
  }
  return {
    kind: 'refused',
    status,
    why: `its last ${MOST_ATTEMPTS} executions ended before they began: see why`,
  };
}

/** The reconciler's own name comes first where it is about to use it: two that start one campaign start one execution. */
function executionNames(awaited: AwaitedPromotion, now: string): string[] {
  const { promotionId, runNumber } = awaited;
  const byHand = Array.from({ length: MOST_ATTEMPTS }, (_, attempt) =>
    byHandExecutionName(promotionId, runNumber, attempt + 1),
  );
  return isDue(awaited, now) ? [reservedExecutionName(awaited), ...byHand] : byHand;
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
