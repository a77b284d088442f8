import { describe, expect, it } from 'vitest';
import { syncMeasurementOf, timesFaster } from '../../../bench/point-sync/measurement.ts';
import type { RawSyncMeasurement } from '../../../bench/point-sync/measurement.ts';
import { syncTableOf } from '../../../bench/table.ts';

const used = (cpuSeconds: number, megabytes = 100) => ({ cpuSeconds, peakRssBytes: megabytes * 1024 ** 2 });
const ours: RawSyncMeasurement = {
  workload: { name: 'P1', title: '', users: 10_000 },
  contender: 'Grantline',
  wallSeconds: 12.5,
  synced: { syncSeconds: 4, sweepSeconds: 2, reportSeconds: 5 },
  usage: new Map([
    ['grantline-dev-sync-balances', used(3, 300)],
    ['grantline-dev-sweep-gone-users', used(1)],
    ['grantline-dev-build-daily-report', used(0.5)],
    ['grantline-dev-plan-ranges', used(0.2)],
    ['grantline-dev-begin-job-run', used(0.3)],
    ['mariadbd', used(4, 900)],
    ['redis-server', used(0.6)],
    ['rds-data/main.ts', used(0.7)],
    ['all', { cpuSeconds: 10.3, peakRssBytes: 2_000 * 1024 ** 2 }],
  ]),
  databaseQuestions: 60,
  // GET, MSET and EXPIRE within the scripts.
  redisCalls: new Map([
    ['MGET', 10],
    ['EVAL', 20],
    ['GET', 500],
    ['MSET', 500],
    ['EXPIRE', 20_000],
    ['SCAN', 3],
    ['UNLINK', 1],
  ]),
  isCorrect: true,
};
const loops: RawSyncMeasurement = {
  ...ours,
  contender: 'plain loop',
  synced: { syncSeconds: 30, sweepSeconds: null, reportSeconds: null },
  usage: new Map([['loop/main.ts', used(9, 120)]]),
  redisCalls: new Map([
    ['GET', 10_000],
    ['SET', 10_000],
  ]),
};

describe('a measurement of point sync', () => {
  const measurement = syncMeasurementOf(ours);

  it('has CPU by what it was used for, and the memory of our own largest process', () => {
    const { sync, sweep, report, otherFunctions, database, redis, standIns } = measurement.cpu;

    expect([sync, sweep, report, otherFunctions]).toEqual([0.3, 0.1, 0.05, 0.05]);
    expect(database).toBeCloseTo(0.4);
    expect(redis).toBeCloseTo(0.06);
    expect(standIns).toBeCloseTo(0.07);
    expect(measurement.peakRssMegabytes).toBe(300);
  });

  it('counts as round trips what was waited for: not what scripts ran within Redis', () => {
    expect(measurement.redisRoundTripsPer1000).toEqual({ sync: 2, sweep: 0.4 });
    expect(measurement).toMatchObject({ databaseQuestionsPer1000: 6, usersPerSecond: 2_500 });
    expect(syncMeasurementOf(loops).redisRoundTripsPer1000).toEqual({ sync: 2_000, sweep: 0 });
  });

  it('compares the sync with the same of another', () => {
    expect(timesFaster([measurement, syncMeasurementOf(loops)])).toBe(7.5);
    expect(timesFaster([measurement])).toBeUndefined();
  });
});

describe('the table of point sync', () => {
  it('has a line for each measurement, and says which one is wrong', () => {
    const lines = syncTableOf([syncMeasurementOf(ours), syncMeasurementOf({ ...loops, isCorrect: false })]);

    expect(lines.split('\n')[1]).toMatch(/P1 +10000 +Grantline +yes +12\.5 +4\.0 +2\.0 +5\.0 +2500 /);
    expect(lines.split('\n')[2]).toMatch(/plain loop +NO +12\.5 +30\.0 +- +- /);
  });
});
