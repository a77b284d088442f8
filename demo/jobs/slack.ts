/** What Slack's stand-in was told of a job. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { DemoJob } from './job-rows.ts';

const messages = z.array(z.object({ text: z.string() }));

export interface Told {
  readonly started: number;
  readonly ended: number;
  readonly failed: number;
}

/** In Korean, as the stage is set to. */
const SAID = { started: '시작되었습니다', ended: '완료되었', failed: '실패했습니다' } as const;
const NAMES: Readonly<Record<DemoJob['jobName'], string>> = {
  'point-sync': '포인트 동기화',
  'coupon-usage-stats': '쿠폰 사용 통계',
  'coupon-usage-stats-fcm-send': '쿠폰 사용 통계 푸시 발송',
};

export async function readTold(messagesUrl: string, job: DemoJob): Promise<Told> {
  const all = messages.parse(await (await fetch(messagesUrl)).json());
  const ofJob = all.filter(({ text }) => text.includes(subjectOf(job)));
  const count = (words: string) => ofJob.filter(({ text }) => text.includes(words)).length;
  return { started: count(SAID.started), ended: count(SAID.ended), failed: count(SAID.failed) };
}

const PATIENCE_MS = 20_000;
/** A message that comes twice comes soon after. */
const AFTERWARDS_MS = 500;

/** Waits until so much is told, or for long enough. */
export async function waitUntilTold(messagesUrl: string, job: DemoJob, expected: Told): Promise<Told> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const told = await readTold(messagesUrl, job);
    const isAll =
      told.started >= expected.started && told.ended >= expected.ended && told.failed >= expected.failed;
    if (isAll || Date.now() > until) break;
    await sleep(100);
  }
  await sleep(AFTERWARDS_MS);
  return readTold(messagesUrl, job);
}

function subjectOf({ jobName, runDate, targetHour }: DemoJob): string {
  const day = targetHour === undefined ? runDate : `${runDate} ${targetHour}시`;
  return `[${day}] ${NAMES[jobName]} 배치`;
}
