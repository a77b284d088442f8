/** The jobs that a deployment may have, each a state machine that one of its stacks puts out. */
import type { JobName } from '../../schema/jobs.ts';
import type { StackName } from '../where/deployment.ts';

export interface Job {
  readonly name: JobName;
  readonly stack: StackName;
  /** Whose value is the machine's ARN. */
  readonly output: string;
  readonly description: string;
}

export const JOBS: readonly Job[] = [
  {
    name: 'point-sync',
    stack: 'PointSync',
    output: 'PointSyncArn',
    description: 'makes the Redis balances equal to the database, and reports the day before',
  },
  {
    name: 'coupon-usage-stats',
    stack: 'CouponStats',
    output: 'CouponUsageStatsArn',
    description: "each member's favourite district and hour",
  },
  {
    name: 'coupon-usage-stats-fcm-send',
    stack: 'CouponStats',
    output: 'CouponUsageStatsFcmSendArn',
    description: 'push messages to the members of an hour',
  },
];
