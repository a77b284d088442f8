import * as z from 'zod';
import { id, promotionStatus, promotionType } from '../promotion.ts';
import { components } from './components.ts';
import { nothing, operation } from './operation.ts';

const TAG = 'campaigns';

const count = z.int().nonnegative();
const time = z.iso.datetime({ offset: true });

export const campaignPhase = z.enum([
  'ready',
  'reserved',
  'waiting',
  'paying',
  'paused',
  'stopped',
  'failed',
  'completed',
]);

export const campaignView = z
  .object({
    promotionId: id,
    promotionType,
    status: promotionStatus,
    phase: campaignPhase.describe(
      'What it is doing: ready (nobody has started it), reserved, waiting (for its turn), paying, paused (the breaker ' +
        'before the Money API is open), stopped, failed, completed.',
    ),
    why: z.string().nullable().describe('Why it waits, or why it ended otherwise than completed.'),
    reservationAt: time.nullable(),
    totalCount: count.describe('Its targets; what the loader said until a run has counted them.'),
    publishedCount: count,
    successCount: count,
    failCount: count,
    retrySuccessCount: count.describe('Of the successes, those that took more than one call.'),
    finalCount: count.describe('Successes and failures.'),
    finalPerSecond: z
      .number()
      .nullable()
      .describe('Targets that became final in a second, lately; null: not measured lately.'),
    secondsLeft: count.nullable().describe('Until the last target is final, at that rate.'),
    startedAt: time.nullable(),
    completedAt: time.nullable(),
    stoppedAt: time.nullable(),
    stoppedMemo: z.string().nullable(),
    runNumber: count.describe('0 before the first run.'),
    executionId: z
      .string()
      .nullable()
      .describe('Of the latest run: the ARN of its Step Functions execution.'),
  })
  .register(components, { id: 'Campaign' });
export type CampaignView = z.infer<typeof campaignView>;

const campaignList = z
  .object({ campaigns: z.array(campaignView) })
  .register(components, { id: 'CampaignList' });

const beginning = z
  .object({
    outcome: z
      .enum(['started', 'already'])
      .describe('already: it is being paid, or its execution runs and waits for its turn.'),
    executionName: z.string().nullable(),
    campaign: campaignView,
  })
  .register(components, { id: 'Beginning' });

const stop = z
  .strictObject({
    reason: z
      .string()
      .trim()
      .min(1)
      .max(400)
      // Half of a character is no text that a database takes.
      .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
      .describe('Why, for those who look at the campaign later. Kept as stoppedMemo, with who asked.'),
  })
  .register(components, { id: 'Stop' });

const stopped = z
  .object({
    outcome: z
      .enum(['stopped', 'withdrawn', 'already'])
      .describe('withdrawn: it had not begun; already: it was stopped before.'),
    campaign: campaignView,
  })
  .register(components, { id: 'Stopped' });

const redrive = z
  .strictObject({
    causes: z
      .array(z.string().min(1).max(60))
      .min(1)
      .max(50)
      .optional()
      .describe('Dead letters with these causes only, as /failures says them.'),
    targetIds: z.array(id).min(1).max(10_000).optional().describe('These targets only.'),
  })
  .register(components, { id: 'RedriveSelection' });

const redriven = z
  .object({
    outcome: z
      .enum(['started', 'already', 'nothing'])
      .describe('already: a redrive of this selection runs; nothing: no dead letter is selected.'),
    executionName: z.string().nullable(),
    count: count.describe('Dead letters that are selected and not redriven yet.'),
    causes: z.array(z.object({ cause: z.string(), count })),
  })
  .register(components, { id: 'Redrive' });

const failure = z
  .object({
    targetId: id,
    customerUid: z.string(),
    cause: z.string().nullable().describe('null: the target was invalid, and no call was made.'),
    reason: z.string().nullable(),
    attemptCount: count,
    failedAt: time,
  })
  .register(components, { id: 'Failure' });
export type FailureView = z.infer<typeof failure>;

const failurePage = z
  .object({
    failures: z.array(failure),
    nextAfter: id.nullable().describe('What `after` is on the next page; null: this is the last one.'),
  })
  .register(components, { id: 'FailurePage' });

const ofCampaign = z.object({ promotionId: id });

const begun = {
  202: {
    description: 'It is started, or was started before: asked twice, it is one run. It waits for its turn.',
    schema: beginning,
    headers: { Location: 'Where its state is.' },
  },
} as const;

export const campaignOperations = {
  list: operation({
    operationId: 'listCampaigns',
    method: 'get',
    path: '/api/v1/campaigns',
    tag: TAG,
    summary: 'All campaigns and what they are doing.',
    description: 'Those that are not final before the others, the newest first.',
    access: 'admin',
    parameters: nothing,
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(200).default(50).describe('So many at most.'),
    }),
    body: nothing,
    answers: { 200: { description: 'The campaigns.', schema: campaignList } },
    problems: [],
  }),

  get: operation({
    operationId: 'getCampaign',
    method: 'get',
    path: '/api/v1/campaigns/{promotionId}',
    tag: TAG,
    summary: 'One campaign: its state, how far it is, how fast, and why it waits.',
    description: 'No target is counted: it answers at once, whatever the size of the campaign.',
    access: 'admin',
    parameters: ofCampaign,
    query: nothing,
    body: nothing,
    answers: { 200: { description: 'The campaign.', schema: campaignView } },
    problems: ['unknown-campaign'],
  }),

  start: operation({
    operationId: 'startCampaign',
    method: 'post',
    path: '/api/v1/campaigns/{promotionId}/start',
    tag: TAG,
    summary: 'Starts a READY campaign now, whatever its reservation says.',
    access: 'admin',
    parameters: ofCampaign,
    query: nothing,
    body: nothing,
    answers: begun,
    problems: ['unknown-campaign', 'wrong-state'],
  }),

  resume: operation({
    operationId: 'resumeCampaign',
    method: 'post',
    path: '/api/v1/campaigns/{promotionId}/resume',
    tag: TAG,
    summary: 'Has a campaign go on that is STOPPED or FAILED: what was paid stays paid, the rest follows.',
    access: 'admin',
    parameters: ofCampaign,
    query: nothing,
    body: nothing,
    answers: begun,
    problems: ['unknown-campaign', 'wrong-state'],
  }),

  stop: operation({
    operationId: 'stopCampaign',
    method: 'post',
    path: '/api/v1/campaigns/{promotionId}/stop',
    tag: TAG,
    summary: 'Stops a campaign that is being paid, or withdraws one that has not begun.',
    description:
      'No call to the Money API is sent later than two seconds after the answer. Calls under way end and are recorded; ' +
      'what was not paid is PENDING again within seconds.',
    access: 'admin',
    parameters: ofCampaign,
    query: nothing,
    body: stop,
    answers: { 200: { description: 'It is stopped.', schema: stopped } },
    problems: ['unknown-campaign', 'wrong-state'],
  }),

  redrive: operation({
    operationId: 'redriveCampaign',
    method: 'post',
    path: '/api/v1/campaigns/{promotionId}/redrive',
    tag: TAG,
    summary: 'Pays targets again that were given up: all dead letters of a campaign, or a selection.',
    description:
      'Each is asked for again with its own key, through the same queue and under the same ceiling. A COMPLETED ' +
      'campaign runs again for just these; one that is stopped pays them when it is resumed. The same selection asked ' +
      'for twice while one redrive runs is one redrive.',
    access: 'admin',
    parameters: ofCampaign,
    query: nothing,
    body: redrive,
    answers: {
      200: { description: 'There is nothing to redrive.', schema: redriven },
      202: {
        description: 'They are being redriven.',
        schema: redriven,
        headers: { Location: 'Where the state of the campaign is.' },
      },
    },
    problems: ['unknown-campaign'],
  }),

  failures: operation({
    operationId: 'listFailures',
    method: 'get',
    path: '/api/v1/campaigns/{promotionId}/failures',
    tag: TAG,
    summary: 'The targets of a campaign that failed: who, why, after how many calls.',
    access: 'admin',
    parameters: ofCampaign,
    query: z.strictObject({
      after: id.optional().describe('Targets behind this one only: `nextAfter` of the page before.'),
      // A page of the longest reasons is within the 1 MiB of a Data API answer.
      limit: z.coerce.number().int().min(1).max(500).default(100).describe('So many at most.'),
    }),
    body: nothing,
    answers: { 200: { description: 'A page of failures, in order of target.', schema: failurePage } },
    problems: ['unknown-campaign'],
  }),
} as const;
