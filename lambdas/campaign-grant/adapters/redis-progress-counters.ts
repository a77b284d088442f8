import type { Redis } from 'ioredis';
import * as z from 'zod';
import { toCompact } from '../../../schema/seoul-time.ts';
import type { Progress, ProgressCounters } from '../ports.ts';

/** Long enough for a campaign that waits out a weekend; the summary keeps the figures for good. */
const TTL_SECONDS = 7 * 24 * 60 * 60;

const FIELDS = {
  publishedCount: 'published_count',
  successCount: 'success_count',
  failCount: 'fail_count',
  retrySuccessCount: 'retry_success_count',
} as const satisfies Record<keyof Progress, string>;

const count = z.coerce.number().int().default(0);
/** The total is there since the last reset: what was added since Redis was emptied is no progress. */
const hash = z.object({
  total_count: z.coerce.number().int(),
  published_count: count,
  success_count: count,
  fail_count: count,
  retry_success_count: count,
});

/** The client's ERD names the key, the fields and the commands. */
export function redisProgressCounters(redis: Redis, now: () => number): ProgressCounters {
  const key = (summaryId: string) => `campaign_promotion_summary:${summaryId}`;

  return {
    async reset(summaryId, totalCount, progress) {
      await orWithout(
        redis
          .pipeline()
          .hset(key(summaryId), {
            total_count: totalCount,
            ...toHash(progress),
            last_completed_at: toCompact(now()),
          })
          .expire(key(summaryId), TTL_SECONDS)
          .exec(),
      );
    },

    async add(summaryId, increments) {
      const changes = Object.entries(toHash(increments)).filter(([, by]) => by !== 0);
      if (changes.length === 0) return;
      const pipeline = redis.pipeline();
      for (const [field, by] of changes) pipeline.hincrby(key(summaryId), field, by);
      pipeline.hset(key(summaryId), 'last_completed_at', toCompact(now()));
      pipeline.expire(key(summaryId), TTL_SECONDS);
      await orWithout(pipeline.exec());
    },

    async read(summaryId) {
      const raw = await orWithout(redis.hgetall(key(summaryId)));
      if (raw === undefined || Object.keys(raw).length === 0) return undefined;
      const parsed = hash.safeParse(raw);
      if (!parsed.success) return undefined;
      const { data } = parsed;
      return {
        publishedCount: data.published_count,
        successCount: data.success_count,
        failCount: data.fail_count,
        retrySuccessCount: data.retry_success_count,
      };
    },
  };
}

function toHash(progress: Partial<Progress>): Record<string, number> {
  return {
    [FIELDS.publishedCount]: progress.publishedCount ?? 0,
    [FIELDS.successCount]: progress.successCount ?? 0,
    [FIELDS.failCount]: progress.failCount ?? 0,
    [FIELDS.retrySuccessCount]: progress.retrySuccessCount ?? 0,
  };
}

/** The counters are for watching: nothing waits for Redis, and nothing fails with it. */
async function orWithout<T>(command: Promise<T>): Promise<T | undefined> {
  try {
    return await command;
  } catch {
    return undefined;
  }
}
