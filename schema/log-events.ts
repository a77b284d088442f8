/** The `event` field of the log lines that saved queries and people filter on. */
export const LOG_EVENTS = {
  campaignBegun: 'CAMPAIGN_BEGUN',
  campaignFinished: 'CAMPAIGN_FINISHED',
  targetsInvalid: 'TARGETS_INVALID',
  partitionPublished: 'PARTITION_PUBLISHED',
  batchPaid: 'BATCH_PAID',
  batchUndecided: 'BATCH_UNDECIDED',
  queueFailed: 'QUEUE_FAILED',
  apiKeyRefused: 'API_KEY_REFUSED',
  breakerChanged: 'BREAKER_CHANGED',
  deadLettersCollected: 'DEAD_LETTERS_COLLECTED',
  campaignsReconciled: 'CAMPAIGNS_RECONCILED',
  deadLettersRedriven: 'DEAD_LETTERS_REDRIVEN',
  gaugesNotTold: 'GAUGES_NOT_TOLD',
  migrated: 'MIGRATED',
} as const;
