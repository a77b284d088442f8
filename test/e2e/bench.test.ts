/** The bench of point sync in its short form: what it measures is correct, and it says so. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USERS = 2_000;

const measurements = z.array(
  z.object({
    contender: z.string(),
    users: z.number(),
    isCorrect: z.boolean(),
    redisRoundTripsPer1000: z.object({ sync: z.number() }),
  }),
);

describe('npm run bench -- --workload P1', () => {
  it('syncs and reports a night, and the plain loop syncs the same one', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['bench/main.ts', '--json', '--workload', 'P1', '--peer', 'loop', '--targets', String(USERS)],
      { cwd: ROOT },
    );
    const [ours, loops] = measurements.parse(JSON.parse(stdout));

    expect(ours).toMatchObject({ contender: 'Grantline', users: USERS, isCorrect: true });
    expect(ours?.redisRoundTripsPer1000.sync).toBeLessThanOrEqual(2);
    expect(loops).toMatchObject({ contender: 'plain loop', users: USERS, isCorrect: true });
    expect(loops?.redisRoundTripsPer1000.sync).toBe(2_000);
  }, 300_000);
});
