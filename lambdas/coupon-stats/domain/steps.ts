/** The steps that have checkpoints. */
export const STEPS = {
  collectStores: 'collect-stores',
  learnDistricts: 'learn-districts',
  aggregateUsage: 'aggregate-usage',
  collectMembers: 'collect-members',
  sendPushes: 'send-pushes',
} as const;
