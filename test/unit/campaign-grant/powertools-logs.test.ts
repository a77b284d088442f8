import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  powertoolsGrantLog,
  powertoolsPublishLog,
} from '../../../lambdas/campaign-grant/adapters/powertools-logs.ts';
import { LOG_LINES } from '../../../schema/log-lines.ts';
import { SAVED_QUERIES } from '../../../schema/saved-queries.ts';
import { useCapturedLines } from '../../support/captured-lines.ts';
import { embeddedMetrics } from '../../support/embedded-metrics.ts';
import { START_MS, answers } from '../../support/fakes.ts';
import { makeCall, makeFigures } from '../../support/figures.ts';

const lines = useCapturedLines();
const logged = () => lines().filter((line) => !embeddedMetrics.safeParse(line).success);
const metered = () => lines().flatMap((line) => embeddedMetrics.safeParse(line).data ?? []);

/** As many as there are in a batch, each another customer's. */
const FULL = Array.from({ length: 100 }, (_, index) => String(index + 1));
/** What CloudWatch Logs finds of a line by its name. */
const FOUND_FIELDS = 200;

function flatten(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(inner, path === '' ? key : `${path}.${key}`),
  );
}

describe('a batch', () => {
  it('is one line of the log and one of metrics', () => {
    powertoolsGrantLog('dev').batchPaid(
      makeFigures({ granted: 100, calls: FULL.map((id) => makeCall(id)), callsAt: FULL.map(() => START_MS) }),
    );

    expect(logged()).toHaveLength(1);
    expect(metered()).toMatchObject([{ MoneyCalls: 100, GrantsGranted: 100, stage: 'dev' }]);
  });

  it('says what saved queries ask for, and nothing of the customers beyond their targets', () => {
    const failing = makeCall('3', answers.rejected('ACCOUNT_CLOSED'), { attemptCount: 2, latencyMs: 40.6 });

    powertoolsGrantLog('dev').batchPaid(
      makeFigures({
        granted: 1,
        rejected: 1,
        deadLetters: 1,
        calls: [makeCall('2'), failing],
        callsAt: [START_MS],
      }),
    );

    const [line] = logged();
    const { event, level, message, timestamp, service, sampling_rate, ...fields } = z
      .looseObject({
        event: z.literal('BATCH_PAID'),
        level: z.literal('INFO'),
        message: z.string(),
        timestamp: z.string(),
        service: z.string(),
        sampling_rate: z.unknown().optional(),
      })
      .parse(line);
    expect([event, level, message, typeof timestamp, typeof service, sampling_rate]).toContain('BATCH_PAID');
    expect(LOG_LINES.batchPaid.strict().parse(fields)).toEqual({
      granted: 1,
      rejected: 1,
      retrying: 0,
      failed: 0,
      repeated: 0,
      returned: 0,
      deadLetters: 1,
      breakerWaitSeconds: 0,
      slowestMs: 41,
      slowestTarget: 'POINT-7-3',
      promotionIds: ['7'],
      failures: [{ target: 'POINT-7-3', code: 'ACCOUNT_CLOSED', attempt: 2 }],
      callsAt: [START_MS],
      targets: ['POINT-7-2', 'POINT-7-3'],
    });
  });

  it('without a call has no slowest one', () => {
    powertoolsGrantLog('dev').batchPaid(makeFigures({ repeated: 10 }));

    expect(logged()).toMatchObject([{ targets: [], repeated: 10 }]);
    expect(logged()[0]).not.toHaveProperty('slowestMs');
  });

  it('that fails altogether is found by each figure all the same: lists are behind them', () => {
    const calls = FULL.map((id) => makeCall(id, answers.tooMany()));

    powertoolsGrantLog('dev').batchPaid(
      makeFigures({ retrying: 100, calls, callsAt: FULL.map(() => START_MS) }),
    );

    const found = flatten(logged()[0]).slice(0, FOUND_FIELDS);
    const figures = Object.keys(LOG_LINES.batchPaid.shape).filter(
      (name) => !['failures', 'callsAt', 'targets', 'promotionIds'].includes(name),
    );
    expect(found).toEqual(expect.arrayContaining(['event', ...figures, 'promotionIds.0']));
  });

  it('is in the history of each of its targets, with the code of those that failed', () => {
    const calls = [makeCall('12'), makeCall('123', answers.rejected('ACCOUNT_CLOSED'), { attemptCount: 3 })];
    powertoolsGrantLog('dev').batchPaid(makeFigures({ calls }));
    const text = JSON.stringify(logged()[0]);
    const historyOf = (target: string) => {
      const query = SAVED_QUERIES['HistoryOfATarget']?.text.replaceAll('{{target}}', target) ?? '';
      const [, wanted = ''] = /like '([^']+)'/.exec(query) ?? [];
      const [, pattern = ''] = /parse @message '([^']+)'/.exec(query) ?? [];
      const parts = pattern.split('*').map((part) => part.replaceAll(/[\^$.*+?()[\]{}|]/g, '\\$&'));
      return { isIn: text.includes(wanted), failure: new RegExp(parts.join('(.*?)')).exec(text)?.slice(1) };
    };

    expect(historyOf('POINT-7-123')).toEqual({ isIn: true, failure: ['ACCOUNT_CLOSED', '3'] });
    expect(historyOf('POINT-7-12')).toEqual({ isIn: true, failure: undefined });
    expect(historyOf('POINT-7-1')).toEqual({ isIn: false, failure: undefined });
  });
});

describe('what else befalls a batch', () => {
  it('is counted and told when the database did not say what to do with it', () => {
    powertoolsGrantLog('dev').batchUndecided(new Error('away'), 10);

    expect(metered()).toMatchObject([{ MessagesUndecided: 10 }]);
    expect(logged()).toMatchObject([{ event: 'BATCH_UNDECIDED', messageCount: 10, level: 'ERROR' }]);
  });

  it('is told when the breaker has changed', () => {
    powertoolsGrantLog('dev').breakerChanged('closed', 10, 61.2);

    expect(logged()).toMatchObject([
      { event: 'BREAKER_CHANGED', transition: 'closed', consecutiveFailures: 10, outageSeconds: 61 },
    ]);
    expect(metered()).toEqual([]);
  });

  it('is told when our key was refused', () => {
    powertoolsGrantLog('dev').apiKeyRefused('7', 'HTTP_401');

    expect(logged()).toMatchObject([{ event: 'API_KEY_REFUSED', promotionId: '7', level: 'CRITICAL' }]);
  });

  it('is told when SQS did not do what it was asked for', () => {
    powertoolsGrantLog('dev').queueFailed('delete', 'nothing that is an Error');

    expect(logged()).toMatchObject([
      { event: 'QUEUE_FAILED', error: { message: 'nothing that is an Error' }, level: 'WARN' },
    ]);
  });
});

describe('a page', () => {
  const page = {
    promotionId: '7',
    promotionType: 'VOUCHER',
    runNumber: 2,
    sentCount: 1_000,
    invalid: [],
    sendFailureCount: 0,
  } as const;

  it('is one line of metrics', () => {
    powertoolsPublishLog('dev').pagePublished(page);

    expect(metered()).toMatchObject([{ TargetsPublished: 1_000, TargetsInvalid: 0, SendFailures: 0 }]);
    expect(logged()).toEqual([]);
  });

  it('with invalid targets is a line of the log too: which, and by which code', () => {
    const reason = 'INVALID_AMOUNT: the amount is not positive';

    powertoolsPublishLog('dev').pagePublished({ ...page, invalid: [{ targetId: '9', reason }] });

    expect(logged()).toMatchObject([
      {
        event: 'TARGETS_INVALID',
        promotionId: '7',
        runNumber: 2,
        failures: [{ target: 'VOUCHER-7-9', code: 'INVALID_AMOUNT', attempt: 0 }],
      },
    ]);
  });
});
