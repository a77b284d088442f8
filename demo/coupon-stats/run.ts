/** The demo's runs of both jobs: again, without faults, until nothing is left; and once more. */
import type { RowDataPacket } from 'mysql2/promise';
import { equal } from '../checks.ts';
import type { Check } from '../checks.ts';
import { chunksOf } from '../jobs/job-rows.ts';
import type { DemoJob, StepProgress } from '../jobs/job-rows.ts';
import { runJob } from '../jobs/run.ts';
import type { FinishedRun } from '../jobs/run.ts';
import { checkFavourites, messagesOfHour, readPushes, readSkippedMembers } from './check.ts';
import type { ReceivedMessage } from './coupon-queue.ts';
import { FCM_SEND_FUNCTIONS, fcmSendJob, USAGE_STATS_FUNCTIONS, usageStatsJob } from './jobs.ts';
import { setFaults } from './service-faults.ts';
import type { Stage } from './stage.ts';

export interface ShownRun {
  readonly job: DemoJob;
  readonly finished: FinishedRun;
  /** In the queue, of a run that sends. */
  readonly messages: readonly ReceivedMessage[];
}

export interface How {
  /** Of the first run of each job. */
  readonly kill: boolean;
  readonly onProgress: (job: DemoJob, steps: readonly StepProgress[]) => void;
  readonly onEnd: () => void;
  readonly say: (line: string) => void;
}

/** A run that goes on failing is not run for ever. */
const MOST_RUNS = 4;

/** @returns the runs, and what is to be said of the members who were skipped in between */
export async function runUsageStats(stage: Stage, how: How): Promise<{ runs: ShownRun[]; checks: Check[] }> {
  const { db, spec, loaded, services } = stage;
  const killAfter = 1 + Math.floor(Math.random() * spec.days.window.length);
  const runs: ShownRun[] = [];
  const checks: Check[] = [];
  while (runs.length < MOST_RUNS) {
    const isFirst = runs.length === 0;
    const isTimeToKill = (steps: readonly StepProgress[]) => chunksOf(steps) >= killAfter;
    const finished = await run(stage, how, 'usageStats', { isFirst, isTimeToKill });
    runs.push({ job: usageStatsJob(spec.days), finished, messages: [] });
    const skipped = finished.output.figures['skippedMembers'] ?? 0;
    if (skipped === 0) break;
    const recorded = await readSkippedMembers(db, spec.days.yesterday);
    how.say(
      `${skipped} members were skipped: the store service did not say their districts; once more, without faults`,
    );
    checks.push(
      equal('members who were skipped are recorded', recorded.size, skipped),
      ...(await checkFavourites(db, spec, loaded, recorded)).map((check) => ({
        ...check,
        name: `before the rerun, of the others: ${check.name}`,
      })),
    );
    await setFaults(services, {});
  }
  return { runs, checks };
}

/** @returns the runs, and whether each that followed the first sent what was missing, and nothing else */
export async function runFcmSend(stage: Stage, how: How): Promise<{ runs: ShownRun[]; checks: Check[] }> {
  const { db, spec, loaded, queue, services } = stage;
  const toSend = [...loaded.pushes].flatMap(([memberId, { kind }]) => (kind === 'message' ? [memberId] : []));
  const killAfter = 1 + Math.floor(Math.random() * 0.9 * toSend.length);
  const runs: ShownRun[] = [];
  const checks: Check[] = [];
  const sent = new Set<number>();
  for (let isDone = false; !isDone && runs.length < MOST_RUNS;) {
    const before = await readPushes(db, spec.days);
    const missing = toSend.filter(
      (memberId) => !sent.has(memberId) && before.get(memberId)?.status !== 'UNCONFIRMED',
    );
    const isFirst = runs.length === 0;
    const isTimeToKill = async () => (await countSent(stage)) >= killAfter;
    const finished = await run(stage, how, 'fcmSend', { isFirst, isTimeToKill });
    const messages = messagesOfHour(await queue.drain(), spec.days.targetHour);
    runs.push({ job: fcmSendJob(spec.days), finished, messages });
    const skipped = finished.output.figures['skippedMembers'] ?? 0;
    const members = membersOf(messages);
    if (!isFirst) checks.push(checkRerun(runs.length, members, missing, skipped));
    for (const memberId of members) sent.add(memberId);
    isDone = !isFirst && skipped === 0;
    if (skipped > 0) how.say(`${skipped} members were skipped; once more, without faults`);
    await setFaultsOff(services);
  }
  return { runs, checks };
}

function checkRerun(
  run: number,
  sent: readonly number[],
  missing: readonly number[],
  skipped: number,
): Check {
  const wanted = new Set(missing);
  const name = `run ${run} of the hour sent exactly what was missing`;
  const others = sent.filter((memberId) => !wanted.has(memberId)).length;
  const left = missing.length - (sent.length - others) - skipped;
  const ok = others === 0 && left === 0;
  return {
    name,
    ok,
    detail: ok ? `${sent.length} messages` : `${others} to others, and ${left} that are missing still`,
  };
}

export function membersOf(messages: readonly ReceivedMessage[]): number[] {
  return messages.map(({ body }) => Number(/"memberId":(\d+)/.exec(body)?.[1]));
}

async function setFaultsOff(services: Stage['services']): Promise<void> {
  if (services.store.isStandIn && services.notification.isStandIn) await setFaults(services, {});
}

async function countSent({ db, spec: { days } }: Stage): Promise<number> {
  const [[row]] = await db.query<(RowDataPacket & { count: number })[]>(
    "SELECT COUNT(*) AS count FROM coupon_pushes WHERE run_date = ? AND target_hour = ? AND push_status = 'SENT'",
    [days.today, days.targetHour],
  );
  return row?.count ?? 0;
}

function run(
  { world, db, spec, usageStats, fcmSend }: Stage,
  { kill, onProgress, onEnd, say }: How,
  which: 'usageStats' | 'fcmSend',
  {
    isFirst,
    isTimeToKill,
  }: {
    readonly isFirst: boolean;
    readonly isTimeToKill: (steps: readonly StepProgress[]) => boolean | Promise<boolean>;
  },
): Promise<FinishedRun> {
  const { yesterday, today, targetHour } = spec.days;
  const of =
    which === 'usageStats'
      ? {
          machine: usageStats,
          job: usageStatsJob(spec.days),
          functions: USAGE_STATS_FUNCTIONS,
          input: { runDate: yesterday },
        }
      : {
          machine: fcmSend,
          job: fcmSendJob(spec.days),
          functions: FCM_SEND_FUNCTIONS,
          input: { runDate: today, targetHour },
        };
  return runJob({
    ...of,
    db,
    runtime: world.runtime,
    // Until it is known which of two runs, the moment for a kill is over.
    starts: isFirst && !kill ? 2 : 1,
    isTimeToKill: kill && isFirst ? isTimeToKill : undefined,
    onProgress: (steps) => onProgress(of.job, steps),
    say,
  }).finally(onEnd);
}
