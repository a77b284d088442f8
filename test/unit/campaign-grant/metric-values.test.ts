import { describe, expect, it } from 'vitest';
import {
  batchValues,
  collectedValues,
  finishedValues,
  pageValues,
  reconciledValues,
} from '../../../lambdas/campaign-grant/metric-values.ts';
import { exhausted, malformed, unknownTarget } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { FinishCampaignOutput } from '../../../schema/campaign-run.ts';
import { answers } from '../../support/fakes.ts';
import type { ScriptedAnswer } from '../../support/fakes.ts';
import { makeCall, makeFigures } from '../../support/figures.ts';

const GRANT = { promotionType: 'POINT', promotionId: '7', targetId: '1' } as const;
const answered = (status: number, body = ''): ScriptedAnswer => ({
  answer: { kind: 'answered', status, body },
});

describe('a batch', () => {
  it('counts its messages by what became of them', () => {
    const figures = { granted: 5, rejected: 1, retrying: 2, failed: 3, repeated: 4, returned: 6 };

    expect(batchValues(makeFigures({ ...figures, malformed: 7, unknownTargets: 8 }))).toMatchObject({
      GrantsGranted: 5,
      GrantsRejected: 1,
      GrantsRetrying: 2,
      GrantsFailed: 3,
      MessagesRepeated: 4,
      MessagesReturned: 6,
      MalformedMessages: 7,
      UnknownTargets: 8,
    });
  });

  it('has the latency of each of its calls, in whole milliseconds, and how long the breaker held them up', () => {
    const calls = [
      makeCall('1', answers.granted('T'), { latencyMs: 11.6 }),
      makeCall('2', answers.timedOut()),
    ];

    expect(batchValues(makeFigures({ calls, breakerWaitSeconds: 31.5 }))).toMatchObject({
      MoneyCalls: 2,
      MoneyLatency: [12, 12],
      BreakerWait: 31.5,
    });
  });

  it.each([
    ['MoneyTimeouts', answers.timedOut()],
    ['MoneyConnectionFailures', { answer: { kind: 'unanswered', cause: 'CONNECTION', detail: 'reset' } }],
    ['MoneyServerErrors', answers.unavailable()],
    ['MoneyServerErrors', answered(500)],
    ['MoneyTooManyRequests', answers.tooMany()],
    ['MoneyUnexpectedAnswers', answered(200, '{}')],
    ['MoneyUnexpectedAnswers', answered(302)],
    ['MoneyUnexpectedAnswers', answered(408)],
    ['MoneyKeyRefusals', answers.unauthorized()],
    ['MoneyKeyRefusals', answered(403)],
  ] as const)('counts one of %s for a call that fails so', (name, scripted) => {
    const values = batchValues(makeFigures({ calls: [makeCall('1', scripted)] }));

    const failures = Object.entries(values).filter(([key]) => /^Money(?!Calls|Latency)/.test(key));
    expect(Object.fromEntries(failures)).toEqual({
      MoneyTimeouts: 0,
      MoneyConnectionFailures: 0,
      MoneyServerErrors: 0,
      MoneyTooManyRequests: 0,
      MoneyUnexpectedAnswers: 0,
      MoneyKeyRefusals: 0,
      [name]: 1,
    });
  });

  it.each([
    ['granted', answers.granted('T')],
    ['rejected', answers.rejected('ACCOUNT_CLOSED')],
  ])('counts no failure for a call that was %s', (_name, scripted) => {
    const values = batchValues(makeFigures({ calls: [makeCall('1', scripted)] }));

    const failures = Object.entries(values).filter(([key]) => /^Money(?!Calls|Latency)/.test(key));
    expect(failures.map(([, value]) => value)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('the other steps', () => {
  it('count the targets of a page', () => {
    const invalid = [{ targetId: '1', reason: 'INVALID_AMOUNT: the amount is not positive' }];
    const page = {
      promotionId: '7',
      promotionType: 'POINT',
      runNumber: 1,
      sentCount: 990,
      invalid,
      sendFailureCount: 9,
    } as const;

    expect(pageValues(page)).toEqual({ TargetsPublished: 990, TargetsInvalid: 1, SendFailures: 9 });
  });

  it('count dead letters by their cause', () => {
    const deadLetters = [
      malformed('m', 'why', 'body'),
      unknownTarget(GRANT, 'body'),
      exhausted(GRANT, 1, 'body').deadLetter,
      exhausted(GRANT, 1, 'body').deadLetter,
    ];

    expect(collectedValues({ deadLetters, repeated: 3, returned: 4 })).toEqual({
      MalformedMessages: 1,
      UnknownTargets: 1,
      ReceivesExhausted: 2,
      MessagesRepeated: 3,
      MessagesReturned: 4,
    });
  });

  it('count a comparison, and what it found', () => {
    const reconciled = {
      started: ['1'],
      recovered: ['2', '3'],
      closed: ['4'],
      scheduled: ['5'],
      unscheduled: [],
    };

    expect(reconciledValues(reconciled)).toEqual({
      Reconciliations: 1,
      RunsStarted: 1,
      RunsRecovered: 2,
      RunsClosed: 1,
    });
  });

  it.each([
    ['COMPLETED', false, 'RunsCompleted'],
    ['STOPPED', false, 'RunsStopped'],
    ['FAILED', false, 'RunsFailed'],
    ['IN_PROGRESS', true, 'RunsRepeated'],
  ] as const)('count a run that ended %s', (outcome, again, name) => {
    const output: FinishCampaignOutput = {
      again,
      outcome,
      totalCount: 1,
      publishedCount: 1,
      successCount: 1,
      failCount: 0,
      retrySuccessCount: 0,
      grantedAmount: '1',
    };

    expect(finishedValues(output)).toEqual({
      RunsCompleted: 0,
      RunsStopped: 0,
      RunsFailed: 0,
      RunsRepeated: 0,
      [name]: 1,
    });
  });
});
