/** What becomes of the members of a chunk, when all is known of them: pure. */
import type { CouponPushMessage } from '../../../schema/coupon-push-message.ts';
import { traceIdOf } from '../../../schema/coupon-trace-id.ts';

export interface PendingPush {
  readonly memberId: string;
  readonly dong: string;
}

export interface Hour {
  readonly runDate: string;
  readonly targetHour: number;
}

/** A member gets a message, or none for a reason that is final. */
export type Decision =
  | { readonly kind: 'send'; readonly message: CouponPushMessage }
  | { readonly kind: 'none'; readonly status: 'NO_TOKENS' | 'NO_ACTIVE_EVENTS' };

export function decide(
  { memberId, dong }: PendingPush,
  { runDate, targetHour }: Hour,
  known: { readonly tokens: readonly string[]; readonly activeEvents: number },
): Decision {
  if (known.tokens.length === 0) return { kind: 'none', status: 'NO_TOKENS' };
  if (known.activeEvents === 0) return { kind: 'none', status: 'NO_ACTIVE_EVENTS' };
  return {
    kind: 'send',
    message: {
      traceId: traceIdOf({ memberId, runDate, targetHour }),
      memberId: Number(memberId),
      tokens: [...new Set(known.tokens)],
      dong,
      hour: targetHour,
      activeEventCount: known.activeEvents,
      runDate,
    },
  };
}

/** @throws Error when the run is of no hour */
export function hourOfRun({ runDate, targetHour }: { runDate: string; targetHour: number | null }): Hour {
  if (targetHour === null) throw new Error('a run that sends pushes is of an hour');
  return { runDate, targetHour };
}
