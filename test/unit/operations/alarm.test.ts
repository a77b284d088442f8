import { describe, expect, it } from 'vitest';
import {
  alarmKey,
  alarmSlackMessage,
  cloudWatchAlarm,
} from '../../../lambdas/operations/notify-slack/alarm.ts';

/** As CloudWatch publishes it, with what we do not read. */
const PUBLISHED = {
  AlarmName: 'grantline-prod-breaker-open',
  AlarmDescription: 'P1. docs/runbook.md: Breaker open',
  AWSAccountId: '111122223333',
  NewStateValue: 'ALARM',
  NewStateReason: 'Threshold Crossed: 5 datapoints were greater than the threshold (0.0).',
  StateChangeTime: '2026-11-21T03:00:00.000+0000',
  Region: 'Asia Pacific (Seoul)',
  OldStateValue: 'OK',
  Trigger: { MetricName: 'BreakerOpen' },
};

describe('an alarm of CloudWatch', () => {
  it('is told with its reason and with what to do', () => {
    const alarm = cloudWatchAlarm.parse(PUBLISHED);
    const said = JSON.stringify(alarmSlackMessage(alarm, { language: 'en', mayBeRepeated: false }));
    expect(said).toContain('Alarm: grantline-prod-breaker-open');
    expect(said).toContain('docs/runbook.md: Breaker open');
    expect(said).toContain('Threshold Crossed');
  });

  it('links to the runbook, and takes nothing else of its description for markup', () => {
    const AlarmDescription = 'P1: 1 < 2 & more. What to do: https://wiki.internal/runbook#breaker-open';
    const alarm = cloudWatchAlarm.parse({ ...PUBLISHED, AlarmDescription });
    const { blocks } = alarmSlackMessage(alarm, { language: 'en', mayBeRepeated: false });
    expect(blocks[1]).toEqual({
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: 'P1: 1 &lt; 2 &amp; more. What to do: https://wiki.internal/runbook#breaker-open',
      },
    });
  });

  it('has a key for each change of its state', () => {
    const alarm = cloudWatchAlarm.parse(PUBLISHED);
    const later = { ...alarm, StateChangeTime: '2026-11-21T03:05:00.000+0000' };
    expect(alarmKey(alarm)).not.toBe(alarmKey(later));
    expect(alarmKey({ ...alarm, AlarmName: 'x'.repeat(255) })).toHaveLength(255);
  });

  it('is told in Korean, with no description, and when it may be a repetition', () => {
    const alarm = cloudWatchAlarm.parse({ ...PUBLISHED, AlarmDescription: null, NewStateValue: 'OK' });
    const said = JSON.stringify(alarmSlackMessage(alarm, { language: 'ko', mayBeRepeated: true }));
    expect(said).toContain('정상: grantline-prod-breaker-open');
    expect(said).toContain('이미 전송되었을 수 있습니다');
  });
});
