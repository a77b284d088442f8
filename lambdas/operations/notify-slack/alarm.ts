/** What CloudWatch publishes when an alarm changes its state. Source: CloudWatch's user guide, "Amazon SNS notification". */
import * as z from 'zod';
import type { Language, SlackMessage } from './slack-message.ts';

export const cloudWatchAlarm = z.object({
  AlarmName: z.string(),
  /** Its severity, and where the runbook says what to do. */
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string(),
  StateChangeTime: z.string(),
});
export type CloudWatchAlarm = z.infer<typeof cloudWatchAlarm>;

const STATES = {
  ko: { ALARM: '경보', OK: '정상', INSUFFICIENT_DATA: '데이터 부족' },
  en: { ALARM: 'Alarm', OK: 'OK again', INSUFFICIENT_DATA: 'No data' },
} as const;
const REPEATED = {
  ko: '이 알림은 이미 전송되었을 수 있습니다',
  en: 'This may have been sent before',
} as const;

/** The column operations_alert_deliveries.alert_key is VARCHAR(255). */
const MAX_KEY_CHARACTERS = 255;

/** Names the change, however often it comes. */
export function alarmKey({ AlarmName, StateChangeTime }: CloudWatchAlarm): string {
  return `alarm-${StateChangeTime}-${AlarmName}`.slice(0, MAX_KEY_CHARACTERS);
}

export function alarmSlackMessage(
  alarm: CloudWatchAlarm,
  { language, mayBeRepeated }: { readonly language: Language; readonly mayBeRepeated: boolean },
): SlackMessage {
  const { AlarmName, AlarmDescription, NewStateValue, NewStateReason, StateChangeTime } = alarm;
  const text = `${STATES[language][NewStateValue]}: ${AlarmName}`;
  const says = [
    // Markdown, so that the runbook's address is a link; what else it would take for markup is told as it is.
    { type: 'mrkdwn', text: escaped(AlarmDescription ?? '') },
    { type: 'plain_text', text: NewStateReason },
  ].filter((part) => part.text !== '');
  const context = [StateChangeTime, ...(mayBeRepeated ? [REPEATED[language]] : [])].join(' · ');
  return {
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${text}*` } },
      ...says.map(({ type, text }) => ({ type: 'section', text: { type, text: text.slice(0, 3_000) } })),
      { type: 'context', elements: [{ type: 'plain_text', text: context }] },
    ],
  };
}

/** The three characters that Slack asks to be written so. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
