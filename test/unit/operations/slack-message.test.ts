import { describe, expect, it } from 'vitest';
import { slackMessage } from '../../../lambdas/operations/notify-slack/slack-message.ts';
import { ALERT_KINDS } from '../../../schema/alert.ts';
import type { AlertJob, AlertMessage } from '../../../schema/alert.ts';
import { FIGURES, JOB_NAMES, PROBLEMS } from '../../../schema/jobs.ts';

const ARN = 'arn:aws:states:ap-northeast-2:000000000000:execution:grantline-dev-campaign-run:7-1';

function alert(overrides: Partial<AlertMessage> = {}): AlertMessage {
  return {
    version: 1,
    alertKey: 'promotion-7-run-1-completed',
    kind: 'CAMPAIGN_COMPLETED',
    isUrgent: false,
    stage: 'dev',
    region: 'ap-northeast-2',
    raisedAt: '2026-11-21T03:00:00.000Z',
    campaign: {
      promotionId: '7',
      promotionType: 'POINT',
      runNumber: 1,
      executionArn: ARN,
      totalCount: 1_000_000,
      successCount: 999_000,
      failCount: 1_000,
      retrySuccessCount: 12,
      grantedAmount: '99900000000.50',
      startedAt: '2026-11-21 12:00:00',
      endedAt: '2026-11-21 12:17:05',
      memo: null,
    },
    job: null,
    ...overrides,
  };
}

const text = (message: object) => JSON.stringify(message);

describe('a Slack message', () => {
  it('has the figures and a link to the execution', () => {
    const said = text(slackMessage(alert(), { language: 'en', mayBeRepeated: false }));

    expect(said).toContain('Campaign 7 is completed');
    expect(said).toContain('999,000 / 1,000,000');
    expect(said).toContain('99,900,000,000.50 KRW');
    expect(said).toContain('17 min 5 s');
    expect(said).toContain(`executions/details/${ARN}`);
    expect(said).toContain('dev');
  });

  it('is Korean where the stage says so', () => {
    const said = text(slackMessage(alert(), { language: 'ko', mayBeRepeated: false }));

    expect(said).toContain('캠페인 7 지급이 완료되었습니다');
    expect(said).toContain('17분 5초');
  });

  it.each(['ko', 'en'] as const)('in %s has other words for each kind', (language) => {
    const texts = ALERT_KINDS.map(
      (kind) => slackMessage(alert({ kind }), { language, mayBeRepeated: false }).text,
    );
    expect(new Set(texts).size).toBe(ALERT_KINDS.length);
  });

  it('says that it is urgent, that it may be a repetition, and why a campaign was stopped', () => {
    const { campaign } = alert();
    const stopped = alert({
      kind: 'MONEY_KEY_REFUSED',
      isUrgent: true,
      campaign: campaign && {
        ...campaign,
        memo: 'the Money API refused the API key (401)',
        grantedAmount: null,
      },
    });
    const said = text(slackMessage(stopped, { language: 'en', mayBeRepeated: true }));

    expect(said).toContain('[urgent]');
    expect(said).toContain('This may have been sent before');
    expect(said).toContain('refused the API key (401)');
    expect(said).not.toContain('KRW');
  });

  it('of the breaker is about no campaign', () => {
    const said = text(
      slackMessage(alert({ kind: 'BREAKER_OPENED', campaign: null }), {
        language: 'en',
        mayBeRepeated: false,
      }),
    );
    expect(said).toContain('breaker open');
    expect(said).not.toContain('executions/details');
  });

  it('takes no markup from a memo', () => {
    const { campaign } = alert();
    const memo = '<!channel> *bold* <https://example.com|click>';
    const { blocks } = slackMessage(alert({ campaign: campaign && { ...campaign, memo } }), {
      language: 'en',
      mayBeRepeated: false,
    });
    const block = blocks.find((candidate) => text(candidate).includes('<!channel>'));
    expect(block).toMatchObject({ text: { type: 'plain_text' } });
  });
});

function jobAlert(kind: AlertMessage['kind'], overrides: Partial<AlertJob> = {}): AlertMessage {
  return alert({
    kind,
    campaign: null,
    job: {
      jobRunId: '3',
      jobName: 'point-sync',
      runDate: '2026-11-21',
      targetHour: null,
      attempt: 1,
      executionArn: ARN,
      skippedChunkCount: 0,
      figures: null,
      problemCount: 0,
      error: null,
      startedAt: '2026-11-21 01:00:00.000',
      endedAt: '2026-11-21 01:01:05.000',
      ...overrides,
    },
  });
}

const ko = (message: AlertMessage) => slackMessage(message, { language: 'ko', mayBeRepeated: false });
const en = (message: AlertMessage) => slackMessage(message, { language: 'en', mayBeRepeated: false });
const labelsOf = (message: object) =>
  [...text(message).matchAll(/"\*([^*"]+)\*\\n/g)].map(([, label]) => label);

describe('a Slack message of a job', () => {
  it.each([
    [
      'JOB_STARTED',
      '[2026-11-21] 포인트 동기화 배치가 시작되었습니다',
      '[2026-11-21] Point sync has started',
    ],
    [
      'JOB_COMPLETED',
      '[2026-11-21] 포인트 동기화 배치가 완료되었습니다',
      '[2026-11-21] Point sync is completed',
    ],
    [
      'JOB_COMPLETED_WITH_PROBLEMS',
      '[2026-11-21] 포인트 동기화 배치가 완료되었으나 확인이 필요합니다',
      '[2026-11-21] Point sync is completed, with problems to look at',
    ],
    ['JOB_FAILED', '[2026-11-21] 포인트 동기화 배치가 실패했습니다', '[2026-11-21] Point sync has failed'],
  ] as const)('of %s reads well in both languages', (kind, inKorean, inEnglish) => {
    expect(ko(jobAlert(kind)).text).toBe(inKorean);
    expect(en(jobAlert(kind)).text).toBe(inEnglish);
  });

  it('names the hour of a job that is for one', () => {
    const message = jobAlert('JOB_STARTED', { jobName: 'coupon-usage-stats-fcm-send', targetHour: 9 });

    expect(ko(message).text).toBe('[2026-11-21 9시] 쿠폰 사용 통계 푸시 발송 배치가 시작되었습니다');
    expect(en(message).text).toBe('[2026-11-21 09:00] Coupon usage stats, push messages has started');
  });

  it('says problems first, each by its name, then what was done, and nothing that did not happen', () => {
    const message = jobAlert('JOB_COMPLETED_WITH_PROBLEMS', {
      problemCount: 5,
      attempt: 2,
      skippedChunkCount: 40,
      figures: {
        read: 1_000_000,
        corrected: 50_000,
        missing: 0,
        negativeBalances: 2,
        unwritten: 3,
        transactions: 7,
      },
    });

    expect(labelsOf(en(message))).toEqual([
      'Problems',
      'Negative balances',
      'Balances not written',
      'Balances read',
      'Corrected',
      'Transactions in it',
      'Duration',
      'Attempt',
      'Chunks finished by earlier attempts',
    ]);
    expect(labelsOf(ko(message)).slice(0, 4)).toEqual([
      '확인할 항목',
      '음수 잔액',
      '저장하지 못한 잔액',
      '조회한 잔액',
    ]);
    expect(text(en(message))).toContain('1,000,000');
    expect(text(ko(message))).toContain('1분 5초');
  });

  it.each(JOB_NAMES)('of %s has a label of its own in both languages for each figure', (jobName) => {
    const figures = Object.fromEntries(FIGURES[jobName].map((name) => [name, 1]));
    for (const shown of [ko, en]) {
      const labels = labelsOf(shown(jobAlert('JOB_COMPLETED', { jobName, figures, endedAt: null })));
      expect(new Set(labels).size).toBe(FIGURES[jobName].length);
    }
    expect(FIGURES[jobName]).toEqual(expect.arrayContaining([...PROBLEMS[jobName]]));
  });

  it('has no section with more fields than Slack takes', () => {
    const figures = Object.fromEntries(FIGURES['point-sync'].map((name) => [name, 1]));
    const { blocks } = en(jobAlert('JOB_COMPLETED', { figures }));

    expect(blocks.filter((block) => 'fields' in block)).toHaveLength(2);
    for (const block of blocks) {
      if ('fields' in block) expect(block.fields).toSatisfy((fields: unknown[]) => fields.length <= 10);
    }
  });

  it('says why it failed', () => {
    expect(text(en(jobAlert('JOB_FAILED', { error: 'States.TaskFailed: Redis is away' })))).toContain(
      'Reason: States.TaskFailed: Redis is away',
    );
  });
});
