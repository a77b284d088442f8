import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { spawnService } from '../../../local/process/child-service.ts';
import type { RunningService } from '../../../local/process/child-service.ts';
import { readContract } from '../../../stand-ins/coupon-services/contract.ts';
import type { FaultRule } from '../../../stand-ins/coupon-services/faults.ts';
import { startNotificationService } from '../../../stand-ins/coupon-services/notification-service.ts';
import { couponServiceStats } from '../../../stand-ins/coupon-services/stats.ts';
import { startStoreService } from '../../../stand-ins/coupon-services/store-service.ts';

const FOLDER = new URL('../../../stand-ins/coupon-services/', import.meta.url);
const DONGS = '/internal/v1/stores/dongs';
const STORES = '/internal/v1/dongs/stores';
const TOKENS = '/internal/v1/fcm-tokens';

const running: RunningService[] = [];
let store: string;
let notification: string;

const keep = (service: RunningService) => {
  running.push(service);
  return service.url;
};
beforeAll(async () => {
  store = keep(await startStoreService({ token: 'secret', stores: 2_000, districts: 30 }));
  notification = keep(await startNotificationService({ token: 'secret' }));
});
afterAll(() => Promise.all(running.map((service) => service.close())));

const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

const jsonOf = async (url: string, body: unknown): Promise<unknown> =>
  JSON.parse((await post(url, body)).text);

const storesAnswer = z.object({ stores: z.array(z.object({ storeId: z.number(), dong: z.string() })) });
const dongsAnswer = z.object({
  dongs: z.array(z.object({ dong: z.string(), storeIds: z.array(z.number()) })),
});
const membersAnswer = z.object({
  members: z.array(z.object({ memberId: z.number(), tokens: z.array(z.string()) })),
});

const dongsOf = async (storeIds: number[], of = store) =>
  storesAnswer.parse(await jsonOf(of + DONGS, { storeIds })).stores;
const tokensOf = async (memberIds: number[], of = notification) =>
  membersAnswer.parse(await jsonOf(of + TOKENS, { memberIds })).members;

describe('the contracts', () => {
  it('are the published ones, and every answer keeps to them', async () => {
    const ajv = new Ajv2020({ formats: { int64: true } });
    const asked: Record<string, unknown> = {
      findDongsOfStores: { storeIds: ids(1_000) },
      findStoresOfDongs: { dongs: [...new Set((await dongsOf(ids(500))).map(({ dong }) => dong))] },
      findFcmTokens: { memberIds: ids(1_000) },
    };
    const paths = [];
    for (const [file, url] of [
      ['store-service.openapi.yaml', store],
      ['notification-service.openapi.yaml', notification],
    ] as const) {
      for (const { operationId, path, answer } of await readContract(new URL(file, FOLDER))) {
        const said = await jsonOf(url + path, asked[operationId]);
        const validate = ajv.compile(answer);
        expect(validate(said), JSON.stringify(validate.errors)).toBe(true);
        paths.push(path);
      }
    }
    expect(paths).toEqual([DONGS, STORES, TOKENS]);
  });

  it('name no store or member that was not asked for, and leave out those that are unknown', async () => {
    const stores = await dongsOf([1, 2, 3, 999_999]);
    const members = await tokensOf(ids(1_000));

    expect(stores.every(({ storeId }) => storeId <= 3)).toBe(true);
    expect((await dongsOf(ids(1_000))).length).toBeGreaterThan(950);
    expect((await dongsOf(ids(1_000))).length).toBeLessThan(1_000);
    expect(members.length).toBeGreaterThan(850);
    expect(members.length).toBeLessThan(950);
    expect(new Set(members.map(({ tokens }) => tokens.length))).toEqual(new Set([1, 2]));
    expect(new Set(members.flatMap(({ tokens }) => tokens)).size).toBe(
      members.reduce((sum, { tokens }) => sum + tokens.length, 0),
    );
  });

  it('agree with each other: the stores of a district are those of which it is the district', async () => {
    const stores = [...(await dongsOf(ids(1_000))), ...(await dongsOf(ids(2_000).slice(1_000)))];
    const dongs = [...new Set(stores.map(({ dong }) => dong))];
    const answer = dongsAnswer.parse(await jsonOf(store + STORES, { dongs: [...dongs, '없는동'] }));

    expect(answer.dongs.map(({ dong }) => dong)).toEqual(dongs);
    for (const { dong, storeIds } of answer.dongs) {
      expect(storeIds).toEqual(stores.filter((one) => one.dong === dong).map(({ storeId }) => storeId));
    }
  });

  it.each([
    ['a store id that is a text', () => store + DONGS, { storeIds: ['1'] }],
    ['a store id with a fraction', () => store + DONGS, { storeIds: [1.5] }],
    ['no store ids', () => store + DONGS, {}],
    ['1,001 stores', () => store + DONGS, { storeIds: ids(1_001) }],
    ['201 districts', () => store + STORES, { dongs: ids(201).map(String) }],
    ['1,001 members', () => notification + TOKENS, { memberIds: ids(1_001) }],
    ['what is no JSON', () => notification + TOKENS, '{"memberIds":'],
  ])('refuse %s', async (_what, url, body) => {
    expect((await post(url(), body)).status).toBe(400);
  });

  it('take as many as the contract says', async () => {
    expect((await post(store + DONGS, { storeIds: ids(1_000) })).status).toBe(200);
    expect((await post(store + STORES, { dongs: ids(200).map(String) })).status).toBe(200);
    expect((await post(notification + TOKENS, { memberIds: ids(1_000) })).status).toBe(200);
    expect(await tokensOf([])).toEqual([]);
  });

  it('admit nobody without the system token, whatever else is wrong', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer other', 'secret', 'Basic secret']) {
      expect((await post(store + DONGS, { storeIds: [1] }, { authorization })).status).toBe(401);
      expect((await post(notification + TOKENS, '{', { authorization })).status).toBe(401);
    }
    expect((await post(`${store}/internal/v1/other`, {})).status).toBe(404);
  });

  it('answer alike for the same seed, and otherwise for another', async () => {
    const same = keep(await startStoreService({ token: 'secret', stores: 2_000, districts: 30 }));
    const other = keep(await startStoreService({ token: 'secret', stores: 2_000, districts: 30, seed: 2 }));
    const otherTokens = keep(await startNotificationService({ token: 'secret', seed: 2 }));

    expect(await dongsOf(ids(1_000), same)).toEqual(await dongsOf(ids(1_000)));
    expect(await dongsOf(ids(1_000), other)).not.toEqual(await dongsOf(ids(1_000)));
    expect(await tokensOf(ids(100), otherTokens)).not.toEqual(await tokensOf(ids(100)));
  });
});

describe('as a child', () => {
  it.each([
    ['store-service-main.ts', DONGS, { storeIds: [] }, { stores: [] }],
    ['notification-service-main.ts', TOKENS, { memberIds: [] }, { members: [] }],
  ])('%s listens on a free port', async (entry, path, body, answer) => {
    const child = await spawnService(new URL(entry, FOLDER), { token: 'secret' }, { logFile: '/dev/null' });

    expect(await jsonOf(child.url + path, body)).toEqual(answer);
    await child.close();
  });

  it('says in one line what is wrong with its options', async () => {
    const starting = spawnService(
      new URL('store-service-main.ts', FOLDER),
      { token: 'secret', port: Number(new URL(store).port) },
      { logFile: '/dev/null' },
    );

    await expect(starting).rejects.toThrow(/^port \d+ is in use$/);
  });
});

describe('on demand', () => {
  let url: string;
  beforeEach(async () => {
    url = keep(await startNotificationService({ token: 'secret' }));
  });
  afterEach(() => running.pop()?.close());

  const faults = async (rules: FaultRule[], of = url) =>
    expect(await post(`${of}/faults`, rules)).toMatchObject({ status: 200 });
  const ask = (memberIds = ids(100)) => post(url + TOKENS, { memberIds });
  const stats = async (of = url) => couponServiceStats.parse(await (await fetch(`${of}/stats`)).json());

  it.each([
    ['error', 500],
    ['rate-limited', 429],
    ['unauthorized', 401],
  ] as const)('it answers %s with %s, so often as it is told', async (fault, status) => {
    await faults([{ fault, times: 2 }]);

    const statuses = [];
    for (let calls = 0; calls < 4; calls += 1) statuses.push((await ask()).status);

    expect(statuses).toEqual([status, status, 200, 200]);
    expect((await stats())['findFcmTokens']?.calls).toEqual({ [status]: 2, 200: 2 });
  });

  it('breaks the connection', async () => {
    await faults([{ fault: 'reset', times: 1 }]);

    await expect(ask()).rejects.toThrow('fetch failed');
    expect((await ask()).status).toBe(200);
    expect((await stats())['findFcmTokens']?.calls).toEqual({ reset: 1, 200: 1 });
  });

  it('answers with a page in place of JSON', async () => {
    await faults([{ fault: 'html' }]);

    const { status, text } = await ask();
    expect(status).toBe(200);
    expect(text).toMatch(/^<!doctype html>/);
  });

  it('leaves out of every entry what the contract requires', async () => {
    await faults([{ fault: 'broken-entries' }]);

    const answer = await jsonOf(url + TOKENS, { memberIds: ids(100) });
    expect(membersAnswer.safeParse(answer).success).toBe(false);
    expect(answer).toMatchObject({ members: expect.arrayContaining([{ memberId: 1 }]) as unknown });
  });

  it('says everything twice, or only of half of them', async () => {
    const all = await tokensOf(ids(100), url);
    await faults([{ fault: 'duplicates', times: 1 }, { fault: 'half' }]);

    const twice = await tokensOf(ids(100), url);
    const half = await tokensOf(ids(100), url);

    expect(twice).toEqual(all.flatMap((member) => [member, member]));
    expect(half).toEqual(all.filter((_, index) => index % 2 === 1));
  });

  it.each(['late', 'hang'] as const)(
    'has no answer within three seconds when it is to be %s',
    async (fault) => {
      await faults([{ fault }]);
      const signal = AbortSignal.timeout(3_000);
      const answered = await fetch(url + TOKENS, {
        method: 'POST',
        headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
        body: '{"memberIds":[1]}',
        signal,
      }).then(
        () => 'answered',
        (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
      );

      expect(answered).toBe('TimeoutError');
    },
  );

  it('fails a share of the requests, the same ones for the same seed, with each of several faults', async () => {
    const outcomes = async () => {
      await faults([{ fault: ['error', 'rate-limited'], share: 0.3 }]);
      const statuses: number[] = [];
      for (let calls = 0; calls < 300; calls += 1) statuses.push((await ask([1])).status);
      return statuses;
    };
    const first = await outcomes();
    await running.pop()?.close();
    url = keep(await startNotificationService({ token: 'secret' }));

    const failed = first.filter((status) => status !== 200).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(120);
    expect(new Set(first)).toEqual(new Set([200, 429, 500]));
    expect(await outcomes()).toEqual(first);
  });

  it('fails the same question for as long as it is told, when the question is what is drawn for', async () => {
    await faults([{ fault: 'error', share: 0.3, drawnBy: 'body' }]);
    const statusesOf = async (memberId: number) => [
      (await ask([memberId])).status,
      (await ask([memberId])).status,
    ];

    const all = await Promise.all(ids(100).map(statusesOf));

    expect(all.every(([first, second]) => first === second)).toBe(true);
    expect(new Set(all.flat())).toEqual(new Set([200, 500]));
    await faults([]);
    expect(new Set((await Promise.all(ids(100).map(statusesOf))).flat())).toEqual(new Set([200]));
  });

  it('fails one operation of two', async () => {
    const both = keep(await startStoreService({ token: 'secret', stores: 10 }));
    await faults([{ fault: 'error', operationId: 'findStoresOfDongs' }], both);

    expect((await post(both + DONGS, { storeIds: [1] })).status).toBe(200);
    expect((await post(both + STORES, { dongs: ['명1동'] })).status).toBe(500);
  });

  it.each([
    ['another fault', [{ fault: 'moody' }]],
    ['a share above one', [{ fault: 'error', share: 1.5 }]],
    ['an operation that there is not', [{ fault: 'error', operationId: 'findStoresOfDongs' }]],
    ['no list', { fault: 'error' }],
  ])('knows not %s', async (_what, rules) => {
    expect((await post(`${url}/faults`, rules)).status).toBe(400);
    expect((await ask()).status).toBe(200);
  });

  it('tells how often each was asked for, until it is told to forget', async () => {
    await ask([1, 2, 3]);
    await ask([3, 4]);
    await post(url + TOKENS, { memberIds: 'all' });
    await post(url + TOKENS, { memberIds: [9] }, { authorization: 'Bearer other' });

    expect(await stats()).toEqual({
      findFcmTokens: {
        path: TOKENS,
        calls: { 200: 2, 400: 1, 401: 1 },
        askedTimes: { 1: 3, 2: 1 },
        mostAtOnce: 3,
      },
    });
    expect((await fetch(`${url}/stats`, { method: 'DELETE' })).status).toBe(204);
    expect((await stats())['findFcmTokens']).toMatchObject({ calls: {}, askedTimes: {}, mostAtOnce: 0 });
  });
});
