/** What may be expected of a campaign's rows right now. */
import type { CampaignFacts } from './campaign-facts.ts';
import type { Severity } from './check.ts';

/**
 * `waiting`: READY. `running`: IN_PROGRESS. `settling`: it ended a moment ago. `ended`: what holds must hold now.
 */
export type Phase = 'waiting' | 'running' | 'settling' | 'ended';

/**
 * For so long after its end a campaign is still wound up. A COMPLETED one only counts its rows; one that was stopped
 * has calls under way that are yet recorded, messages that make their targets PENDING as they come, perhaps a lost
 * execution that the reconciler closes.
 */
export const SETTLING_SECONDS = { COMPLETED: 10, STOPPED: 120, FAILED: 120 } as const;
/** After its last page a redrive still has to make the campaign READY. */
export const REDRIVE_SECONDS = 60;

/** @param isFinal nothing of one that has ended is waited for any more */
export function phaseOf(facts: CampaignFacts, nowMs: number, isFinal = false): Phase {
  const { status, summary, runs, lastRedriveAt } = facts;
  if (status === 'READY') return 'waiting';
  if (status === 'IN_PROGRESS') return 'running';
  const isWithin = (seconds: number, at: string | null | undefined) =>
    // The clocks of this machine and of the functions are not the same one.
    at !== null && at !== undefined && Math.abs(nowMs - epochMs(at)) < seconds * 1000;
  const isRecent =
    isWithin(REDRIVE_SECONDS, lastRedriveAt) ||
    [runs.lastEndedAt, summary?.completedAt, summary?.stoppedAt].some((at) =>
      isWithin(SETTLING_SECONDS[status], at),
    );
  return isRecent && !isFinal ? 'settling' : 'ended';
}

/** How bad it is that something is not as it must be in the end. */
export function inTheEnd(phase: Phase): Severity {
  return phase === 'ended' ? 'violated' : 'pending';
}

/** A DATETIME, Asia/Seoul. */
function epochMs(dateTime: string): number {
  return Date.parse(`${dateTime.replace(' ', 'T')}+09:00`);
}
