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
  httpAnswered: 'HTTP_ANSWERED',
  httpFailed: 'HTTP_FAILED',
  operatorAsked: 'OPERATOR_ASKED',
  healthDown: 'HEALTH_DOWN',
} as const;
