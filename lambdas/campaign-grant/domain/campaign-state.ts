/** What a campaign is doing, and why it waits: what people are shown in place of five columns. */
import type { PromotionStatus, PromotionType } from '../../../schema/promotion.ts';

/** Of one campaign, from small rows alone. Times are epoch milliseconds, DATETIMEs Asia/Seoul. */
export interface CampaignOverview {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly status: PromotionStatus;
  readonly reservationAt: string | null;
  /** What the loader said until a run has counted the targets. */
  readonly totalCount: number;
  readonly publishedCount: number;
  readonly successCount: number;
  readonly failCount: number;
  readonly retrySuccessCount: number;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly stoppedAt: string | null;
  readonly stoppedMemo: string | null;
  /** 0 before the first run. */
  readonly runNumber: number;
  readonly executionId: string | null;
  /** Targets that became final in a second, over the last interval; null: it was not measured lately. */
  readonly finalPerSecond: number | null;
  /** Its execution asks for its turn. */
  readonly asksForTurn: boolean;
}

/** What all campaigns share at a moment. */
export interface Surroundings {
  /** The campaign that is being paid. */
  readonly paying: string | null;
  readonly breakerIsOpen: boolean;
  /** DATETIME, Asia/Seoul. */
  readonly now: string;
}

export type CampaignPhase =
  'ready' | 'reserved' | 'waiting' | 'paying' | 'paused' | 'stopped' | 'failed' | 'completed';

export interface CampaignState {
  readonly phase: CampaignPhase;
  /** Why it waits, or why it ended otherwise than COMPLETED. */
  readonly why: string | null;
  /** Success and failure. */
  readonly finalCount: number;
  /** Seconds until the last target is final, at the rate of the last interval. */
  readonly secondsLeft: number | null;
}

export function stateOf(campaign: CampaignOverview, around: Surroundings): CampaignState {
  const finalCount = campaign.successCount + campaign.failCount;
  return { ...phaseOf(campaign, around), finalCount, secondsLeft: secondsLeftOf(campaign, finalCount) };
}

function phaseOf(campaign: CampaignOverview, around: Surroundings): Pick<CampaignState, 'phase' | 'why'> {
  switch (campaign.status) {
    case 'COMPLETED':
      return { phase: 'completed', why: null };
    case 'STOPPED':
      return { phase: 'stopped', why: campaign.stoppedMemo };
    case 'FAILED':
      return { phase: 'failed', why: campaign.stoppedMemo };
    case 'IN_PROGRESS':
      return around.breakerIsOpen
        ? { phase: 'paused', why: 'the Money API fails: one probe every 30 s' }
        : { phase: 'paying', why: null };
    case 'READY':
      return whileReady(campaign, around);
  }
}

function whileReady(
  { promotionId, reservationAt, runNumber, asksForTurn }: CampaignOverview,
  { paying, now }: Surroundings,
): Pick<CampaignState, 'phase' | 'why'> {
  if (asksForTurn) {
    const why =
      paying === null || paying === promotionId ? 'for its turn' : `for its turn: ${paying} is being paid`;
    return { phase: 'waiting', why };
  }
  if (reservationAt === null) {
    return runNumber === 0
      ? { phase: 'ready', why: 'nobody has started it' }
      : { phase: 'waiting', why: 'to go on: it is started within a minute' };
  }
  return reservationAt > now
    ? { phase: 'reserved', why: `for ${reservationAt}` }
    : { phase: 'waiting', why: `its reservation ${reservationAt} has come: it is started within a minute` };
}

function secondsLeftOf(
  { status, totalCount, finalPerSecond }: CampaignOverview,
  finalCount: number,
): number | null {
  if (status !== 'IN_PROGRESS' || finalPerSecond === null || finalPerSecond <= 0) return null;
  return Math.max(0, totalCount - finalCount) / finalPerSecond;
}
