/**
 * What people ask the log: CloudWatch Logs Insights queries over the lines of log-lines.ts, whose names they use.
 * {{…}} is asked for when a query is run.
 */
interface SavedQuery {
  readonly text: string;
  /** What each {{…}} is. */
  readonly parameters?: Readonly<Record<string, string>>;
}

const PROMOTION = { promotionId: 'a promotion_id, such as 7' };

export const SAVED_QUERIES: Readonly<Record<string, SavedQuery>> = {
  CallsBySecond: {
    text: `
filter event = 'BATCH_PAID'
| fields jsonParse(@message) as line
| unnest line.callsAt into calledAt
| fields datefloor(fromMillis(calledAt), 1s) as second
| stats count(*) as calls by second
| sort second asc
| limit 10000`,
  },
  FailuresByCode: {
    text: `
filter event in ['BATCH_PAID', 'TARGETS_INVALID', 'DEAD_LETTERS_COLLECTED']
| fields jsonParse(@message) as line
| unnest line.failures into failure
| filter ispresent(failure.code)
| stats count(*) as failures, count_distinct(failure.target) as targets, max(@timestamp) as latest by failure.code
| sort failures desc`,
  },
  HistoryOfATarget: {
    text: `
filter @message like '"{{target}}"'
| parse @message '{"target":"{{target}}","code":"*","attempt":*}' as code, attempt
| fields @timestamp, event, coalesce(code, 'GRANTED') as outcome, attempt, @message
| sort @timestamp asc
| limit 1000`,
    parameters: { target: 'its key, such as POINT-7-12345: type, promotion_id, target id' },
  },
  RunsOfACampaign: {
    text: `
filter (promotionId = '{{promotionId}}' or run.promotionId = '{{promotionId}}') and event != 'TARGETS_INVALID'
| fields @timestamp, event, message, run.runNumber, partition.partitionNumber, sentCount, invalidCount, code,
    outcome, again, successCount, failCount, retrySuccessCount, totalCount, grantedAmount, redrivenCount
| sort @timestamp asc
| limit 1000`,
    parameters: PROMOTION,
  },
  CampaignByMinute: {
    text: `
filter event = 'BATCH_PAID' and promotionIds.0 = '{{promotionId}}'
| stats sum(granted) as paid, sum(rejected) as refused, sum(retrying) as again, sum(failed) as gaveUp,
    sum(deadLetters) as buried, max(slowestMs) as slowest, sum(breakerWaitSeconds) as waited by bin(1m) as minute
| sort minute asc`,
    parameters: PROMOTION,
  },
  HistoryOfAJobRun: {
    text: `
filter @message like '"jobRunId":"{{jobRunId}}"'
| fields @timestamp, event, message, jobRun.attempt, step, range.rangeNumber, finished, status, problemCount,
    durationSeconds, skippedChunkCount, failed.0.error
| sort @timestamp asc
| limit 1000`,
    parameters: { jobRunId: 'a job_run_id, such as 7: npx grantline jobs history --json says it' },
  },
  GoneUsers: {
    text: `
filter event = 'GONE_USERS'
| fields jsonParse(@message) as line
| unnest line.userIds into userId
| fields @timestamp, userId, pruned
| sort @timestamp desc
| limit 10000`,
  },
  BreakerTransitions: {
    text: `
filter event = 'BREAKER_CHANGED'
| fields @timestamp, transition, consecutiveFailures, outageSeconds
| sort @timestamp asc
| limit 1000`,
  },
  SlowestMoneyCalls: {
    text: `
filter event = 'BATCH_PAID' and ispresent(slowestMs)
| fields @timestamp, slowestMs, slowestTarget
| sort slowestMs desc
| limit 50`,
  },
  Errors: {
    text: `
filter level in ['ERROR', 'CRITICAL'] or event = 'ALERT_POSTPONED' or @message like /Task timed out|Runtime exited/
| fields @timestamp, function_name, event, message, error.name, error.message, @message
| sort @timestamp desc
| limit 200`,
  },
};
