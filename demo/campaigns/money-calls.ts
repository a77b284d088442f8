/** When the Money calls were made: from the log lines of GrantRewards, the sender's own word. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { LOG_EVENTS } from '../../schema/log-events.ts';

const batchLine = z.object({ event: z.literal(LOG_EVENTS.batchPaid), callsAt: z.array(z.number()) });

export interface MoneyCalls {
  readonly count: number;
  /** Seconds from the first call to the last. */
  readonly seconds: number;
  /** The most calls in any one-second window. */
  readonly maxWindow1s: number;
}

/** Epoch milliseconds of every Money call since `sinceMs`, in order. */
export async function readMoneyCalls(logDirectory: string, sinceMs: number): Promise<MoneyCalls> {
  const files = (await readdir(logDirectory)).filter((name) => name.endsWith('grant-rewards.log'));
  const times: number[] = [];
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(join(logDirectory, file)) })) {
      // Parsing every line would cost more than the campaign's other lines are worth.
      if (!line.includes(LOG_EVENTS.batchPaid)) continue;
      const parsed = batchLine.safeParse(JSON.parse(line));
      if (parsed.success) times.push(...parsed.data.callsAt.filter((time) => time >= sinceMs));
    }
  }
  times.sort((a, b) => a - b);
  return { count: times.length, seconds: spanSeconds(times), maxWindow1s: maxWindow(times) };
}

function spanSeconds(times: readonly number[]): number {
  return ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
}

function maxWindow(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [last, time] of times.entries()) {
    while (time - (times[first] ?? time) >= 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
