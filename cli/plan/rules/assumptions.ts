/** What a plan takes as given. */

/** What the deployed code and the stacks do: whoever changes them there changes them here. */
export const GRANTLINE = {
  /** GrantRewards' timeout less half a minute: an invocation goes on for so long. */
  grantInvocationSeconds: 270,
  /** The steps of CampaignRun ask to be called again a minute before their 15 are over. */
  stepInvocationSeconds: 840,
  publishPageSize: 1_000,
  /** lib/config.ts takes no lower publishing.backlogSeconds. */
  fewestBacklogSeconds: 5,
  grantMemoryGb: 1,
  publishMemoryGb: 1,
  trackMemoryGb: 0.5,
  /** Besides GrantRewards': CollectDeadLetters' 2, and 10, 2 and 5 of the HTTP API. */
  otherReservedConcurrency: 19,
} as const;

/** AWS's own, in Seoul. */
export const AWS = {
  accountConcurrency: 1_000,
  unreservedConcurrency: 100,
  largestMaximumConcurrency: 1_000,
  sqsBatchSize: 10,
  /** Of a FIFO queue in high-throughput mode, for each action, in batches of ten. */
  sqsMessagesPerSecond: 24_000,
  sqsCallsPerSecond: 2_400,
  sqsInFlight: 120_000,
  sqsChunkBytes: 64 * 1024,
  /** A request of the Data API is billed for each chunk of this size. */
  dataApiChunkBytes: 32 * 1024,
  historyEvents: 25_000,
} as const;

/** What is neither: estimates, to be replaced by what is measured. */
export const ESTIMATES = {
  /** Of one partition: a read, a hundred batches in fours, a write, for each page of 1,000. */
  publishedRowsPerSecond: 1_000,
  /** BeginCampaign, the first page, and the second that a fresh environment waits. */
  startSeconds: 5,
  /** FinishCampaign and the hand-over to it, beside one progress interval. */
  finishSeconds: 5,
  /** Statements of a batch of grants, for each capacity unit of the writer. */
  statementsPerCapacityUnit: 200,
  callsWithEase: 250,
  /** Above it, 1 GB has too little CPU for TLS and JSON. */
  mostCallsOfOneEnvironment: 500,
  messageBytes: 600,
  pageRowBytes: 350,
  batchReadRowBytes: 300,
  batchWriteRowBytes: 150,
  /** The SQL text and what surrounds the rows. */
  statementBytes: 2_048,
  logLineBytes: 700,
  /** Of a batch: its line of the log and that of its metrics, and what each call adds to them. */
  batchLogBytes: 1_900,
  callLogBytes: 36,
  /** What Lambda itself writes of an invocation, and Step Functions of an event. */
  logInvocationBytes: 500,
  logEventBytes: 600,
  /** WaitForTurn, BeginCampaign and FinishCampaign, each. */
  stepSeconds: 5,
  /** Statements of BeginCampaign and FinishCampaign together. */
  beginAndFinishStatements: 40,
} as const;
