import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redisBalanceCache } from '../../../lambdas/point-sync/adapters/redis-balance-cache.ts';
import { findingOf } from '../../../lambdas/point-sync/domain/balance.ts';
import { connectPatientRedis } from '../../../lambdas/shared/redis.ts';
import { startTestRedis } from '../../support/private-redis.ts';
import type { TestRedis } from '../../support/private-redis.ts';

const DAY = 24 * 60 * 60;
const HIGHEST = '9223372036854775807';

let server: TestRedis;
let look: Redis;
let client: Redis;
let random: () => number;
beforeAll(async () => {
  server = await startTestRedis();
  ({ look } = server);
  client = connectPatientRedis(server.url);
});
beforeEach(async () => {
  random = () => 0;
  await look.config('SET', 'maxmemory', '0');
  await look.flushall();
});
afterAll(async () => {
  client.disconnect();
  await server.close();
});

const cache = () => redisBalanceCache(client, () => random());
const row = (userId: string, balance = '100', version = '5') => ({ userId, balance, version });
const put = (userId: string, balance: string, version?: string) =>
  look.mset({
    [`point:balance:${userId}`]: balance,
    ...(version === undefined ? {} : { [`point:balance-version:${userId}`]: version }),
  });
const kept = async (userId: string) => ({
  balance: await look.get(`point:balance:${userId}`),
  version: await look.get(`point:balance-version:${userId}`),
});
const ttlOf = (userId: string) =>
  Promise.all([look.ttl(`point:balance:${userId}`), look.ttl(`point:balance-version:${userId}`)]);

describe('what is read', () => {
  it('is in the order of the users, null where there is nothing', async () => {
    await put('1', '100', '5');
    await put('3', '300');

    expect(await cache().read(['3', '2', '1'])).toEqual([
      { balance: '300', version: null },
      { balance: null, version: null },
      { balance: '100', version: '5' },
    ]);
  });

  it('is nothing where something else than text is, and the others are read', async () => {
    await look.hset('point:balance:1', { amount: '100' });
    await look.lpush('point:balance-version:2', '5');
    await put('3', '300', '1');
    await look.set('point:balance:2', '200');

    expect(await cache().read(['1', '2', '3'])).toEqual([
      { balance: null, version: null },
      { balance: '200', version: null },
      { balance: '300', version: '1' },
    ]);
  });
});

describe('what is settled', () => {
  it('is written with its version, as a plain number', async () => {
    expect(await cache().settle([row('1', '-7', '3'), row('2', '0', '0')], [])).toEqual([
      'written',
      'written',
    ]);

    expect(await kept('1')).toEqual({ balance: '-7', version: '3' });
    expect(await kept('2')).toEqual({ balance: '0', version: '0' });
  });

  it.each([
    ['5', '4', 'written'],
    ['5', '5', 'written'],
    ['5', '6', 'newer'],
    ['9', '10', 'newer'],
    ['10', '9', 'written'],
    ['10', '09', 'written'],
    ['5', '0006', 'newer'],
    ['9007199254740993', '9007199254740992', 'written'],
    ['9007199254740992', '9007199254740993', 'newer'],
    [HIGHEST, '9223372036854775806', 'written'],
    ['9223372036854775806', HIGHEST, 'newer'],
    // Above every BIGINT: no writer's.
    ['5', '9223372036854775808', 'written'],
    ['5', '10000000000000000000', 'written'],
    ['5', 'six', 'written'],
    ['5', '-6', 'written'],
    ['5', '6.0', 'written'],
    ['5', '', 'written'],
  ])('of version %s where Redis has %s is %s', async (version, known, became) => {
    await put('1', '50', known);

    expect(await cache().settle([row('1', '100', version)], [])).toEqual([became]);

    const expected = became === 'newer' ? { balance: '50', version: known } : { balance: '100', version };
    expect(await kept('1')).toEqual(expected);
  });

  it('comes to what was found before it, whatever Redis has: what is newer is kept by both', async () => {
    for (const version of ['5', '9', '10', '9007199254740993', HIGHEST]) {
      for (const known of [
        '0',
        '4',
        '5',
        '6',
        '010',
        '9007199254740992',
        HIGHEST,
        '9223372036854775808',
        'x',
      ]) {
        await put('1', '50', known);
        const [cached] = await cache().read(['1']);
        const finding = findingOf(row('1', '100', version), cached ?? { balance: null, version: null });
        const [became] = await cache().settle([row('1', '100', version)], []);
        expect([known, version, became]).toEqual([known, version, finding === 'newer' ? 'newer' : 'written']);
      }
    }
  });

  it('takes the place of what is no text, says so, and settles the others', async () => {
    await look.hset('point:balance:1', { amount: '100' });
    await look.sadd('point:balance-version:2', '9');
    await put('2', '7');
    await look.zadd('point:balance-version:3', 1, 'a');

    expect(await cache().settle([row('1'), row('2'), row('3'), row('4')], [])).toEqual([
      'replaced',
      'replaced',
      'replaced',
      'written',
    ]);

    for (const userId of ['1', '2', '3', '4']) {
      expect(await kept(userId)).toEqual({ balance: '100', version: '5' });
    }
  });

  it('has a newer one kept that came between reading and settling', async () => {
    await put('1', '50', '4');
    const [seen] = await cache().read(['1']);
    expect(findingOf(row('1'), seen ?? { balance: null, version: null })).toBe('stale');
    await put('1', '60', '6');

    expect(await cache().settle([row('1'), row('2')], [])).toEqual(['newer', 'written']);
    expect(await kept('1')).toEqual({ balance: '60', version: '6' });
  });

  it('lives for three days and up to six hours more, both keys of a user as long', async () => {
    random = () => 0.999_999;
    await cache().settle([row('1')], []);
    random = () => 0;
    await cache().settle([row('2')], []);

    const [[longest, withIt], [shortest]] = await Promise.all([ttlOf('1'), ttlOf('2')]);
    expect(longest).toBe(withIt);
    // A second may have passed since.
    expect(longest).toBeGreaterThan(3 * DAY + 6 * 60 * 60 - 60);
    expect(longest).toBeLessThan(3 * DAY + 6 * 60 * 60);
    expect(shortest).toBeGreaterThan(3 * DAY - 60);
    expect(shortest).toBeLessThanOrEqual(3 * DAY);
  });

  it('does not all end at the same moment', async () => {
    let step = 0;
    random = () => (step++ % 10) / 10;
    const users = Array.from({ length: 10 }, (_, index) => String(index + 1));
    await cache().settle(
      users.slice(0, 5).map((userId) => row(userId)),
      [],
    );
    for (const userId of users.slice(5)) await put(userId, '100', '5');
    await cache().settle([], users.slice(5));

    const ttls = await Promise.all(users.map(async (userId) => (await ttlOf(userId))[0]));
    expect(new Set(ttls.map((ttl) => Math.round(ttl / 600))).size).toBe(10);
  });

  it('lets live what is left as it is, also what had no end, and makes no key', async () => {
    await put('1', '100', '5');
    await put('2', '100');
    await look.expire('point:balance:2', 60);

    expect(await cache().settle([], ['1', '2', '3'])).toEqual([]);

    for (const userId of ['1', '2']) expect((await ttlOf(userId))[0]).toBeGreaterThan(3 * DAY - 60);
    expect(await look.keys('*')).toHaveLength(3);
  });

  it('is nothing of nothing', async () => {
    expect(await cache().settle([], [])).toEqual([]);
  });
});

describe('a Redis without memory left', () => {
  it('keeps what it has: what could not be written is said, and nothing else fails', async () => {
    await put('1', '50', '6');
    await put('2', '50', '4');
    await put('3', '100', '5');
    await look.config('SET', 'maxmemory-policy', 'noeviction');
    await look.config('SET', 'maxmemory', '1');

    const became = await cache().settle([row('1'), row('2'), row('4')], ['3']);

    expect(became).toEqual(['newer', 'unwritten', 'unwritten']);
    expect(await kept('1')).toEqual({ balance: '50', version: '6' });
    // Neither key is changed without the other.
    expect(await kept('2')).toEqual({ balance: '50', version: '4' });
    expect(await kept('4')).toEqual({ balance: null, version: null });
    expect((await ttlOf('3'))[0]).toBeGreaterThan(3 * DAY - 60);

    await look.config('SET', 'maxmemory', '0');
    expect(await cache().settle([row('2'), row('4')], [])).toEqual(['written', 'written']);
  });

  it('is no other refusal: one that only reads fails the page, to be tried again', async () => {
    await look.call('REPLICAOF', '127.0.0.1', '1');
    try {
      // By a client that does not look for the new primary: there is none.
      await expect(redisBalanceCache(look, random).settle([row('1')], [])).rejects.toThrow('READONLY');
    } finally {
      await look.call('REPLICAOF', 'NO', 'ONE');
    }
    expect(await cache().settle([row('1')], [])).toEqual(['written']);
  });
});

describe('all users of Redis', () => {
  async function all(): Promise<string[]> {
    const found: string[] = [];
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const page = await cache().usersFrom(cursor);
      ({ cursor } = page);
      found.push(...page.userIds);
    }
    return found;
  }

  it('are found page by page', async () => {
    const users = Array.from({ length: 25_000 }, (_, index) => String(index + 1));
    await look.mset(Object.fromEntries(users.map((userId) => [`point:balance:${userId}`, '1'])));

    const first = await cache().usersFrom('0');
    const found = await all();

    expect(first.cursor).not.toBe('0');
    expect(first.userIds.length).toBeLessThan(25_000);
    expect(new Set(found)).toEqual(new Set(users));
  });

  it('are none of an empty Redis', async () => {
    expect(await cache().usersFrom('0')).toEqual({ cursor: '0', userIds: [] });
  });

  it('are those of balances, and of ids that the database can have', async () => {
    for (const key of [
      'point:balance:7',
      `point:balance:${HIGHEST}`,
      'point:balance-version:8',
      'point:balance:07',
      'point:balance:0',
      'point:balance:-7',
      'point:balance:x',
      'point:balance:',
      'point:balance:7:history',
      'point:balance:9223372036854775808',
      'my:point:balance:9',
      'campaign_promotion_summary:1',
    ]) {
      await look.set(key, '1');
    }
    await look.hset('point:balance:11', { amount: '1' });

    expect((await all()).toSorted()).toEqual(['11', '7', HIGHEST].toSorted());
  });

  it('are removed with their versions, and nobody else is', async () => {
    for (const userId of ['1', '2', '3']) await put(userId, '1', '1');

    await cache().remove(['1', '3', '4']);

    expect((await look.keys('*')).toSorted()).toEqual(['point:balance-version:2', 'point:balance:2']);
  });
});
