import { equal } from '../checks.ts';
import type { Check } from '../checks.ts';
import { inWorld } from '../in-world.ts';
import type { Setting } from '../in-world.ts';
import { readRuns } from '../jobs/job-rows.ts';
import type { DemoJob, StepProgress } from '../jobs/job-rows.ts';
import { waitUntilTold } from '../jobs/slack.ts';
import { progressView } from '../progress.ts';
import type { ProgressView } from '../progress.ts';
import { checkFavourites, checkMessages, checkPushes, readPushes } from './check.ts';
import { couponStatsCommand } from './command.ts';
import type { CouponStatsOptions } from './command.ts';
import { printResults } from './results.ts';
import { runFcmSend, runUsageStats } from './run.ts';
import type { How, ShownRun } from './run.ts';
import { faultsAt, readServiceStats, setFaults } from './service-faults.ts';
import { couponStandIns, setStage } from './stage.ts';
import type { Stage } from './stage.ts';

/** What a step waits for its next try: on AWS five minutes. */
const RETRY_SECONDS = 2;
/** Nobody calls the Money API here. */
const STAND_IN = { ceiling: 1_000, latencyMs: 30, failRate: 0, seed: 1 };
const OTHER_KEY = 'coupon.somebody.else';
/** A kill finds at most so many ranges at work, each with so many messages claimed. */
const MOST_UNCONFIRMED = 4 * 100;

export function couponStatsDemo(): Promise<number> {
  return couponStatsCommand((options) => {
    const settings = {
      json: options.json,
      context: { jobRetrySeconds: RETRY_SECONDS },
      standIn: STAND_IN,
      coupons: couponStandIns(options),
    };
    return inWorld(settings, (setting) => showCouponStats(options, setting));
  });
}

async function showCouponStats(
  options: CouponStatsOptions,
  { world, out, setupSeconds }: Setting,
): Promise<boolean> {
  const stage = await setStage(world, options);
  try {
    sayLoaded(stage, out);
    const how = howOf(stage, options, out);
    const { services, queue } = stage;
    const { faultRate } = options;
    await queue.publishOther(OTHER_KEY);
    const setRate = async () => {
      if (faultRate > 0) await setFaults(services, faultsAt(faultRate));
    };
    await setRate();
    const stats = await runUsageStats(stage, how);
    await setRate();
    const sending = await runFcmSend(stage, how);
    const runs = [...stats.runs, ...sending.runs];
    const checks = [
      ...(await checkAll(stage, runs, options)),
      ...stats.checks,
      ...sending.checks,
      ...(await checkRuns(stage, runs, options)),
    ];
    const serviceStats = await readServiceStats(services);
    return printResults({ options, stage, runs, checks, serviceStats, setupSeconds }, out);
  } finally {
    await stage.close();
  }
}

function sayLoaded({ spec, loaded }: Stage, out: NodeJS.WriteStream): void {
  const { members, town, days } = spec;
  const kinds = [...loaded.pushes.values()];
  const messages = kinds.filter(({ kind }) => kind === 'message').length;
  out.write(
    `loaded ${loaded.histories} uses of ${members} members from ${days.beforeWindow} to ${days.today}, and ` +
      `${loaded.events} events, of ${town.dongOf.size} stores in ${town.dongs.length} districts and ` +
      `${town.unknownStores.length} that nobody knows\n` +
      `to come of it: ${loaded.favourites} favourites of ${days.yesterday}; at ${days.targetHour}:00 ` +
      `${kinds.length} members to look at, and ${messages} messages\n`,
  );
}

function howOf({ loaded }: Stage, { kill }: CouponStatsOptions, out: NodeJS.WriteStream): How {
  let view: { readonly job: DemoJob['jobName']; readonly of: ProgressView } | undefined;
  const end = () => {
    view?.of.stop();
    view = undefined;
  };
  return {
    kill,
    onProgress: ({ jobName, targetHour }: DemoJob, steps: readonly StepProgress[]) => {
      if (view?.job !== jobName) end();
      const total = targetHour === undefined ? loaded.stores + loaded.favourites : loaded.pushes.size;
      view ??= { job: jobName, of: progressView({ label: jobName, total, unit: '/s' }, out) };
      const sum = (name: string) => steps.reduce((all, { figures }) => all + (figures[name] ?? 0), 0);
      const done = targetHour === undefined ? sum('stores') + sum('favourites') : sum('members');
      view.of.update(Math.min(done, total), steps.findLast(({ chunks }) => chunks > 0)?.step ?? 'starting');
    },
    onEnd: end,
    say: (line) => {
      end();
      out.write(`${line}\n`);
    },
  };
}

/** What is in the database and was in the queue. */
async function checkAll(
  { db, spec, loaded, queue }: Stage,
  runs: readonly ShownRun[],
  { kill }: CouponStatsOptions,
): Promise<Check[]> {
  const rows = await readPushes(db, spec.days);
  const received = runs.flatMap(({ messages }) => messages);
  const unconfirmed = [...rows.values()].filter(({ status }) => status === 'UNCONFIRMED').length;
  return [
    ...(await checkFavourites(db, spec, loaded)),
    ...checkPushes(rows, loaded),
    ...(await checkMessages(received, rows, loaded, spec)),
    equal('messages of another routing key in the queue, and others that are left', await queue.depth(), 0),
    kill
      ? {
          name: 'members of whom the kill left open whether they have their message',
          ok: unconfirmed <= MOST_UNCONFIRMED,
          detail: `${unconfirmed}, of at most ${MOST_UNCONFIRMED}`,
        }
      : equal('members of whom it is open whether they have their message', unconfirmed, 0),
  ];
}

/** How the runs went. */
async function checkRuns(
  stage: Stage,
  runs: readonly ShownRun[],
  { kill, faultRate }: CouponStatsOptions,
): Promise<Check[]> {
  const { db, loaded, services, world } = stage;
  const last = runs.filter(({ job }, index) => runs.findLastIndex((run) => same(run.job, job)) === index);
  const checks = last.map(({ job, finished }) =>
    equal(`the last run of ${job.jobName} ended`, finished.output.status, 'COMPLETED'),
  );
  for (const { job, finished } of firstOfEach(runs)) {
    if (kill) {
      checks.push(checkKill(job, finished, (await readRuns(db, job))[0]));
      continue;
    }
    checks.push({
      name: `a second start of ${job.jobName} at the same moment was refused`,
      ok: finished.refusedBecause !== undefined,
      detail: finished.refusedBecause?.replace(/: execution .*/, '') ?? 'it was not',
    });
  }
  const stats = await readServiceStats(services);
  if (stats !== undefined && !kill && faultRate === 0) {
    const { findDongsOfStores, findFcmTokens } = stats;
    checks.push(
      equal('each store was asked for once', findDongsOfStores?.askedTimes['1'] ?? 0, loaded.stores),
      equal(
        'in so many calls',
        findDongsOfStores?.calls['200'] ?? 0,
        Math.ceil(loaded.stores / (findDongsOfStores?.mostAtOnce ?? 1)),
      ),
      equal(
        'each member of the hour was asked for once',
        findFcmTokens?.askedTimes['1'] ?? 0,
        loaded.pushes.size,
      ),
    );
  }
  const { messagesUrl } = world.outside.slack;
  if (messagesUrl !== undefined) {
    for (const { job } of firstOfEach(runs)) checks.push(await checkSlack(messagesUrl, job, runs));
  }
  return checks;
}

const same = (a: DemoJob, b: DemoJob) => a.jobName === b.jobName;

function firstOfEach(runs: readonly ShownRun[]): ShownRun[] {
  return runs.filter(({ job }, index) => runs.findIndex((run) => same(run.job, job)) === index);
}

function checkKill(
  { jobName }: DemoJob,
  { kill }: ShownRun['finished'],
  row: { readonly attempts: number; readonly skippedChunks: number } | undefined,
): Check {
  const name = `${jobName}, killed and started again, skipped the chunks that were finished`;
  if (kill === undefined || row === undefined) {
    return { name, ok: false, detail: 'it was over too soon: try more --members' };
  }
  const { attempts, skippedChunks } = row;
  return {
    name,
    ok: attempts === 2 && skippedChunks >= kill.chunks,
    detail: `${skippedChunks} chunks, in attempt ${attempts}`,
  };
}

async function checkSlack(messagesUrl: string, job: DemoJob, runs: readonly ShownRun[]): Promise<Check> {
  const ofJob = runs.filter((run) => same(run.job, job));
  const killed = ofJob.filter(({ finished }) => finished.kill !== undefined).length;
  const expected = { started: ofJob.length + killed, failed: killed, ended: ofJob.length };
  const told = await waitUntilTold(messagesUrl, job, expected);
  const text = ({ started, failed, ended }: typeof expected) =>
    `${started} started, ${failed} failed, ${ended} ended`;
  return equal(`Slack was told each of ${job.jobName} once`, text(told), text(expected));
}
