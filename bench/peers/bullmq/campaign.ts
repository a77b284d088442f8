/** What the publisher and the worker are told, and what they have in common. */
import * as z from 'zod';
import type { DefaultJobOptions } from 'bullmq';

export const QUEUE = 'grants';

/** As Grantline does: the first try, and five more, three seconds apart. */
export const JOB_OPTIONS = {
  attempts: 6,
  backoff: { type: 'fixed', delay: 3_000 },
  removeOnComplete: true,
  removeOnFail: true,
} satisfies DefaultJobOptions;

export const peerOptions = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string(),
  money: z.object({ url: z.string(), apiKey: z.string() }),
  /** Calls a second; undefined: no limit. */
  ceiling: z.int().positive().optional(),
});
export type PeerOptions = z.output<typeof peerOptions>;

/** A point campaign: the peer knows no others. */
export const publishRequest = z.object({ promotionId: z.string() });

export const grantJob = z.object({
  promotionId: z.string(),
  targetId: z.string(),
  body: z.record(z.string(), z.union([z.string(), z.boolean()])),
});
export type GrantJob = z.output<typeof grantJob>;

/** BullMQ wants a connection that waits for as long as Redis takes. */
export function redisConnection(redisUrl: string) {
  const { hostname, port } = new URL(redisUrl);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
}
