import { beforeEach, describe, expect, it } from 'vitest';
import { campaignOperations } from '../../../schema/admin-api/campaigns.ts';
import { campaignRoutes } from '../../../lambdas/campaign-grant/admin-api/campaign-routes.ts';
import type {
  CampaignRouteServices,
  OperatorLog,
} from '../../../lambdas/campaign-grant/admin-api/campaign-routes.ts';
import { sqlOperatorStore } from '../../../lambdas/campaign-grant/adapters/sql-operator-store.ts';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import { reconcileCampaigns } from '../../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import { waitForTurn } from '../../../lambdas/campaign-grant/app/wait-for-turn.ts';
import type { HttpApp } from '../../../lambdas/shared/http/app.ts';
import { httpApp } from '../../../lambdas/shared/http/app.ts';
import { authenticator } from '../../../lambdas/shared/http/authenticate.ts';
import { useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices, Prepared } from '../../support/campaign-world.ts';
import {
  FakeRedriveRuns,
  failingAt,
  losingAnswerOf,
  setStatus,
  summaryOf,
  targetsOf,
} from '../../support/fakes.ts';
import { FakeHttpLog, NOW_MS, SECRET, ask, makeToken, problemOf } from '../../support/http-api.ts';
import type { AskOptions, Answered } from '../../support/http-api.ts';

const world = useCampaignWorld();

let services: CampaignServices;
let redrives: FakeRedriveRuns;
let asked: Parameters<OperatorLog['asked']>[0][];
let app: HttpApp;
let token: string;

beforeEach(async () => {
  services = world.services();
  redrives = new FakeRedriveRuns();
  asked = [];
  app = makeApp();
  token = await makeToken();
});

function makeApp(overrides: Partial<CampaignRouteServices> = {}): HttpApp {
  return httpApp(
    campaignRoutes({
      ...services,
      operator: sqlOperatorStore(world.database.db),
      redrives,
      log: { asked: (what) => asked.push(what) },
      ...overrides,
    }),
    {
      authenticate: authenticator({ secret: () => Promise.resolve(SECRET), now: () => NOW_MS }),
      log: new FakeHttpLog(),
      monotonic: () => 0,
    },
  );
}

const get = (target: string) => ask(app, 'GET', `/api/v1/campaigns${target}`, { token });
const post = (target: string, body?: unknown, options: AskOptions = {}) =>
  ask(app, 'POST', `/api/v1/campaigns${target}`, { token, body, ...options });

async function statusOf({ promotionId }: Prepared): Promise<string | undefined> {
  return world.store.promotionStatus(promotionId);
}

function refused(answer: Answered): { status: number; type: string; detail: string } {
  const { status, type, detail } = problemOf(answer);
  expect(answer.statusCode).toBe(status);
  return { status, type: type.replace('urn:grantline:problem:', ''), detail };
}

/** Asks for its turn, as its execution does every few seconds. */
const waiting = ({ promotionId }: Prepared) =>
  world.store.askForTurn({ promotionId, executionId: 'waits', nowMs: NOW_MS });

describe('who may ask', () => {
  const guarded = Object.values(campaignOperations).map(
    ({ method, path }) => [method.toUpperCase(), path.replace('{promotionId}', '1')] as const,
  );

  it.each(guarded)('%s %s is for admins alone', async (method, target) => {
    const body = method === 'POST' ? { reason: 'lunch' } : undefined;
    const other = await makeToken({ memberType: 'USER' });

    expect((await ask(app, method, target, { body })).statusCode).toBe(401);
    expect((await ask(app, method, target, { body, token: other })).statusCode).toBe(403);
    expect(asked).toEqual([]);
  });

  it('is asked before anything else: a stranger does not learn which campaigns there are', async () => {
    const { promotionId } = await world.insert();

    for (const target of [promotionId, '999999', 'x']) {
      const answer = await ask(app, 'GET', `/api/v1/campaigns/${target}?x=1`, {});
      expect(answer.statusCode).toBe(401);
    }
  });
});

describe('GET /campaigns', () => {
  it('shows those that are not final before the others, the newest first, as many as asked for', async () => {
    const old = await world.insert();
    const ended = await world.insert({ status: 'COMPLETED' });
    const fresh = await world.insert();

    const { body } = await get('?limit=200');
    const ids = (body as { campaigns: { promotionId: string }[] }).campaigns.map((each) => each.promotionId);

    expect(ids.slice(0, 2)).toEqual([fresh.promotionId, old.promotionId]);
    expect(ids.indexOf(ended.promotionId)).toBeGreaterThan(1);
    expect((await get('?limit=1')).body).toMatchObject({ campaigns: [{ promotionId: fresh.promotionId }] });
  });

  it.each(['0', '201', 'x', '1.5', '-1'])('refuses a limit of %s', async (limit) => {
    expect(refused(await get(`?limit=${limit}`))).toMatchObject({ status: 400, type: 'malformed-request' });
  });
});

describe('GET /campaigns/{promotionId}', () => {
  it('shows one that nobody has started', async () => {
    const { promotionId } = await world.insert();

    expect((await get(`/${promotionId}`)).body).toEqual({
      promotionId,
      promotionType: 'VOUCHER',
      status: 'READY',
      phase: 'ready',
      why: 'nobody has started it',
      reservationAt: null,
      totalCount: 0,
      publishedCount: 0,
      successCount: 0,
      failCount: 0,
      retrySuccessCount: 0,
      finalCount: 0,
      finalPerSecond: null,
      secondsLeft: null,
      startedAt: null,
      completedAt: null,
      stoppedAt: null,
      stoppedMemo: null,
      runNumber: 0,
      executionId: null,
    });
  });

  it('shows times with their offset', async () => {
    const { promotionId } = await world.insert({ reservationAt: '2026-11-22 09:00:00' });

    expect((await get(`/${promotionId}`)).body).toMatchObject({
      phase: 'reserved',
      reservationAt: '2026-11-22T09:00:00+09:00',
    });
  });

  it('shows how far one is that is being paid, how fast, and how long it takes', async () => {
    const campaign = await world.publish({ targetCount: 4 });
    await world.store.saveProgress(campaign.run, {
      publishedCount: 4,
      successCount: 1,
      failCount: 1,
      retrySuccessCount: 1,
    });
    await world.sql.query('UPDATE campaign_progress SET final_per_second = 0.8 WHERE promotion_id = ?', [
      campaign.promotionId,
    ]);

    expect((await get(`/${campaign.promotionId}`)).body).toMatchObject({
      phase: 'paying',
      totalCount: 4,
      publishedCount: 4,
      finalCount: 2,
      retrySuccessCount: 1,
      finalPerSecond: 0.8,
      secondsLeft: 3,
      runNumber: 1,
      executionId: 'execution',
      startedAt: '2026-11-21T12:00:00+09:00',
    });
  });

  it('shows why it waits: the breaker, its turn', async () => {
    const paid = await world.begin();
    const next = await world.insert();
    await waiting(next);
    await world.setBreaker({ openedMs: 1 });

    expect((await get(`/${paid.promotionId}`)).body).toMatchObject({ phase: 'paused' });
    expect((await get(`/${next.promotionId}`)).body).toMatchObject({
      phase: 'waiting',
      why: `for its turn: ${paid.promotionId} is being paid`,
    });
  });

  it.each([
    ['that does not exist', '999999999', 'unknown-campaign'],
    ['that cannot exist', '9999999999999999999', 'unknown-campaign'],
    ['0', '0', 'not-found'],
    ['a word', 'x', 'not-found'],
    ['a number of twenty digits', '12345678901234567890', 'not-found'],
    ['SQL', "1'%20OR%20'1'='1", 'not-found'],
  ])('of an id %s is 404', async (_name, promotionId, type) => {
    expect(refused(await get(`/${promotionId}`))).toMatchObject({ status: 404, type });
  });
});

describe('POST /campaigns/{promotionId}/start', () => {
  it('starts it, and says where its state is', async () => {
    const { promotionId } = await world.insert();

    const answer = await post(`/${promotionId}/start`);

    expect(answer.statusCode).toBe(202);
    expect(answer.headers['location']).toBe(`/api/v1/campaigns/${promotionId}`);
    expect(answer.body).toMatchObject({
      outcome: 'started',
      executionName: `promotion-${promotionId}-run-1-by-hand-1`,
      campaign: { promotionId, status: 'READY', phase: 'waiting', why: 'its execution starts' },
    });
    expect(services.runs.started).toEqual([
      { input: { promotionId }, executionName: `promotion-${promotionId}-run-1-by-hand-1` },
    ]);
    expect(asked).toEqual([{ action: 'start', promotionId, subject: 'kim', outcome: 'started' }]);
  });

  it('twice is one run', async () => {
    const campaign = await world.insert();
    const { promotionId } = campaign;

    const both = await Promise.all([post(`/${promotionId}/start`), post(`/${promotionId}/start`)]);
    expect(both.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    await waiting(campaign);
    expect((await post(`/${promotionId}/start`)).body).toMatchObject({ outcome: 'already' });
    await world.beginRun(campaign);
    expect((await post(`/${promotionId}/start`)).body).toMatchObject({
      outcome: 'already',
      campaign: { phase: 'paying' },
    });

    expect(services.runs.started).toHaveLength(1);
  });

  it('of one that is overdue is the execution that the reconciler would start', async () => {
    const { promotionId } = await world.insert({ reservationAt: '2026-11-21 11:00:00' });

    await post(`/${promotionId}/start`);
    await reconcileCampaigns(services);

    expect(services.runs.started).toMatchObject([
      { executionName: `promotion-${promotionId}-run-1-20261121110000` },
    ]);
  });

  it('of one that is reserved for later leaves its reservation to whoever makes it READY again', async () => {
    const { promotionId } = await world.insert({ reservationAt: '2026-11-22 11:00:00' });

    await post(`/${promotionId}/start`);

    expect(services.runs.started).toMatchObject([
      { executionName: `promotion-${promotionId}-run-1-by-hand-1` },
    ]);
  });

  it('after an execution that was refused is another one', async () => {
    const { promotionId } = await world.insert();
    await post(`/${promotionId}/start`);
    services.runs.set(`promotion-${promotionId}-run-1-by-hand-1`, { status: 'FAILED', cause: 'refused' });

    expect((await post(`/${promotionId}/start`)).body).toMatchObject({
      outcome: 'started',
      executionName: `promotion-${promotionId}-run-1-by-hand-2`,
    });
  });

  it.each([
    ['STOPPED', 'resume it to go on'],
    ['FAILED', 'resume it to go on'],
    ['COMPLETED', 'redrive its dead letters to pay what failed'],
  ])('of one that is %s is 409, and says what to do', async (status, hint) => {
    const { promotionId } = await world.insert({ status });

    expect(refused(await post(`/${promotionId}/start`))).toEqual({
      status: 409,
      type: 'wrong-state',
      detail: `promotion ${promotionId} is ${status}: ${hint}`,
    });
    expect(services.runs.started).toEqual([]);
  });

  it.each([
    ['without targets', { targetCount: 0 }, 'it has no targets'],
    [
      'whose targets sum to more than it may grant',
      { targetCount: 3, amount: '1000.00', totalAmount: '2999.99' },
      'its targets sum to 3000.00, more than its total_amount 2999.99',
    ],
  ])('of one %s is 409', async (_name, overrides, why) => {
    const { promotionId } = await world.insert(overrides);

    expect(refused(await post(`/${promotionId}/start`))).toMatchObject({
      status: 409,
      detail: `promotion ${promotionId} is READY: ${why}`,
    });
    expect(services.runs.started).toEqual([]);
  });

  it('of one that does not exist is 404', async () => {
    expect(refused(await post('/999999999/start'))).toMatchObject({ status: 404, type: 'unknown-campaign' });
  });

  it('with something to say is refused: nothing that is said is passed over', async () => {
    const { promotionId } = await world.insert();

    expect(refused(await post(`/${promotionId}/start`, { resume: true }))).toMatchObject({ status: 422 });
    expect((await post(`/${promotionId}/start`, {})).statusCode).toBe(202);
  });
});

describe('POST /campaigns/{promotionId}/resume', () => {
  it.each(['STOPPED', 'FAILED'])('has one go on that is %s', async (status) => {
    const campaign = await world.begin();
    await setStatus(world.sql, campaign, status);
    const { promotionId } = campaign;

    const answer = await post(`/${promotionId}/resume`);

    expect(answer).toMatchObject({
      statusCode: 202,
      headers: { location: `/api/v1/campaigns/${promotionId}` },
      body: { outcome: 'started', campaign: { status: 'READY', phase: 'waiting' } },
    });
    expect(asked).toEqual([{ action: 'resume', promotionId, subject: 'kim', outcome: 'started' }]);
  });

  it('twice is one run, and the reconciler starts no other', async () => {
    const campaign = await world.begin();
    const { promotionId } = campaign;
    await post(`/${promotionId}/stop`, { reason: 'lunch' });

    await post(`/${promotionId}/resume`);
    await post(`/${promotionId}/resume`);
    await reconcileCampaigns(services);
    await waiting(campaign);
    expect((await post(`/${promotionId}/start`)).body).toMatchObject({ outcome: 'already' });

    expect(services.runs.started).toEqual([
      { input: { promotionId }, executionName: `promotion-${promotionId}-run-2-unreserved` },
    ]);
  });

  it('that died before its execution was started is started by the reconciler', async () => {
    const campaign = await world.begin();
    const { promotionId } = campaign;
    await post(`/${promotionId}/stop`, { reason: 'lunch' });
    const died = () => Promise.reject(new Error('died'));
    app = makeApp({ runs: { start: died, describe: died } });
    expect((await post(`/${promotionId}/resume`)).statusCode).toBe(500);

    const { started } = await reconcileCampaigns(services);

    expect(started).toEqual([promotionId]);
  });

  it('can be stopped while it waits for its turn: it pays nothing any more', async () => {
    const campaign = await world.begin();
    const { promotionId } = campaign;
    await post(`/${promotionId}/stop`, { reason: 'lunch' });
    await post(`/${promotionId}/resume`);
    await waiting(campaign);

    const answer = await post(`/${promotionId}/stop`, { reason: 'wrong amounts' });

    expect(answer.body).toMatchObject({
      outcome: 'withdrawn',
      campaign: { phase: 'stopped', why: 'wrong amounts (kim)' },
    });
    const [{ input, executionName: executionId } = { input: { promotionId }, executionName: '' }] =
      services.runs.started;
    expect(await waitForTurn(services, { executionId, input }, services.clock.budget(900))).toEqual({
      turn: true,
    });
    await expect(beginCampaign(services, { executionId, input })).rejects.toThrow('is STOPPED, not READY');
  });

  it('of one that was withdrawn a moment ago, while it waited for its turn, starts it', async () => {
    const campaign = await world.insert();
    const { promotionId } = campaign;
    await waiting(campaign);
    await post(`/${promotionId}/stop`, { reason: 'not yet' });

    expect((await post(`/${promotionId}/resume`)).body).toMatchObject({ outcome: 'started' });
  });

  it('of one that is COMPLETED is 409', async () => {
    const { promotionId } = await world.insert({ status: 'COMPLETED' });

    expect(refused(await post(`/${promotionId}/resume`))).toMatchObject({ status: 409, type: 'wrong-state' });
  });

  it('of one whose targets sum to more than it may grant is 409, and leaves it as it is', async () => {
    const campaign = await world.insert({ status: 'STOPPED', totalAmount: '1.00' });

    expect(refused(await post(`/${campaign.promotionId}/resume`))).toMatchObject({ status: 409 });
    expect(await statusOf(campaign)).toBe('STOPPED');
  });
});

describe('POST /campaigns/{promotionId}/stop', () => {
  it('stops it at once, and keeps why and who', async () => {
    const campaign = await world.begin();

    const answer = await post(`/${campaign.promotionId}/stop`, { reason: ' wrong amounts ' });

    expect(answer).toMatchObject({
      statusCode: 200,
      body: { outcome: 'stopped', campaign: { phase: 'stopped', stoppedMemo: 'wrong amounts (kim)' } },
    });
    expect(await statusOf(campaign)).toBe('STOPPED');
    expect(await summaryOf(world.sql, campaign)).toMatchObject({ stoppedMemo: 'wrong amounts (kim)' });
    expect(asked).toMatchObject([{ action: 'stop', subject: 'kim', outcome: 'stopped' }]);
  });

  it('twice stops it once: the first reason stands', async () => {
    const campaign = await world.begin();
    await post(`/${campaign.promotionId}/stop`, { reason: 'first' });

    const answer = await post(`/${campaign.promotionId}/stop`, { reason: 'second' });

    expect(answer).toMatchObject({ statusCode: 200, body: { outcome: 'already' } });
    expect(await summaryOf(world.sql, campaign)).toMatchObject({ stoppedMemo: 'first (kim)' });
  });

  it('withdraws one that has not begun', async () => {
    const campaign = await world.insert({ reservationAt: '2026-11-21 13:00:00' });

    expect((await post(`/${campaign.promotionId}/stop`, { reason: 'not today' })).body).toMatchObject({
      outcome: 'withdrawn',
      campaign: { status: 'STOPPED', phase: 'stopped', why: 'not today (kim)' },
    });
  });

  it('lets those behind it have their turn at once', async () => {
    const first = await world.insert({ reservationAt: '2026-11-21 11:00:00' });
    const second = await world.insert({ reservationAt: '2026-11-21 11:30:00' });
    await waiting(first);
    expect(await waiting(second)).toBe(false);

    await post(`/${first.promotionId}/stop`, { reason: 'not today' });

    expect(await waiting(second)).toBe(true);
  });

  it.each(['COMPLETED', 'FAILED'])('of one that is %s is 409', async (status) => {
    const { promotionId } = await world.insert({ status });

    expect(refused(await post(`/${promotionId}/stop`, { reason: 'x' }))).toEqual({
      status: 409,
      type: 'wrong-state',
      detail: `promotion ${promotionId} is ${status}: there is nothing to stop`,
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no reason', {}],
    ['an empty one', { reason: '' }],
    ['a blank one', { reason: '  ' }],
    ['a number', { reason: 7 }],
    ['one that is too long', { reason: 'x'.repeat(401) }],
    ['half of a character', '{"reason": "\\ud83d"}'],
    ['more than a reason', { reason: 'x', force: true }],
  ])('with %s is 422, and stops nothing', async (_name, body) => {
    const campaign = await world.begin();

    expect(refused(await post(`/${campaign.promotionId}/stop`, body))).toMatchObject({
      status: 422,
      type: 'invalid-body',
    });
    expect(await statusOf(campaign)).toBe('IN_PROGRESS');
  });

  it('keeps the longest reason of the longest name', async () => {
    const campaign = await world.begin();
    const long = await makeToken({ sub: '김'.repeat(60) });

    await post(`/${campaign.promotionId}/stop`, { reason: '🛑'.repeat(200) }, { token: long });

    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedMemo: `${'🛑'.repeat(200)} (${'김'.repeat(60)})`,
    });
  });

  it('whose answer the database lost has stopped it, and says so when asked again', async () => {
    const campaign = await world.begin();
    app = makeApp({ store: losingAnswerOf(services.store, 'stopCampaign') });
    expect((await post(`/${campaign.promotionId}/stop`, { reason: 'lunch' })).statusCode).toBe(503);

    expect((await post(`/${campaign.promotionId}/stop`, { reason: 'again' })).body).toMatchObject({
      outcome: 'already',
      campaign: { stoppedMemo: 'lunch (kim)' },
    });
  });

  it('while the database is away stops nothing, and does not say so', async () => {
    const campaign = await world.begin();
    app = makeApp({ store: failingAt(services.store, 'stopCampaign') });

    expect((await post(`/${campaign.promotionId}/stop`, { reason: 'lunch' })).statusCode).toBe(503);
    expect(await statusOf(campaign)).toBe('IN_PROGRESS');
  });
});

describe('POST /campaigns/{promotionId}/redrive', () => {
  async function withDeadLetters() {
    const campaign = await world.publish({ targetCount: 4 });
    await world.recordResults(campaign, ['FAILED', 'FAILED', 'FAILED', 'SUCCESS']);
    await world.recordDeadLetters(campaign, [
      { cause: 'TIMEOUT', transient: true },
      { cause: 'HTTP_503', transient: true },
      { cause: 'ACCOUNT_CLOSED', transient: false },
    ]);
    return campaign;
  }

  it('redrives all of them', async () => {
    const { promotionId } = await withDeadLetters();

    const answer = await post(`/${promotionId}/redrive`);

    expect(answer).toMatchObject({
      statusCode: 202,
      headers: { location: `/api/v1/campaigns/${promotionId}` },
      body: {
        outcome: 'started',
        count: 3,
        causes: [
          { cause: 'ACCOUNT_CLOSED', count: 1 },
          { cause: 'HTTP_503', count: 1 },
          { cause: 'TIMEOUT', count: 1 },
        ],
      },
    });
    expect(redrives.started).toEqual([{ promotionId }]);
    expect(asked).toEqual([{ action: 'redrive', promotionId, subject: 'kim', outcome: 'started' }]);
  });

  it('redrives a selection', async () => {
    const { promotionId, ids } = await withDeadLetters();
    const [first = ''] = ids;

    const byCause = await post(`/${promotionId}/redrive`, { causes: ['HTTP_503', 'TIMEOUT'] });
    const byTarget = await post(`/${promotionId}/redrive`, { targetIds: [first] });

    expect(byCause.body).toMatchObject({ count: 2 });
    expect(byTarget.body).toMatchObject({ count: 1, causes: [{ cause: 'TIMEOUT' }] });
    expect(redrives.started).toEqual([
      { promotionId, causes: ['HTTP_503', 'TIMEOUT'] },
      { promotionId, targetIds: [first] },
    ]);
  });

  it('twice, in whatever order it is said, is one redrive while it runs', async () => {
    const { promotionId } = await withDeadLetters();

    await post(`/${promotionId}/redrive`, { causes: ['HTTP_503', 'TIMEOUT'] });
    const again = await post(`/${promotionId}/redrive`, { causes: ['TIMEOUT', 'HTTP_503', 'TIMEOUT'] });
    expect(again).toMatchObject({ statusCode: 202, body: { outcome: 'already', count: 2 } });
    expect(redrives.started).toHaveLength(1);

    redrives.end();
    await post(`/${promotionId}/redrive`, { causes: ['HTTP_503', 'TIMEOUT'] });
    expect(redrives.started).toHaveLength(2);
  });

  it.each([
    ['a cause that none has', { causes: ['TEAPOT'] }],
    ['a target that was granted', { targetIds: ['1'] }],
  ])('of %s starts nothing', async (_name, body) => {
    const { promotionId } = await withDeadLetters();

    expect(await post(`/${promotionId}/redrive`, body)).toMatchObject({
      statusCode: 200,
      body: { outcome: 'nothing', executionName: null, count: 0, causes: [] },
    });
    expect(redrives.started).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['no causes', { causes: [] }],
    ['a cause that is empty', { causes: [''] }],
    ['no targets', { targetIds: [] }],
    ['a target that is no id', { targetIds: ['x'] }],
    ['a target as a number, which past 2^53 is another one', { targetIds: [7] }],
    ['a misspelt selection', { cause: ['TIMEOUT'] }],
    ['more targets than a redrive takes', { targetIds: Array.from({ length: 10_001 }, () => '1') }],
  ])('with %s is 422: never a redrive of all', async (_name, body) => {
    const { promotionId } = await withDeadLetters();

    expect(refused(await post(`/${promotionId}/redrive`, body))).toMatchObject({ status: 422 });
    expect(redrives.started).toEqual([]);
  });

  it('takes as many targets as it says', async () => {
    const { promotionId } = await withDeadLetters();
    const targetIds = Array.from({ length: 10_000 }, (_, index) =>
      String(9_000_000_000_000_000_000n + BigInt(index)),
    );

    expect((await post(`/${promotionId}/redrive`, { targetIds })).statusCode).toBe(200);
  });

  it('of a campaign that does not exist is 404', async () => {
    expect(refused(await post('/999999999/redrive'))).toMatchObject({
      status: 404,
      type: 'unknown-campaign',
    });
  });
});

describe('GET /campaigns/{promotionId}/failures', () => {
  it('pages through who failed, why, and after how many calls', async () => {
    const campaign = await world.publish({ targetCount: 5 });
    await world.recordResults(campaign, ['FAILED', 'SUCCESS', 'FAILED', null, 'FAILED'], { attemptCount: 2 });
    await world.recordDeadLetters(campaign, [{ cause: 'TIMEOUT', transient: true }]);
    const [first = '', , third = '', , fifth = ''] = campaign.ids;

    const page = await get(`/${campaign.promotionId}/failures?limit=2`);
    const rest = await get(`/${campaign.promotionId}/failures?limit=2&after=${third}`);

    expect(page.body).toMatchObject({
      failures: [
        { targetId: first, customerUid: '1000', cause: 'TIMEOUT', reason: 'why', attemptCount: 2 },
        { targetId: third, customerUid: '1002', cause: null },
      ],
      nextAfter: third,
    });
    expect(rest.body).toMatchObject({ failures: [{ targetId: fifth }], nextAfter: null });
  });

  it('is empty where nobody failed', async () => {
    const { promotionId } = await world.insert({ type: 'POINT' });

    expect((await get(`/${promotionId}/failures`)).body).toEqual({ failures: [], nextAfter: null });
  });

  it.each(['after=x', 'after=0', 'limit=501', 'limit=0', 'offset=1'])('refuses %s', async (query) => {
    const { promotionId } = await world.insert();

    expect(refused(await get(`/${promotionId}/failures?${query}`))).toMatchObject({ status: 400 });
  });

  it('of a campaign that does not exist is 404', async () => {
    expect(refused(await get('/999999999/failures'))).toMatchObject({ type: 'unknown-campaign' });
  });
});

it('a stop by the API leaves what was not paid to be taken back, as every stop does', async () => {
  const campaign = await world.publish({ targetCount: 2 });
  await world.recordResults(campaign, ['SUCCESS', null]);
  await post(`/${campaign.promotionId}/stop`, { reason: 'lunch' });

  await reconcileCampaigns(services);

  expect((await targetsOf(world.sql, campaign)).map(({ publishStatus }) => publishStatus)).toEqual([
    'PUBLISHED',
    'PENDING',
  ]);
});
