import * as z from 'zod';
import { figures, jobName, jobRunStatus, runDate, targetHour } from '../jobs.ts';
import { id } from '../promotion.ts';
import { components } from './components.ts';
import { nothing, operation } from './operation.ts';

const TAG = 'jobs';

const count = z.int().nonnegative();
const time = z.iso.datetime({ offset: true });

const jobRunView = z
  .object({
    jobRunId: id,
    jobName,
    runDate: z.string().describe('yyyy-MM-dd, Asia/Seoul.'),
    targetHour: targetHour.nullable().describe('Only of a job that is for an hour.'),
    status: jobRunStatus.describe(
      'COMPLETED_WITH_PROBLEMS: something was left out or looks wrong; the rest is done.',
    ),
    attempt: count.describe('Executions that have worked on it: each goes on where the one before ended.'),
    skippedChunkCount: count.describe('Chunks that earlier attempts had finished.'),
    problemCount: count,
    figures: figures.nullable().describe('Counts by name; null until it has completed.'),
    error: z.string().nullable().describe('Why it failed.'),
    startedAt: time,
    endedAt: time.nullable(),
    durationSeconds: z.number().nonnegative().describe('Until it ended, or until now.'),
    executionId: z.string().describe('The ARN of the Step Functions execution that worked on it last.'),
  })
  .register(components, { id: 'JobRun' });
export type JobRunView = z.infer<typeof jobRunView>;

const jobView = z
  .object({
    jobName,
    nextRunAt: time.describe('When its schedule starts it next.'),
    lastRun: jobRunView.nullable().describe('null: it has not run yet.'),
  })
  .register(components, { id: 'Job' });

const jobList = z.object({ jobs: z.array(jobView) }).register(components, { id: 'JobList' });

const jobRunList = z.object({ runs: z.array(jobRunView) }).register(components, { id: 'JobRunList' });

const jobStart = z
  .object({
    outcome: z.enum(['started', 'already']).describe('already: it was asked for before, and runs.'),
    jobName,
    runDate: z.string(),
    targetHour: targetHour.nullable(),
    executionName: z.string(),
    executionId: z.string(),
  })
  .register(components, { id: 'JobStart' });

const started = {
  202: {
    description: 'It is started, or was started before: asked twice, it is one run.',
    schema: jobStart,
    headers: { Location: 'Where its runs are.' },
  },
} as const;

export const jobOperations = {
  list: operation({
    operationId: 'listJobs',
    method: 'get',
    path: '/api/v1/jobs',
    tag: TAG,
    summary: 'The jobs that are deployed: the last run of each, and when it runs next.',
    access: 'admin',
    parameters: nothing,
    query: nothing,
    body: nothing,
    answers: { 200: { description: 'The jobs.', schema: jobList } },
    problems: [],
  }),

  runs: operation({
    operationId: 'listJobRuns',
    method: 'get',
    path: '/api/v1/jobs/{jobName}/runs',
    tag: TAG,
    summary: 'The runs of a job, the newest first: how each ended, and its figures.',
    access: 'admin',
    parameters: z.object({ jobName }),
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(200).default(50).describe('So many at most.'),
    }),
    body: nothing,
    answers: { 200: { description: 'The runs.', schema: jobRunList } },
    problems: [],
  }),

  startPointSync: operation({
    operationId: 'startPointSync',
    method: 'post',
    path: '/api/v1/jobs/point-sync',
    tag: TAG,
    summary: 'Runs point sync now.',
    description:
      'For a day that failed, it goes on after the last finished chunk; for one that completed, it runs anew, and takes ' +
      'up what came late. While another execution runs it for the same day it is refused.',
    access: 'admin',
    parameters: nothing,
    query: z.strictObject({
      runDate: runDate
        .optional()
        .describe(
          'yyyy-MM-dd, today or earlier, Asia/Seoul; today where nothing is said. The day before is reported.',
        ),
      prune: z
        .enum(['true', 'false'])
        .default('false')
        .describe('true: balances in Redis of users who are gone are removed, and not only counted.'),
    }),
    body: nothing,
    answers: started,
    problems: ['job-not-deployed', 'job-conflict'],
  }),

  startCouponUsageStats: operation({
    operationId: 'startCouponUsageStats',
    method: 'post',
    path: '/api/v1/jobs/coupon-usage-stats',
    tag: TAG,
    summary: "Makes each member's favourite district and hour now.",
    description:
      'Of the twenty days up to the run date. For a date that failed, it goes on after the last finished chunk; for one ' +
      'that completed, it runs anew, in place of what was written. While another execution runs it for the same date it ' +
      'is refused.',
    access: 'admin',
    parameters: nothing,
    query: z.strictObject({
      runDate: runDate
        .optional()
        .describe('yyyy-MM-dd, today or earlier, Asia/Seoul; yesterday where nothing is said.'),
    }),
    body: nothing,
    answers: started,
    problems: ['job-not-deployed', 'job-conflict'],
  }),

  startCouponUsageStatsFcmSend: operation({
    operationId: 'startCouponUsageStatsFcmSend',
    method: 'post',
    path: '/api/v1/jobs/coupon-usage-stats-fcm-send',
    tag: TAG,
    summary: 'Sends the messages of an hour now.',
    description:
      'To members whose favourite hour it is: each at most once for the date and hour, however often it is asked for. ' +
      'Again, it sends what is missing.',
    access: 'admin',
    parameters: nothing,
    query: z.strictObject({
      runDate: runDate
        .optional()
        .describe('yyyy-MM-dd, today or earlier, Asia/Seoul; today where nothing is said.'),
      targetHour: z.coerce
        .number()
        .pipe(targetHour)
        .optional()
        .describe('0 to 23, Asia/Seoul; the hour that it is where nothing is said.'),
    }),
    body: nothing,
    answers: started,
    problems: ['job-not-deployed', 'job-conflict'],
  }),
} as const;
