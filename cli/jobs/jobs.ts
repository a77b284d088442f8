/** The jobs that a deployment may have, each a state machine that one of its stacks puts out. */
import { toDateTime } from '../../schema/seoul-time.ts';
import type { StackName } from '../where/deployment.ts';

export interface Job {
  readonly name: string;
  readonly stack: StackName;
  /** Whose value is the machine's ARN. */
  readonly output: string;
  readonly description: string;
  /** It is for an hour of the day, too. */
  readonly isHourly: boolean;
}

export const JOBS = [
  {
    name: 'point-sync',
    stack: 'PointSync',
    output: 'PointSyncArn',
    description: 'makes the Redis balances equal to the database, and reports the day',
    isHourly: false,
  },
  {
    name: 'coupon-usage-stats',
    stack: 'CouponStats',
    output: 'CouponUsageStatsArn',
    description: "each member's favourite district and hour",
    isHourly: false,
  },
  {
    name: 'coupon-usage-stats-fcm-send',
    stack: 'CouponStats',
    output: 'CouponUsageStatsFcmSendArn',
    description: 'push messages to the members of an hour',
    isHourly: true,
  },
] as const satisfies readonly Job[];

export interface JobInput {
  /** yyyy-MM-dd. */
  readonly runDate: string;
  /** 0 to 23. */
  readonly targetHour?: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The day before today and the hour that it is, in Asia/Seoul, where nothing else is said: as the schedule has them. */
export function inputOf(
  { isHourly }: Job,
  said: { readonly runDate?: string | undefined; readonly targetHour?: number | undefined },
  nowMs: number,
): JobInput {
  const runDate = said.runDate ?? toDateTime(nowMs - DAY_MS).slice(0, 10);
  if (!isHourly) return { runDate };
  return { runDate, targetHour: said.targetHour ?? Number(toDateTime(nowMs).slice(11, 13)) };
}

/** Whoever asks again while it runs names the same one; a name whose execution has ended is taken for good. */
export function jobExecutionName({ name }: Job, { runDate, targetHour }: JobInput, attempt: number): string {
  const hour = targetHour === undefined ? '' : `-${String(targetHour).padStart(2, '0')}`;
  return `${name}-${runDate}${hour}-by-hand-${attempt}`;
}
