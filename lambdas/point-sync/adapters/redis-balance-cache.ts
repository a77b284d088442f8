import type { Redis } from 'ioredis';
import * as z from 'zod';
import type { BalanceCache, Written } from '../ports.ts';
import { LET_LIVE, SET_UNLESS_NEWER } from './redis-scripts.ts';

/** The point service's key; its value is a plain number, as its readers expect it. */
const balanceKey = (userId: string) => `point:balance:${userId}`;
/** The version of point_balances that the balance is of: written with it, at once. */
const versionKey = (userId: string) => `point:balance-version:${userId}`;

/** What no sync keeps alive is gone after three days; keys of one night do not end in one second. */
const TTL_SECONDS = 3 * 24 * 60 * 60;
const TTL_JITTER_SECONDS = 6 * 60 * 60;
const SCAN_COUNT = 10_000;
const BALANCE_KEY = /^point:balance:([1-9]\d{0,18})$/;
const HIGHEST_ID = 2n ** 63n - 1n;

const seen = z.array(z.string().nullable());
const writtenCodes = z.array(z.union([z.literal(2), z.literal(1), z.literal(0), z.literal(-1)]));
const BECAME = { '2': 'replaced', '1': 'written', '0': 'newer', '-1': 'unwritten' } as const satisfies Record<
  string,
  Written
>;

/** @param random from 0 to 1 */
export function redisBalanceCache(redis: Redis, random: () => number): BalanceCache {
  return {
    async read(userIds) {
      const values = seen.parse(await redis.mget([...userIds.map(balanceKey), ...userIds.map(versionKey)]));
      return userIds.map((_, index) => ({
        balance: values[index] ?? null,
        version: values[userIds.length + index] ?? null,
      }));
    },

    async settle(rows, kept) {
      const ttl = () => TTL_SECONDS + Math.floor(random() * TTL_JITTER_SECONDS);
      const pipeline = redis.pipeline();
      if (rows.length > 0) {
        const keys = rows.flatMap(({ userId }) => [balanceKey(userId), versionKey(userId)]);
        const values = rows.flatMap(({ balance, version }) => [balance, version, ttl()]);
        pipeline.eval(SET_UNLESS_NEWER, keys.length, ...keys, ...values);
      }
      if (kept.length > 0) {
        const keys = kept.flatMap((userId) => [balanceKey(userId), versionKey(userId)]);
        pipeline.eval(LET_LIVE, keys.length, ...keys, ...kept.map(ttl));
      }
      const answers = pipeline.length === 0 ? [] : ((await pipeline.exec()) ?? []);
      for (const [error] of answers) if (error !== null) throw error;
      if (rows.length === 0) return [];
      return writtenCodes.parse(answers[0]?.[1]).map((code) => BECAME[code]);
    },

    async usersFrom(cursor) {
      const [next, keys] = await redis.scan(cursor, 'MATCH', balanceKey('*'), 'COUNT', SCAN_COUNT);
      const userIds = keys
        .flatMap((key) => BALANCE_KEY.exec(key)?.[1] ?? [])
        // What is no id of the database is nobody's, and the database would take it for the highest.
        .filter((userId) => BigInt(userId) <= HIGHEST_ID);
      return { cursor: next, userIds: [...new Set(userIds)] };
    },

    async remove(userIds) {
      await redis.unlink(userIds.flatMap((userId) => [balanceKey(userId), versionKey(userId)]));
    },
  };
}
