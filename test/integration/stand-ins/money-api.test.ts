import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningService } from '../../../local/process/child-service.ts';
import { spawnService } from '../../../local/process/child-service.ts';
import { ledgerLine } from '../../../stand-ins/money-api/ledger.ts';
import type { LedgerLine } from '../../../stand-ins/money-api/ledger.ts';
import type { ConditionsChange, MoneyApiOptions } from '../../../stand-ins/money-api/options.ts';
import { startMoneyApi } from '../../../stand-ins/money-api/server.ts';
import { moneyApiStats } from '../../../stand-ins/money-api/stats.ts';
import type { MoneyApiStats } from '../../../stand-ins/money-api/stats.ts';

const running: RunningService[] = [];
let folder: string;
let client: Agent;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'money-api-'));
  client = new Agent({ connections: 200 });
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close()));
});

afterAll(async () => {
  await client.destroy();
  await rm(folder, { recursive: true });
});

async function start(options: Partial<MoneyApiOptions> = {}): Promise<string> {
  const service = await startMoneyApi({ apiKey: 'secret', ...options });
  running.push(service);
  return service.url;
}

interface Call {
  path?: string;
  key?: string | null;
  apiKey?: string | null;
  body?: unknown;
  contentType?: string;
  headersTimeout?: number;
}

/** A valid voucher grant, but for what is overridden; `key: null` leaves the header out. */
function makeVoucher(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    customerUid: '9223372036854775807',
    voucherNumber: 'V-1',
    merchantCode: 'M1',
    amount: '10000.50',
    isWithdrawal: false,
    validUntil: '20261231235959',
    reason: 'a campaign',
    ...overrides,
  };
}

function makePoint(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return { customerUid: '1', amount: '500', expiryAt: '20261231235959', reason: 'a campaign', ...overrides };
}

async function call(url: string, how: Call = {}) {
  const { path: to = '/v1/grants/vouchers', key = 'k-1', apiKey = 'secret', body = makeVoucher() } = how;
  const answer = await request(url + to, {
    dispatcher: client,
    method: 'POST',
    headers: {
      'content-type': how.contentType ?? 'application/json',
      ...(key !== null && { 'idempotency-key': key }),
      ...(apiKey !== null && { 'x-api-key': apiKey }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headersTimeout: how.headersTimeout ?? 20_000,
  });
  const text = await answer.body.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.statusCode, headers: answer.headers, body: json };
}

/** A point grant of its own customer; the status, or the error's code when the connection broke. */
async function outcomeOf(url: string, key: string, headersTimeout?: number): Promise<number | string> {
  try {
    const how = headersTimeout === undefined ? {} : { headersTimeout };
    return (await call(url, { path: '/v1/grants/points', key, body: makePoint(), ...how })).status;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

const refusal = (code: string) => ({ code, message: expect.any(String) as unknown });

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k-${i}`);

const each = <T>(names: string[], use: (name: string) => Promise<T>) => Promise.all(names.map(use));

async function readLedger(url: string): Promise<LedgerLine[]> {
  const text = await (await request(`${url}/ledger`)).body.text();
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => ledgerLine.parse(JSON.parse(line)));
}

async function readStats(url: string): Promise<MoneyApiStats> {
  return moneyApiStats.parse(await (await request(`${url}/stats`)).body.json());
}

async function control(url: string, change: ConditionsChange): Promise<void> {
  const answer = await request(`${url}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
  expect(answer.statusCode).toBe(200);
  await answer.body.dump();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('granting', () => {
  it('grants a voucher and writes it to the ledger', async () => {
    const url = await start();
    const answer = await call(url);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ transactionKey: expect.stringMatching(/^.{1,100}$/) as unknown });
    expect(answer.headers['idempotent-replayed']).toBeUndefined();
    expect(await readLedger(url)).toEqual([
      {
        key: 'k-1',
        kind: 'VOUCHER',
        customerUid: '9223372036854775807',
        amount: '10000.50',
        voucherNumber: 'V-1',
      },
    ]);
  });

  it('grants points, whose ledger line has no voucher number', async () => {
    const url = await start();
    expect(await outcomeOf(url, 'p-1')).toBe(200);
    expect(await readLedger(url)).toEqual([{ key: 'p-1', kind: 'POINT', customerUid: '1', amount: '500' }]);
  });

  it('gives each key a transactionKey of its own', async () => {
    const url = await start();
    const answers = await each(keys(20), (key) =>
      call(url, { path: '/v1/grants/points', key, body: makePoint() }),
    );
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(20);
  });
});

describe('the API key', () => {
  it.each([null, 'wrong'])('answers 401 to %s and grants nothing', async (apiKey) => {
    const url = await start();
    const answer = await call(url, { apiKey });
    expect(answer).toMatchObject({ status: 401, body: refusal('UNAUTHORIZED') });
    expect(await readLedger(url)).toEqual([]);
  });

  it('is looked at before anything else of the request', async () => {
    const url = await start({ ceiling: 1 });
    expect(await call(url, { apiKey: null, key: null, body: '{' })).toMatchObject({ status: 401 });
    expect((await readStats(url)).admitted).toBe(0);
  });
});

describe('validation', () => {
  it.each<[string, Call]>([
    ['no Idempotency-Key', { key: null }],
    ['an empty Idempotency-Key', { key: '' }],
    ['an Idempotency-Key of 101 characters', { key: 'k'.repeat(101) }],
    ['no body', { body: '' }],
    ['a body that is no JSON', { body: '{' }],
    ['a body that is no object', { body: [] }],
    ['a content type that is not JSON', { contentType: 'text/plain' }],
    ['a missing field', { body: makeVoucher({ voucherNumber: undefined }) }],
    ['an unknown field', { body: makeVoucher({ more: 'x' }) }],
    ['a customerUid that is a number', { body: makeVoucher({ customerUid: 12 }) }],
    ['a customerUid of 21 digits', { body: makeVoucher({ customerUid: '1'.repeat(21) }) }],
    ['an amount that is a number', { body: makeVoucher({ amount: 100 }) }],
    ['a negative amount', { body: makeVoucher({ amount: '-1' }) }],
    ['an amount of three decimals', { body: makeVoucher({ amount: '1.001' }) }],
    ['isWithdrawal as text', { body: makeVoucher({ isWithdrawal: 'true' }) }],
    ['a date of 8 digits', { body: makeVoucher({ validUntil: '20261231' }) }],
    ['a voucherNumber of 41 characters', { body: makeVoucher({ voucherNumber: 'v'.repeat(41) }) }],
    ['a reason of 101 characters', { body: makeVoucher({ reason: '가'.repeat(101) }) }],
    ['points without expiryAt', { path: '/v1/grants/points', body: makePoint({ expiryAt: undefined }) }],
    ['points with a voucherNumber', { path: '/v1/grants/points', body: makePoint({ voucherNumber: 'V' }) }],
  ])('answers 400 to %s', async (_what, how) => {
    const url = await start();
    expect(await call(url, how)).toMatchObject({ status: 400, body: refusal('INVALID_REQUEST') });
    expect(await readLedger(url)).toEqual([]);
  });

  it('accepts the longest of everything', async () => {
    const url = await start();
    const body = makeVoucher({
      customerUid: '9'.repeat(20),
      voucherNumber: 'v'.repeat(40),
      merchantCode: 'm'.repeat(30),
      merchantBrandCode: 'b'.repeat(20),
      amount: '99999999.99',
      reason: '가'.repeat(100),
    });
    expect((await call(url, { key: 'k'.repeat(100), body })).status).toBe(200);
  });

  it('does not hold an invalid request against its key', async () => {
    const url = await start();
    expect((await call(url, { body: {} })).status).toBe(400);
    expect((await call(url)).status).toBe(200);
  });

  it.each(['/', '/v1/grants', '/v1/grants/coupons'])(
    'answers 404 to the unknown path %s',
    async (unknown) => {
      const url = await start();
      expect(await call(url, { path: unknown })).toMatchObject({ status: 404, body: refusal('NOT_FOUND') });
    },
  );

  it('answers 404 to another method', async () => {
    const url = await start();
    const answer = await request(`${url}/v1/grants/points`, { headers: { 'x-api-key': 'secret' } });
    expect(answer.statusCode).toBe(404);
    expect(await answer.body.json()).toEqual(refusal('NOT_FOUND'));
  });
});

describe('idempotency', () => {
  it('replays the first transactionKey and grants nothing, whatever the order of the fields', async () => {
    const url = await start();
    const first = await call(url);
    const reversed = Object.fromEntries(Object.entries(makeVoucher()).reverse());
    const second = await call(url, { body: JSON.stringify(reversed, null, 2) });
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await readLedger(url)).toHaveLength(1);
    expect(await readStats(url)).toMatchObject({ granted: 1, replayed: 1, keys: 1 });
  });

  it.each([
    ['a changed field', makeVoucher({ amount: '10000.51' })],
    ['a field less', makeVoucher({ merchantCode: undefined })],
    ['a field more', makeVoucher({ merchantBrandCode: 'B' })],
  ])('answers 409 to the same key with %s', async (_what, body) => {
    const url = await start();
    await call(url);
    expect(await call(url, { body })).toMatchObject({ status: 409, body: refusal('IDEMPOTENCY_CONFLICT') });
    expect(await readLedger(url)).toHaveLength(1);
    expect((await call(url)).headers['idempotent-replayed']).toBe('true');
  });

  it('answers 409 to a key of the other operation', async () => {
    const url = await start();
    await call(url);
    expect(await outcomeOf(url, 'k-1')).toBe(409);
  });

  it('grants once when the key comes again before the first answer', async () => {
    const url = await start({ latencyMs: 50 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => call(url)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await readLedger(url)).toHaveLength(1);
  });

  it('rejects a voucher number that was granted under another key, and does so again', async () => {
    const url = await start();
    await call(url, { key: 'first' });
    for (let i = 0; i < 2; i++) {
      expect(await call(url, { key: 'second' })).toMatchObject({
        status: 422,
        body: refusal('VOUCHER_ALREADY_USED'),
      });
    }
    expect(await readLedger(url)).toHaveLength(1);
  });
});

describe('the ceiling', () => {
  it('admits exactly so many of a burst; the rest get 429, Retry-After and no grant', async () => {
    const url = await start({ ceiling: 25 });
    const answers = await each(keys(60), (key) =>
      call(url, { path: '/v1/grants/points', key, body: makePoint() }),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(35);
    expect(new Set(refused.map(({ headers }) => headers['retry-after']))).toEqual(new Set(['1']));
    expect(await readLedger(url)).toHaveLength(25);
    const stats = await readStats(url);
    expect(stats).toMatchObject({ admitted: 25, maxWindow1s: 60, requests: { 200: 25, 429: 35 } });
  });

  it('has room again a second later', async () => {
    const url = await start({ ceiling: 10 });
    const wave = async (name: string) => {
      const statuses = await each(keys(10), (key) => outcomeOf(url, `${name}-${key}`));
      return statuses.filter((status) => status === 200).length;
    };
    expect(await wave('first')).toBe(10);
    await pause(1050);
    expect(await wave('second')).toBe(10);
  });

  it('counts replays and invalid requests, for they were admitted', async () => {
    const url = await start({ ceiling: 3 });
    expect((await call(url)).status).toBe(200);
    expect((await call(url)).status).toBe(200);
    expect((await call(url, { body: {} })).status).toBe(400);
    expect((await call(url)).status).toBe(429);
  });

  it('does not exist at 0', async () => {
    const url = await start({ ceiling: 0 });
    await each(keys(1500), (key) => outcomeOf(url, key));
    expect((await readStats(url)).requests).toEqual({ 200: 1500 });
  });

  it('does not shift the faults of a key that it refused', async () => {
    const faults = { failRate: 0.5, seed: 3 };
    const calm = await start({ ...faults, ceiling: 0 });
    const strict = await start({ ...faults, ceiling: 5 });
    const expected = await each(keys(10), (key) => outcomeOf(calm, key));
    const first = await each(keys(10), (key) => outcomeOf(strict, key));
    await pause(1050);
    const again = await each(
      keys(10).filter((_key, i) => first[i] === 429),
      (key) => outcomeOf(strict, key),
    );
    expect(first.map((status) => (status === 429 ? again.shift() : status))).toEqual(expected);
  });
});

describe('faults', () => {
  it('answers a share with 500 and 503; only some of the 500s granted', async () => {
    const url = await start({ ceiling: 0, failRate: 0.5 });
    const names = keys(400);
    const statuses = await each(names, (key) => outcomeOf(url, key));
    const count = (status: number) => statuses.filter((s) => s === status).length;
    expect(count(200) + count(500) + count(503)).toBe(400);
    expect(count(200)).toBeGreaterThan(150);
    expect(count(200)).toBeLessThan(250);
    expect(count(503)).toBeGreaterThan(60);
    const granted = new Set((await readLedger(url)).map(({ key }) => key));
    const grantedOf = (status: number) =>
      names.filter((key, i) => statuses[i] === status && granted.has(key)).length;
    expect(grantedOf(200)).toBe(count(200));
    expect(grantedOf(503)).toBe(0);
    expect(grantedOf(500)).toBeGreaterThan(0);
    expect(grantedOf(500)).toBeLessThan(count(500));
  });

  it('grants each key once when clients ask again until they are told', async () => {
    const url = await start({ ceiling: 0, failRate: 0.3, resetRate: 0.3 });
    await each(keys(200), async (key) => {
      for (let i = 0; i < 100; i++) if ((await outcomeOf(url, key)) === 200) return;
      throw new Error(`${key} was never granted`);
    });
    const granted = (await readLedger(url)).map(({ key }) => key);
    expect(granted.sort()).toEqual(keys(200).sort());
  });

  it('rejects a share of the keys, each of them the same way for ever', async () => {
    const url = await start({ ceiling: 0, rejectRate: 0.3 });
    const first = await each(keys(300), (key) => outcomeOf(url, key));
    expect(first.filter((status) => status === 404).length).toBeGreaterThan(20);
    expect(first.filter((status) => status === 422).length).toBeGreaterThan(20);
    expect(first.filter((status) => status === 200).length).toBeGreaterThan(170);
    await control(url, { rejectRate: 0 });
    expect(await each(keys(300), (key) => outcomeOf(url, key))).toEqual(first);
    await control(url, { rejectRate: 1 });
    expect(await each(keys(300), (key) => outcomeOf(url, key))).toEqual(first);
    expect(await readLedger(url)).toHaveLength(first.filter((status) => status === 200).length);
  });

  it('names the rejection, and answers 409 to a rejected key with another body', async () => {
    const url = await start({ rejectRate: 1 });
    const answers = await each(keys(20), (key) => call(url, { key }));
    for (const { status, body } of answers) {
      expect(body).toEqual(refusal(status === 404 ? 'CUSTOMER_NOT_FOUND' : 'ACCOUNT_CLOSED'));
    }
    expect((await call(url, { key: 'k-0', body: makeVoucher({ amount: '1' }) })).status).toBe(409);
  });

  it('breaks connections, about half of them after the grant', async () => {
    const url = await start({ ceiling: 0, resetRate: 1 });
    const outcomes = await each(keys(100), (key) => outcomeOf(url, key));
    expect(new Set(outcomes)).toEqual(new Set(['ECONNRESET']));
    const granted = (await readLedger(url)).length;
    expect(granted).toBeGreaterThan(25);
    expect(granted).toBeLessThan(75);
    expect((await readStats(url)).requests).toEqual({ reset: 100 });
  });

  it('grants and answers after 10 s when a request is to time out; asking again replays', async () => {
    const url = await start({ timeoutRate: 1 });
    const startedAt = performance.now();
    const late = outcomeOf(url, 'late');
    expect(await outcomeOf(url, 'k-1', 300)).toBe('UND_ERR_HEADERS_TIMEOUT');
    expect((await readLedger(url)).map(({ key }) => key)).toContain('k-1');
    await control(url, { timeoutRate: 0 });
    const again = await call(url, { path: '/v1/grants/points', body: makePoint() });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(await late).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(9_900);
  }, 20_000);

  it('resets every connection while it is down, also of requests under way, and grants nothing new', async () => {
    const url = await start({ latencyTail: { share: 1, ms: 2000 } });
    const underWay = outcomeOf(url, 'under-way');
    await expect.poll(async () => (await readStats(url)).granted).toBe(1);
    await control(url, { down: true });
    expect(await outcomeOf(url, 'k-1')).toBe('ECONNRESET');
    expect(await underWay).toBe('ECONNRESET');
    await control(url, { down: false, latencyTail: { share: 0, ms: 0 } });
    expect((await readLedger(url)).map(({ key }) => key)).toEqual(['under-way']);
    expect(await outcomeOf(url, 'k-1')).toBe(200);
  });

  it('can be down from the start', async () => {
    const url = await start({ down: true });
    expect(await outcomeOf(url, 'k-1')).toBe('ECONNRESET');
  });
});

describe('latency', () => {
  it('is waited for before the answer, and seen in the statistics', async () => {
    const url = await start({ latencyTail: { share: 1, ms: 150 } });
    const startedAt = performance.now();
    await outcomeOf(url, 'k-1');
    expect(performance.now() - startedAt).toBeGreaterThan(148);
    expect((await readStats(url)).latencyMs?.p50).toBeGreaterThan(148);
  });
});

describe('the seed', () => {
  const faults = { ceiling: 0, failRate: 0.2, resetRate: 0.2, rejectRate: 0.2 };
  const twice = async (url: string, names: string[]) => {
    const outcomes = await each(names, async (key) => [await outcomeOf(url, key), await outcomeOf(url, key)]);
    return new Map(names.map((name, i) => [name, outcomes[i]]));
  };

  it('decides each attempt of each key, whatever the order of arrival', async () => {
    const one = await twice(await start({ ...faults, seed: 7 }), keys(150));
    const other = await twice(await start({ ...faults, seed: 7 }), keys(150).reverse());
    expect([...other].sort()).toEqual([...one].sort());
    expect([...one.values()].some((attempts) => attempts?.[0] !== attempts?.[1])).toBe(true);
  });

  it('makes another run when it is another', async () => {
    const one = await twice(await start({ ...faults, seed: 7 }), keys(150));
    const other = await twice(await start({ ...faults, seed: 8 }), keys(150));
    expect([...other]).not.toEqual([...one]);
  });
});

describe('the ledger file', () => {
  const restart = async (options: Partial<MoneyApiOptions>) => {
    await running.pop()?.close();
    return start(options);
  };

  it('lets a restarted service replay, reject, and refuse used vouchers and changed bodies', async () => {
    const ledgerFile = path.join(folder, 'restart.ndjson');
    const first = await start({ ledgerFile });
    const granted = await call(first);
    await control(first, { rejectRate: 1 });
    const rejected = await outcomeOf(first, 'rejected');
    const ledger = await readLedger(first);

    const url = await restart({ ledgerFile, seed: 99 });
    expect(await readLedger(url)).toEqual(ledger);
    const again = await call(url);
    expect(again).toMatchObject({ status: 200, body: granted.body });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await call(url, { body: makeVoucher({ amount: '1' }) })).status).toBe(409);
    expect((await call(url, { key: 'other' })).status).toBe(422);
    expect(await outcomeOf(url, 'rejected')).toBe(rejected);
    expect(await outcomeOf(url, 'new')).toBe(200);
    expect(await readLedger(url)).toHaveLength(2);
  });

  it('has every grant that was answered when the process is killed', async () => {
    const ledgerFile = path.join(folder, 'killed.ndjson');
    const child = await spawnService(
      new URL('../../../stand-ins/money-api/main.ts', import.meta.url),
      { apiKey: 'secret', ceiling: 0, ledgerFile },
      { logFile: path.join(folder, 'child.log') },
    );
    const answered: string[] = [];
    const calls = each(keys(300), async (key) => {
      if ((await outcomeOf(child.url, key)) !== 200) return;
      answered.push(key);
      if (answered.length === 100) process.kill(child.pid, 'SIGKILL');
    });
    await Promise.all([calls, child.exited]);
    const remembered = (await readLedger(await start({ ledgerFile }))).map(({ key }) => key);
    expect(answered.length).toBeGreaterThanOrEqual(100);
    expect(remembered).toEqual(expect.arrayContaining(answered));
    expect(new Set(remembered).size).toBe(remembered.length);
  });

  it('drops a line that a crash cut off, which was never answered', async () => {
    const ledgerFile = path.join(folder, 'torn.ndjson');
    expect(await outcomeOf(await start({ ledgerFile }), 'whole')).toBe(200);
    await running.pop()?.close();
    await appendFile(ledgerFile, '{"key":"torn","kind":"POI');
    const url = await start({ ledgerFile });
    expect(await outcomeOf(url, 'next')).toBe(200);
    const again = await restart({ ledgerFile });
    expect((await readLedger(again)).map(({ key }) => key)).toEqual(['whole', 'next']);
    expect((await readFile(ledgerFile, 'utf8')).endsWith('\n')).toBe(true);
  });

  it('is refused when it is something else', async () => {
    const ledgerFile = path.join(folder, 'other.txt');
    await appendFile(ledgerFile, 'not a ledger\n');
    await expect(start({ ledgerFile })).rejects.toThrow(`${ledgerFile} is no ledger file`);
  });
});

describe('observation and control', () => {
  it('needs no API key and shows nothing before the first call', async () => {
    const url = await start();
    expect(await readLedger(url)).toEqual([]);
    expect(await readStats(url)).toMatchObject({
      requests: {},
      arrived: 0,
      maxWindow1s: 0,
      steady: null,
      firstCallAt: null,
      lastCallAt: null,
      seconds: 0,
      latencyMs: null,
    });
  });

  it('tells when the calls came', async () => {
    const url = await start();
    const before = Date.now();
    await outcomeOf(url, 'a');
    await pause(200);
    await outcomeOf(url, 'b');
    const { firstCallAt, lastCallAt, seconds } = await readStats(url);
    expect(firstCallAt).toBeGreaterThanOrEqual(before);
    expect(lastCallAt).toBeLessThanOrEqual(Date.now());
    expect(seconds).toBeGreaterThanOrEqual(0.19);
  });

  it('starts the statistics anew and keeps the ledger', async () => {
    const url = await start();
    await call(url);
    expect((await request(`${url}/stats`, { method: 'DELETE' })).statusCode).toBe(204);
    expect(await readStats(url)).toMatchObject({ requests: {}, granted: 0, keys: 0 });
    expect(await readLedger(url)).toHaveLength(1);
    await call(url);
    expect(await readStats(url)).toMatchObject({ requests: { 200: 1 }, granted: 0, replayed: 1, keys: 1 });
  });

  it('changes the ceiling at run time, counting what was admitted before', async () => {
    const url = await start({ ceiling: 0 });
    await each(keys(5), (key) => outcomeOf(url, key));
    await control(url, { ceiling: 5 });
    expect(await outcomeOf(url, 'next')).toBe(429);
  });

  it.each([
    ['an unknown option', { nonsense: 1 }],
    ['a share above 1', { failRate: 1.5 }],
    ['shares that together exceed 1', { failRate: 0.6, resetRate: 0.6 }],
    ['the API key', { apiKey: 'x' }],
  ])('refuses to set %s', async (_what, change) => {
    const url = await start();
    const answer = await request(`${url}/control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(change),
    });
    expect(answer.statusCode).toBe(400);
    expect(await answer.body.json()).toEqual(refusal('INVALID_REQUEST'));
    expect(await outcomeOf(url, 'k')).toBe(200);
  });

  it('says in one line that its port is in use', async () => {
    const url = await start();
    await expect(start({ port: Number(new URL(url).port) })).rejects.toThrow(/^port \d+ is in use$/);
  });
});
