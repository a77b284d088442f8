/** An alert as people read it in Slack: one line of what has happened, the figures, a link to the execution. */
import type { AlertCampaign, AlertJob, AlertKind, AlertMessage } from '../../../schema/alert.ts';
import { FIGURES, PROBLEMS } from '../../../schema/jobs.ts';
import type { FigureName, JobName } from '../../../schema/jobs.ts';

export type Language = 'ko' | 'en';

export interface SlackMessage {
  /** What a notification shows. */
  readonly text: string;
  readonly blocks: readonly object[];
}

interface Words {
  readonly titles: Readonly<Record<AlertKind, (subject: string) => string>>;
  readonly labels: {
    readonly granted: string;
    readonly failed: string;
    readonly retried: string;
    readonly amount: string;
    readonly duration: string;
    readonly reason: string;
    readonly stage: string;
    readonly execution: string;
    readonly problems: string;
    readonly attempt: string;
    readonly skippedChunks: string;
  };
  readonly jobs: Readonly<Record<JobName, string>>;
  readonly hour: (hour: number) => string;
  readonly figures: Readonly<Record<FigureName, string>>;
  readonly urgent: string;
  readonly repeated: string;
  readonly duration: (seconds: number) => string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  ko: {
    titles: {
      CAMPAIGN_COMPLETED: (promotion) => `캠페인 ${promotion} 지급이 완료되었습니다`,
      CAMPAIGN_STOPPED: (promotion) => `캠페인 ${promotion} 지급이 중지되었습니다`,
      CAMPAIGN_FAILED: (promotion) => `캠페인 ${promotion} 지급이 실패했습니다`,
      MONEY_KEY_REFUSED: (promotion) =>
        `Money API가 API 키를 거부하여 캠페인 ${promotion} 지급을 중지했습니다`,
      FAILURE_RATE: (promotion) => `캠페인 ${promotion}의 실패율이 1%를 넘었습니다`,
      BREAKER_OPENED: () => 'Money API 장애로 지급을 멈추고 대기합니다 (서킷 브레이커 열림)',
      BREAKER_CLOSED: () => 'Money API가 복구되어 지급을 계속합니다 (서킷 브레이커 닫힘)',
      JOB_STARTED: (job) => `${job} 배치가 시작되었습니다`,
      JOB_COMPLETED: (job) => `${job} 배치가 완료되었습니다`,
      JOB_COMPLETED_WITH_PROBLEMS: (job) => `${job} 배치가 완료되었으나 확인이 필요합니다`,
      JOB_FAILED: (job) => `${job} 배치가 실패했습니다`,
    },
    labels: {
      granted: '성공',
      failed: '실패',
      retried: '재시도 후 성공',
      amount: '지급 금액',
      duration: '소요 시간',
      reason: '사유',
      stage: '스테이지',
      execution: '실행 보기',
      problems: '확인할 항목',
      attempt: '시도',
      skippedChunks: '이전 시도에서 끝난 청크',
    },
    jobs: {
      'point-sync': '포인트 동기화',
      'coupon-usage-stats': '쿠폰 사용 통계',
      'coupon-usage-stats-fcm-send': '쿠폰 사용 통계 푸시 발송',
    },
    hour: (hour) => `${hour}시`,
    figures: {
      read: '조회한 잔액',
      alreadyEqual: '이미 일치',
      corrected: '보정',
      missing: '누락되어 저장',
      newerKept: '더 최신이어서 유지',
      stale: '보정: 이전 버전',
      drifted: '보정: 값 불일치',
      unreadable: '보정: 숫자가 아닌 값',
      unwritten: '저장하지 못한 잔액',
      negativeBalances: '음수 잔액',
      goneUsers: 'DB에 없는 사용자',
      prunedUsers: '삭제한 캐시',
      reportedUsers: '일별 리포트 사용자',
      transactions: '집계한 거래',
      unknownTypes: '알 수 없는 거래 유형',
      favourites: '집계한 회원',
      stores: '조회한 매장',
      storeServiceCalls: '매장 서비스 호출',
      unknownStores: '등록되지 않은 매장',
      storesNotSaid: '조회하지 못한 매장',
      members: '대상 회원',
      sent: '발송',
      withoutTokens: '토큰 없음',
      withoutActiveEvents: '진행 중인 이벤트 없음',
      skippedMembers: '건너뛴 회원',
      unconfirmed: '발송 여부 불명',
    },
    urgent: '[긴급]',
    repeated: '이 알림은 이미 전송되었을 수 있습니다',
    duration: (seconds) => `${Math.floor(seconds / 60)}분 ${seconds % 60}초`,
  },
  en: {
    titles: {
      CAMPAIGN_COMPLETED: (promotion) => `Campaign ${promotion} is completed`,
      CAMPAIGN_STOPPED: (promotion) => `Campaign ${promotion} is stopped`,
      CAMPAIGN_FAILED: (promotion) => `Campaign ${promotion} has failed`,
      MONEY_KEY_REFUSED: (promotion) => `The Money API refuses the API key: campaign ${promotion} is stopped`,
      FAILURE_RATE: (promotion) => `More than 1 % of campaign ${promotion} fails`,
      BREAKER_OPENED: () => 'The Money API fails: paying waits (breaker open)',
      BREAKER_CLOSED: () => 'The Money API answers again: paying goes on (breaker closed)',
      JOB_STARTED: (job) => `${job} has started`,
      JOB_COMPLETED: (job) => `${job} is completed`,
      JOB_COMPLETED_WITH_PROBLEMS: (job) => `${job} is completed, with problems to look at`,
      JOB_FAILED: (job) => `${job} has failed`,
    },
    labels: {
      granted: 'Granted',
      failed: 'Failed',
      retried: 'Granted after a retry',
      amount: 'Amount',
      duration: 'Duration',
      reason: 'Reason',
      stage: 'Stage',
      execution: 'Open the execution',
      problems: 'Problems',
      attempt: 'Attempt',
      skippedChunks: 'Chunks finished by earlier attempts',
    },
    jobs: {
      'point-sync': 'Point sync',
      'coupon-usage-stats': 'Coupon usage stats',
      'coupon-usage-stats-fcm-send': 'Coupon usage stats, push messages',
    },
    hour: (hour) => `${String(hour).padStart(2, '0')}:00`,
    figures: {
      read: 'Balances read',
      alreadyEqual: 'Already equal',
      corrected: 'Corrected',
      missing: 'Missing, now there',
      newerKept: 'Newer, kept',
      stale: 'Corrected: older version',
      drifted: 'Corrected: other value',
      unreadable: 'Corrected: no number',
      unwritten: 'Balances not written',
      negativeBalances: 'Negative balances',
      goneUsers: 'Users who are gone',
      prunedUsers: 'Removed from the cache',
      reportedUsers: 'Users in the daily report',
      transactions: 'Transactions in it',
      unknownTypes: 'Transactions of an unknown type',
      favourites: 'Favourites of members',
      stores: 'Stores',
      storeServiceCalls: 'Calls of the store service',
      unknownStores: 'Stores that nobody knows',
      storesNotSaid: 'Stores whose district was not said',
      members: 'Members of the hour',
      sent: 'Messages sent',
      withoutTokens: 'Without tokens',
      withoutActiveEvents: 'Without active events',
      skippedMembers: 'Members skipped',
      unconfirmed: 'Not known whether sent',
    },
    urgent: '[urgent]',
    repeated: 'This may have been sent before',
    duration: (seconds) => `${Math.floor(seconds / 60)} min ${seconds % 60} s`,
  },
};

/** @param mayBeRepeated it is not known whether Slack has it: whoever sent it died */
export function slackMessage(
  alert: AlertMessage,
  { language, mayBeRepeated }: { readonly language: Language; readonly mayBeRepeated: boolean },
): SlackMessage {
  const words = WORDS[language];
  const { campaign, job } = alert;
  const title = words.titles[alert.kind](subjectOf(alert, words));
  const text = alert.isUrgent ? `${words.urgent} ${title}` : title;
  const fields = [
    ...(campaign === null ? [] : figuresOf(campaign, words)),
    ...(job === null ? [] : jobFiguresOf(job, words)),
  ];
  const reason = campaign?.memo ?? job?.error ?? null;
  const executionArn = campaign?.executionArn ?? job?.executionArn ?? null;
  const context = [
    `${words.labels.stage}: ${alert.stage}`,
    alert.raisedAt,
    ...(mayBeRepeated ? [words.repeated] : []),
  ].join(' · ');
  return {
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${text}*` } },
      ...sectionsOf(fields),
      ...(reason === null
        ? []
        : [
            {
              type: 'section',
              text: { type: 'plain_text', text: `${words.labels.reason}: ${reason}` },
            },
          ]),
      ...(executionArn === null
        ? []
        : [
            {
              type: 'section',
              text: {
                type: 'mrkdwn',
                text: `<${executionUrl(executionArn, alert.region)}|${words.labels.execution}>`,
              },
            },
          ]),
      { type: 'context', elements: [{ type: 'plain_text', text: context }] },
    ],
  };
}

/** Slack takes ten fields a section. */
const FIELDS_A_SECTION = 10;

function sectionsOf(fields: readonly [label: string, value: string][]): object[] {
  const sections: object[] = [];
  for (let at = 0; at < fields.length; at += FIELDS_A_SECTION) {
    const shown = fields.slice(at, at + FIELDS_A_SECTION);
    sections.push({
      type: 'section',
      fields: shown.map(([label, value]) => ({ type: 'mrkdwn', text: `*${label}*\n${value}` })),
    });
  }
  return sections;
}

function figuresOf(campaign: AlertCampaign, { labels, duration }: Words): [string, string][] {
  const { successCount, failCount, retrySuccessCount, totalCount, grantedAmount } = campaign;
  const seconds = secondsBetween(campaign.startedAt, campaign.endedAt);
  return [
    [labels.granted, `${grouped(successCount)} / ${grouped(totalCount)}`],
    [labels.failed, grouped(failCount)],
    [labels.retried, grouped(retrySuccessCount)],
    ...(grantedAmount === null ? [] : [figure(labels.amount, `${withSeparators(grantedAmount)} KRW`)]),
    ...(seconds === undefined ? [] : [figure(labels.duration, duration(seconds))]),
  ];
}

/** A job with its day, in front of what has become of it. */
function subjectOf({ campaign, job }: AlertMessage, { jobs, hour }: Words): string {
  if (job === null) return campaign?.promotionId ?? '';
  const day = job.targetHour === null ? job.runDate : `${job.runDate} ${hour(job.targetHour)}`;
  return `[${day}] ${jobs[job.jobName]}`;
}

/** Problems first, each by its name; then what was done, without what did not happen. */
function jobFiguresOf(job: AlertJob, { labels, figures, duration }: Words): [string, string][] {
  const { attempt, skippedChunkCount, problemCount } = job;
  const counts = countsOf(job);
  const seconds = secondsBetween(job.startedAt, job.endedAt);
  return [
    ...(problemCount === 0 ? [] : [figure(labels.problems, grouped(problemCount))]),
    ...counts.map(([name, count]) => figure(figures[name], grouped(count))),
    ...(seconds === undefined ? [] : [figure(labels.duration, duration(seconds))]),
    ...(attempt === 1 ? [] : [figure(labels.attempt, grouped(attempt))]),
    ...(skippedChunkCount === 0 ? [] : [figure(labels.skippedChunks, grouped(skippedChunkCount))]),
  ];
}

function countsOf({ jobName, figures }: AlertJob): (readonly [FigureName, number])[] {
  const problems = PROBLEMS[jobName];
  const others = FIGURES[jobName].filter((name) => !problems.includes(name));
  return [...problems, ...others]
    .map((name) => [name, figures?.[name] ?? 0] as const)
    .filter(([, count]) => count !== 0);
}

function figure(label: string, value: string): [string, string] {
  return [label, value];
}

function grouped(count: number): string {
  return withSeparators(String(count));
}

/** Of an exact decimal: never through a float. */
function withSeparators(decimal: string): string {
  const [whole = '', fraction = ''] = decimal.split('.');
  const groupedWhole = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return /[1-9]/.test(fraction) ? `${groupedWhole}.${fraction}` : groupedWhole;
}

/** Both DATETIMEs of Asia/Seoul. */
function secondsBetween(from: string | null, to: string | null): number | undefined {
  if (from === null || to === null) return undefined;
  const ms = (dateTime: string) => Date.parse(`${dateTime.slice(0, 19).replace(' ', 'T')}+09:00`);
  const seconds = Math.round((ms(to) - ms(from)) / 1000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function executionUrl(executionArn: string, region: string): string {
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}
