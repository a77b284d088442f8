/** Coupon stats on the local runtime: as it should be, against services that fail, and killed midway. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import type { Check } from '../../demo/checks.ts';
import { checkFavourites, checkMessages, checkPushes, readPushes } from '../../demo/coupon-stats/check.ts';
import { fcmSendJob } from '../../demo/coupon-stats/jobs.ts';
import { membersOf, runFcmSend, runUsageStats } from '../../demo/coupon-stats/run.ts';
import type { ShownRun } from '../../demo/coupon-stats/run.ts';
import { forgetServiceStats, readServiceStats, setFaults } from '../../demo/coupon-stats/service-faults.ts';
import { couponStandIns, setStage } from '../../demo/coupon-stats/stage.ts';
import type { Stage } from '../../demo/coupon-stats/stage.ts';
import { waitUntilTold } from '../../demo/jobs/slack.ts';
import { startWorld } from '../../demo/world.ts';
import type { World } from '../../demo/world.ts';
import type { FaultRule } from '../../stand-ins/coupon-services/faults.ts';

const OPTIONS = { members: 4_000, stores: 2_000, seed: 1 };
const CHUNK = 1_000;
const QUIET = { kill: false, onProgress: () => undefined, onEnd: () => undefined, say: () => undefined };

let directory: string;
let world: World;
let stage: Stage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grantline-coupon-stats-'));
  world = await startWorld({
    dataDirectory: directory,
    environment: {},
    standIn: { ceiling: 100, latencyMs: 0, seed: 1 },
    coupons: couponStandIns(OPTIONS),
    context: { jobRetrySeconds: 1 },
    report: () => undefined,
  });
  stage = await setStage(world, OPTIONS);
}, 120_000);

afterAll(async () => {
  await stage.close();
  await world.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

/** As if nobody had been told anything in the hour yet. */
beforeEach(async () => {
  await setFaults(stage.services, {});
  await stage.db.query('DELETE FROM coupon_pushes');
  await stage.queue.drain();
  await forgetServiceStats(stage.services);
});

const wrong = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok);
const figuresOf = (run: ShownRun | undefined) => run?.finished.output.figures;
const statusesOf = (runs: readonly ShownRun[]) => runs.map(({ finished }) => finished.output.status);

/** All that were to be told have been, once, and nobody else. */
async function expectRight(runs: readonly ShownRun[]): Promise<void> {
  const { db, loaded, spec } = stage;
  const rows = await readPushes(db, spec.days);
  const messages = runs.flatMap((run) => run.messages);
  expect(wrong(checkPushes(rows, loaded))).toEqual([]);
  expect(wrong(await checkMessages(messages, rows, loaded, spec))).toEqual([]);
  expect(new Set(membersOf(messages)).size).toBe(messages.length);
}

const slackMessages = z.array(z.object({ text: z.string() }).transform(({ text }) => text));
const slackTexts = async (messagesUrl: string) =>
  slackMessages.parse(await (await fetch(messagesUrl)).json());

const messagesToCome = () =>
  [...stage.loaded.pushes.values()].filter(({ kind }) => kind === 'message').length;

test('a night: stores whose districts are not said cost their members, and a rerun finds every favourite', async () => {
  const { services, db, spec, loaded } = stage;
  await setFaults(services, { store: [{ fault: 'html', times: 3 }] });

  const { runs, checks } = await runUsageStats(stage, QUIET);

  expect(statusesOf(runs)).toEqual(['COMPLETED_WITH_PROBLEMS', 'COMPLETED']);
  expect(figuresOf(runs[0])).toMatchObject({ storesNotSaid: CHUNK });
  expect(wrong(checks)).toEqual([]);
  expect(wrong(await checkFavourites(db, spec, loaded))).toEqual([]);
  // Three tries and one call that was answered, and then the two calls of the rerun.
  expect((await readServiceStats(services))?.['findDongsOfStores']?.calls).toEqual({ 200: 6 });
}, 90_000);

// Before others of its hour: what is told of it is counted.
test('a service that refuses our token fails the run at once, urgently, and the next run tells everybody', async () => {
  const { services, fcmSend, queue, spec } = stage;
  const { today, targetHour } = spec.days;
  const { messagesUrl = '' } = world.outside.slack;
  const job = fcmSendJob(spec.days);
  await setFaults(services, { notification: [{ fault: 'unauthorized' }] });

  const execution = await fcmSend.ended(await fcmSend.start({ runDate: today, targetHour }));

  expect(execution).toMatchObject({ status: 'FAILED', error: 'ServiceRefused' });
  expect((await readServiceStats(services))?.['findFcmTokens']?.calls).toEqual({ 401: 1 });
  const told = await waitUntilTold(messagesUrl, job, { started: 1, ended: 0, failed: 1 });
  expect(told).toEqual({ started: 1, ended: 0, failed: 1 });
  expect((await slackTexts(messagesUrl)).filter((text) => text.startsWith('[긴급]'))).toHaveLength(1);
  expect(await queue.drain()).toEqual([]);

  await setFaults(services, {});
  const { runs } = await runFcmSend(stage, QUIET);
  expect(runs[0]?.messages).toHaveLength(messagesToCome());
  await expectRight(runs);
}, 90_000);

test('an hour: of two runs at the same moment one is refused, each member is told once, and a rerun tells nobody', async () => {
  await stage.queue.publishOther('coupon.somebody.else');

  const { runs, checks } = await runFcmSend(stage, QUIET);

  const { jobName, runDate, targetHour } = fcmSendJob(stage.spec.days);
  expect(runs[0]?.finished.refusedBecause).toContain(
    `${jobName} runs for ${runDate}, hour ${targetHour} already`,
  );
  expect(runs.map(({ messages }) => messages.length)).toEqual([messagesToCome(), 0]);
  expect(statusesOf(runs)).toEqual(['COMPLETED', 'COMPLETED']);
  expect(wrong(checks)).toEqual([]);
  await expectRight(runs);
  expect((await readServiceStats(stage.services))?.['findFcmTokens']).toMatchObject({
    askedTimes: { 1: stage.loaded.pushes.size },
    mostAtOnce: CHUNK,
  });
}, 90_000);

test('an hour with services that fail: who was skipped is told by the rerun, and nobody else', async () => {
  const passing: FaultRule = { fault: ['error', 'rate-limited', 'reset', 'duplicates'], times: 2 };
  await setFaults(stage.services, {
    store: [passing],
    notification: [{ fault: 'broken-entries', times: 3 }, passing],
  });

  const { runs, checks } = await runFcmSend(stage, QUIET);

  expect(statusesOf(runs)).toEqual(['COMPLETED_WITH_PROBLEMS', 'COMPLETED']);
  expect(figuresOf(runs[0])).toMatchObject({ skippedMembers: CHUNK });
  expect(runs.every(({ messages }) => messages.length > 0)).toBe(true);
  expect(wrong(checks)).toEqual([]);
  await expectRight(runs);
}, 90_000);

test('an hour that is killed midway and started again: nobody is told twice', async () => {
  const { runs, checks } = await runFcmSend(stage, { ...QUIET, kill: true });

  const [killed, again] = runs;
  expect(killed?.finished.kill?.processes).toBeGreaterThan(0);
  expect(killed?.messages.length).toBeGreaterThan(messagesToCome() - CHUNK / 10 - 1);
  expect(again?.messages).toEqual([]);
  expect(wrong(checks)).toEqual([]);
  await expectRight(runs);
}, 90_000);

test('members claimed by a sender who died are told by nobody else, and counted', async () => {
  const { db, loaded, spec } = stage;
  const { today, targetHour } = spec.days;
  const claimed = [...loaded.pushes].flatMap(([memberId, { kind }]) =>
    kind === 'message' ? [memberId] : [],
  );
  const left = claimed.slice(40, 140);
  await db.query(
    `INSERT INTO coupon_pushes (run_date, target_hour, member_id, dong, push_status, claimed_by) VALUES ?`,
    [left.map((memberId) => [today, targetHour, memberId, '역삼1동', 'SENDING', 'who-died'])],
  );

  const { runs, checks } = await runFcmSend(stage, QUIET);

  expect(statusesOf(runs)).toEqual(['COMPLETED_WITH_PROBLEMS', 'COMPLETED']);
  expect(figuresOf(runs[0])).toMatchObject({ unconfirmed: left.length });
  const told = new Set(membersOf(runs.flatMap(({ messages }) => messages)));
  expect(left.filter((memberId) => told.has(memberId))).toEqual([]);
  expect(told.size).toBe(messagesToCome() - left.length);
  expect(wrong(checks)).toEqual([]);
  await expectRight(runs);
}, 90_000);
