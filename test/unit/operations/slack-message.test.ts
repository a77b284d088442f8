import { describe, expect, it } from 'vitest';
import { slackMessage } from '../../../lambdas/operations/notify-slack/slack-message.ts';
import { ALERT_KINDS } from '../../../schema/alert.ts';
import type { AlertMessage } from '../../../schema/alert.ts';

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
