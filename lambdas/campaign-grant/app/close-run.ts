import type { CampaignStore, Clock, PromotionKey } from '../ports.ts';
import { windUp } from './wind-up.ts';

/** The column campaign_promotion_summary.stopped_memo is VARCHAR(500). */
const MAX_MEMO_CHARACTERS = 500;

interface Services {
  readonly store: CampaignStore;
  readonly clock: Clock;
}

/** How an execution ended other than by its own last state. */
export interface DeadExecution {
  readonly executionId: string;
  readonly status: 'ABORTED' | 'FAILED' | 'TIMED_OUT';
  readonly cause: string;
}

/**
 * An execution that somebody stopped leaves its campaign STOPPED, one that failed leaves it FAILED, each with a memo
 * and with everything that was not paid PENDING again. Nothing happens when another execution runs it by now, or
 * when the campaign has ended.
 */
export async function closeRun(
  { store, clock }: Services,
  { executionId, status, cause }: DeadExecution,
): Promise<PromotionKey | undefined> {
  const outcome = status === 'ABORTED' ? 'STOPPED' : 'FAILED';
  const why = cause === '' ? 'no cause was given' : cause;
  const memo = `execution ${status}: ${why}`.slice(0, MAX_MEMO_CHARACTERS);
  const promotion = await store.closeRun({ executionId, outcome, memo, nowMs: clock.now() });
  if (promotion !== undefined) await windUp({ store, clock }, promotion);
  return promotion;
}
