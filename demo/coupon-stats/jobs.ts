import type { DemoJob } from '../jobs/job-rows.ts';
import type { DemoDays } from './days.ts';

export function usageStatsJob({ yesterday }: DemoDays): DemoJob {
  return { jobName: 'coupon-usage-stats', runDate: yesterday };
}

export function fcmSendJob({ today, targetHour }: DemoDays): DemoJob {
  return { jobName: 'coupon-usage-stats-fcm-send', runDate: today, targetHour };
}

/** That their machines call. */
export const USAGE_STATS_FUNCTIONS = ['plan-usage', 'collect-stores', 'learn-districts', 'aggregate-usage'];
export const FCM_SEND_FUNCTIONS = ['plan-pushes', 'collect-members', 'send-pushes'];
