import type { DemoJob } from '../jobs/job-rows.ts';

export function pointSyncJob(runDate: string): DemoJob {
  return { jobName: 'point-sync', runDate };
}

/** That its machine calls. */
export const POINT_SYNC_FUNCTIONS = [
  'plan-ranges',
  'sync-balances',
  'sweep-gone-users',
  'build-daily-report',
];
