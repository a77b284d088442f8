/** The benches of jobs in their short form: what they measure is correct, and they say so. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USERS = 2_000;
/** Histories, and members of the hour. */
const COUPONS = 2_000;

const measurements = z.array(
  z.object({
    contender: z.string(),
    users: z.number(),
    isCorrect: z.boolean(),
    redisRoundTripsPer1000: z.object({ sync: z.number() }),
  }),
);

const couponMeasurements = z.array(
  z.object({
    workload: z.string(),
    size: z.number(),
    results: z.number(),
    isCorrect: z.boolean(),
    storeServiceCalls: z.number(),
    notificationServiceCalls: z.number(),
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

describe('npm run bench -- --workload C1,C2', () => {
  it('makes the favourites of a night, and sends the messages of an hour', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['bench/main.ts', '--json', '--workload', 'C1,C2', '--targets', String(COUPONS)],
      { cwd: ROOT },
    );
    const [night, hour] = couponMeasurements.parse(JSON.parse(stdout));

    expect(night).toMatchObject({ workload: 'C1', size: COUPONS, isCorrect: true });
    // Of a tenth as many members, and not of all.
    expect(night?.results).toBeGreaterThan(COUPONS / 20);
    expect(night?.results).toBeLessThan(COUPONS / 10);
    expect(night?.storeServiceCalls).toBeLessThanOrEqual(25);
    expect(hour).toMatchObject({ workload: 'C2', size: COUPONS, isCorrect: true, storeServiceCalls: 1 });
    expect(hour?.results).toBeGreaterThan(COUPONS / 2);
    expect(hour?.notificationServiceCalls).toBe(COUPONS / 1_000);
  }, 300_000);
});
