/** The steps that have checkpoints. */
export const STEPS = {
  syncBalances: 'sync-balances',
  sweepGoneUsers: 'sweep-gone-users',
  buildDailyReport: 'build-daily-report',
} as const;
