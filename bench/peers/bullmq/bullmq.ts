/** What a team would build with BullMQ instead: a publisher and a worker, a process each. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import * as z from 'zod';
import type { Contender } from '../../contender.ts';
import type { PeerOptions } from './campaign.ts';

const progress = z.object({ settled: z.int() });

export const bullmq: Contender = {
  name: 'BullMQ',
  async start({ outside, workload }) {
    const { databaseUrl, redisUrl, money } = outside;
    const redis = new Redis(redisUrl);
    await redis.flushall();
    // Its queue is all that remembers what is still to be paid: it has to survive a crash of Redis.
    await redis.config('SET', 'appendonly', 'yes');
    const options = {
      databaseUrl,
      redisUrl,
      money,
      ...(workload.ceiling === undefined ? {} : { ceiling: workload.ceiling }),
    };
    const [publisher, worker] = await Promise.all([
      startChild('publisher.ts', options),
      startChild('worker.ts', options),
    ]);
    const db = createPool({ uri: databaseUrl, connectionLimit: 1 });
    let before = 0;
    return {
      async pay({ promotionId, targets, invalid }) {
        await setStatus('IN_PROGRESS', promotionId);
        const due = before + targets - invalid;
        const startedAt = performance.now();
        const published = nextMessage(publisher, 'publisher').then(
          () => (performance.now() - startedAt) / 1_000,
        );
        publisher.send({ promotionId });
        const [publishSeconds] = await Promise.all([published, settled(worker, due)]);
        before = due;
        await setStatus('COMPLETED', promotionId);
        return { publishSeconds };
      },
      async close() {
        await Promise.all([publisher, worker].map(end));
        await db.end();
        await redis.config('SET', 'appendonly', 'no');
        await redis.flushall();
        redis.disconnect();
      },
    };

    async function setStatus(status: string, promotionId: string): Promise<void> {
      await db.query('UPDATE campaign_promotions SET promotion_status = ? WHERE promotion_id = ?', [
        status,
        promotionId,
      ]);
    }
  },
};

async function startChild(file: string, options: PeerOptions): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)));
  child.send(options);
  await nextMessage(child, file);
  return child;
}

/** @throws Error when the child ends instead */
function nextMessage(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`the BullMQ ${name} ended: its error is above`));
    child.once('exit', ended);
    child.once('message', () => {
      child.off('exit', ended);
      resolve();
    });
  });
}

/** Resolves when the worker has settled so many jobs since it was started. */
function settled(worker: ChildProcess, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('exit', () => reject(new Error('the BullMQ worker ended')));
    const listen = (raw: unknown) => {
      const report = progress.safeParse(raw);
      if (!report.success || report.data.settled < count) return;
      worker.off('message', listen);
      resolve();
    };
    worker.on('message', listen);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
