/** The `event` field of the log lines that saved queries and people filter on. */
export const LOG_EVENTS = {
  campaignBegun: 'CAMPAIGN_BEGUN',
  campaignFinished: 'CAMPAIGN_FINISHED',
  partitionPublished: 'PARTITION_PUBLISHED',
  batchPaid: 'BATCH_PAID',
  batchUndecided: 'BATCH_UNDECIDED',
  queueFailed: 'QUEUE_FAILED',
  apiKeyRefused: 'API_KEY_REFUSED',
  deadLettersCollected: 'DEAD_LETTERS_COLLECTED',
  campaignsReconciled: 'CAMPAIGNS_RECONCILED',
  deadLettersRedriven: 'DEAD_LETTERS_REDRIVEN',
  migrated: 'MIGRATED',
  alertPublished: 'ALERT_PUBLISHED',
  alertsNotPublished: 'ALERTS_NOT_PUBLISHED',
  alertDelivered: 'ALERT_DELIVERED',
  alertPostponed: 'ALERT_POSTPONED',
} as const;
