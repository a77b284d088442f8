/**
 * Every metric of our own, said once: functions emit them, the dashboard shows them, alarms watch them. Two dimensions,
 * service and stage: which promotion or which day it was is for the log to say. Each job is a service.
 */
import type { JobName } from './jobs.ts';

export const METRIC_NAMESPACE = 'Grantline';
/** Whose metrics they are when nothing else is said. */
export const METRIC_SERVICE = 'campaign-grant';
export type MetricService = typeof METRIC_SERVICE | JobName;

interface Metric {
  readonly unit: 'Count' | 'Count/Second' | 'Milliseconds' | 'Seconds' | 'None';
  /** What is counted, in the legend of a graph. */
  readonly says: string;
  /** Seconds that CloudWatch keeps apart: 1 where a minute would hide what happens, otherwise 60. */
  readonly resolution: 1 | 60;
}

const count = (says: string) => ({ unit: 'Count', says, resolution: 60 }) as const;
const gauge = (unit: 'Count' | 'Count/Second' | 'None', says: string) =>
  ({ unit, says, resolution: 1 }) as const;

export const METRICS = {
  MoneyCalls: { unit: 'Count', says: 'calls sent', resolution: 1 },
  MoneyLatency: { unit: 'Milliseconds', says: 'from a call to its answer or timeout', resolution: 60 },
  MoneyTimeouts: count('no answer in time'),
  MoneyConnectionFailures: count('connection broken'),
  MoneyServerErrors: count('5xx answers'),
  MoneyTooManyRequests: count('429 answers'),
  MoneyUnexpectedAnswers: count('answers that break the contract'),
  MoneyKeyRefusals: count('401 and 403 answers'),
  BreakerWait: { unit: 'Seconds', says: 'seconds that calls waited for it', resolution: 60 },

  GrantsGranted: count('paid'),
  GrantsRejected: count('rejected by the Money API'),
  GrantsRetrying: count('to be tried again'),
  GrantsFailed: count('attempts used up'),
  MessagesRepeated: count('final before'),
  MessagesReturned: count('of a campaign that is not being paid'),
  MessagesUndecided: count('to come again: the database did not answer'),

  MalformedMessages: count('no grant message'),
  UnknownTargets: count('no such target'),
  ReceivesExhausted: count('given up by the queue'),

  TargetsPublished: count('sent to the queue'),
  TargetsInvalid: count('invalid'),
  SendFailures: count('not taken, to be sent again'),

  Reconciliations: count('comparisons with the rows'),
  RunsStarted: count('started: overdue'),
  RunsRecovered: count('started: in place of one that was lost'),
  RunsClosed: count('closed: their execution had ended'),
  RunsCompleted: count('COMPLETED'),
  RunsStopped: count('STOPPED'),
  RunsFailed: count('FAILED'),
  RunsRepeated: count('followed by another pass'),

  JobRunsCompleted: count('completed'),
  JobRunsWithProblems: count('completed with problems'),
  JobRunsFailed: count('failed'),
  JobDuration: { unit: 'Seconds', says: 'from the begin of a run to its end', resolution: 60 },
  JobReads: count('read'),
  JobWrites: count('written'),
  JobProblems: count('problems'),
  JobSkippedChunks: count('chunks that earlier attempts had finished'),
  JobHoursSinceCompleted: { unit: 'None', says: 'hours since a run completed', resolution: 60 },

  CampaignTargets: gauge('Count', 'targets'),
  CampaignFinal: gauge('Count', 'paid or failed'),
  CampaignGranted: gauge('Count', 'paid'),
  CampaignFailed: gauge('Count', 'failed'),
  CampaignBacklog: gauge('Count', 'messages waiting or at work'),
  CampaignRate: gauge('Count/Second', 'targets paid or failed a second'),
  MoneyCeiling: gauge('Count/Second', 'ceiling'),
  BreakerOpen: gauge('None', '1 while the breaker is open'),
  CountersLost: gauge('None', '1 while the counters are lost'),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

/** What an event of the log (log-events.ts) is counted as. A metric of many values comes last: see shared/metrics.ts. */
export const EVENT_METRICS = {
  batchPaid: [
    'MoneyCalls',
    'MoneyTimeouts',
    'MoneyConnectionFailures',
    'MoneyServerErrors',
    'MoneyTooManyRequests',
    'MoneyUnexpectedAnswers',
    'MoneyKeyRefusals',
    'BreakerWait',
    'GrantsGranted',
    'GrantsRejected',
    'GrantsRetrying',
    'GrantsFailed',
    'MessagesRepeated',
    'MessagesReturned',
    'MalformedMessages',
    'UnknownTargets',
    'MoneyLatency',
  ],
  batchUndecided: ['MessagesUndecided'],
  pagePublished: ['TargetsPublished', 'TargetsInvalid', 'SendFailures'],
  deadLettersCollected: [
    'MalformedMessages',
    'UnknownTargets',
    'ReceivesExhausted',
    'MessagesRepeated',
    'MessagesReturned',
  ],
  campaignsReconciled: ['Reconciliations', 'RunsStarted', 'RunsRecovered', 'RunsClosed'],
  campaignFinished: ['RunsCompleted', 'RunsStopped', 'RunsFailed', 'RunsRepeated'],
  jobRunEnded: [
    'JobRunsCompleted',
    'JobRunsWithProblems',
    'JobRunsFailed',
    'JobDuration',
    'JobReads',
    'JobWrites',
    'JobProblems',
    'JobSkippedChunks',
  ],
  jobRunsReconciled: ['JobHoursSinceCompleted'],
} as const satisfies Record<string, readonly MetricName[]>;

export type MeteredEvent = keyof typeof EVENT_METRICS;

/** Each metric of the event: a figure, or the values of a distribution. */
export type MetricValues<Event extends MeteredEvent> = Readonly<
  Record<(typeof EVENT_METRICS)[Event][number], number | readonly number[]>
>;

/** What is told as it stands now, and not counted. */
export const GAUGES = [
  'CampaignTargets',
  'CampaignFinal',
  'CampaignGranted',
  'CampaignFailed',
  'CampaignBacklog',
  'CampaignRate',
  'MoneyCeiling',
  'BreakerOpen',
  'CountersLost',
] as const satisfies readonly MetricName[];

/** Of each job, under a service of its own; all others are the campaigns'. */
export const JOB_METRICS = [
  ...EVENT_METRICS.jobRunEnded,
  ...EVENT_METRICS.jobRunsReconciled,
] as const satisfies readonly MetricName[];

export type JobMetricName = (typeof JOB_METRICS)[number];

export type GaugeName = (typeof GAUGES)[number];
