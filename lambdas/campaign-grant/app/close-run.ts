import { memoOf } from '../../../schema/memo.ts';
import type { CampaignStore, Clock, PromotionKey } from '../ports.ts';
import { tellAlerts } from './tell-alerts.ts';
import type { AlertServices } from './tell-alerts.ts';
import { windUp } from './wind-up.ts';

interface Services extends AlertServices {
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
  services: Services,
  { executionId, status, cause }: DeadExecution,
): Promise<PromotionKey | undefined> {
  const { store, clock } = services;
  const outcome = status === 'ABORTED' ? 'STOPPED' : 'FAILED';
  const why = cause === '' ? 'no cause was given' : cause;
  const memo = memoOf(`execution ${status}: ${why}`);
  const promotion = await store.closeRun({ executionId, outcome, memo, nowMs: clock.now() });
  if (promotion === undefined) return undefined;
  // Winding up takes longer than people are to wait.
  await tellAlerts(services);
  await windUp(services, promotion);
  return promotion;
}
