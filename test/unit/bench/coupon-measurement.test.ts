import { describe, expect, it } from 'vitest';
import { couponMeasurementOf } from '../../../bench/coupon-stats/measurement.ts';
import type { RawCouponMeasurement } from '../../../bench/coupon-stats/measurement.ts';
import { couponTableOf } from '../../../bench/table.ts';

const used = (cpuSeconds: number, megabytes = 100) => ({ cpuSeconds, peakRssBytes: megabytes * 1024 ** 2 });
const night: RawCouponMeasurement = {
  workload: { name: 'C1', title: '', job: 'coupon-usage-stats', size: 100_000 },
  wallSeconds: 12.5,
  stepSeconds: new Map([
    ['BeginJobRun', 0.5],
    ['CollectStores', 2],
    ['LearnDistricts', 3],
    ['AggregateUsage', 6.5],
  ]),
  usage: new Map([
    ['grantline-dev-collect-stores', used(1)],
    ['grantline-dev-learn-districts', used(2, 130)],
    ['grantline-dev-aggregate-usage', used(4, 200)],
    ['grantline-dev-send-pushes', used(0.25, 50)],
    ['grantline-dev-begin-job-run', used(0.25, 50)],
    ['mariadbd', used(20, 900)],
    ['coupon-services/store-service-main.ts', used(0.5)],
    ['redis-server', used(0.5, 20)],
    ['rds-data/main.ts', used(2, 150)],
    ['all', { cpuSeconds: 29.5, peakRssBytes: 2_000 * 1024 ** 2 }],
  ]),
  databaseQuestions: 600,
  serviceStats: {
    findDongsOfStores: { path: '', calls: { '200': 20, '500': 2 }, askedTimes: {}, mostAtOnce: 1_000 },
    findStoresOfDongs: { path: '', calls: {}, askedTimes: {}, mostAtOnce: 0 },
    findFcmTokens: { path: '', calls: {}, askedTimes: {}, mostAtOnce: 0 },
  },
  results: 9_000,
  isCorrect: true,
};
const hour: RawCouponMeasurement = {
  ...night,
  workload: { name: 'C2', title: '', job: 'coupon-usage-stats-fcm-send', size: 100_000 },
  stepSeconds: new Map([
    ['CollectMembers', 1],
    ['SendPushes', 10],
  ]),
  serviceStats: {
    findStoresOfDongs: { path: '', calls: { '200': 1 }, askedTimes: {}, mostAtOnce: 200 },
    findFcmTokens: { path: '', calls: { '200': 99, late: 1 }, askedTimes: {}, mostAtOnce: 1_000 },
  },
  isCorrect: false,
};

describe('a measurement of coupon stats', () => {
  const measurement = couponMeasurementOf(night);

  it('has time and CPU by the steps of its job, and none of those of the other', () => {
    expect(measurement.stepSeconds).toEqual({
      collectStores: 2,
      learn: 3,
      aggregate: 6.5,
      collectMembers: null,
      send: null,
    });
    const { cpu } = measurement;
    expect([cpu.collectStores, cpu.learn, cpu.aggregate, cpu.send]).toEqual([0.01, 0.02, 0.04, null]);
    expect(couponMeasurementOf(hour).cpu).toMatchObject({ learn: null, send: 0.0025 });
  });

  it('has the CPU of what serves them, for 1,000 histories', () => {
    expect(measurement.cpu).toMatchObject({
      otherFunctions: 0.0025,
      database: 0.2,
      services: 0.005,
      standIns: 0.025,
    });
    expect(measurement.perSecond).toBe(8_000);
  });

  it('has the memory of the largest function, and of all of the runtime without servers', () => {
    expect(measurement.peakRssMegabytes).toEqual({ function: 200, runtime: 700 });
  });

  it('counts calls of the services whatever they were answered', () => {
    expect(measurement).toMatchObject({ storeServiceCalls: 22, notificationServiceCalls: 0 });
    expect(couponMeasurementOf(hour)).toMatchObject({ storeServiceCalls: 1, notificationServiceCalls: 100 });
  });
});

describe('the table of coupon stats', () => {
  it('has a line for each measurement, and says which one is wrong', () => {
    const lines = couponTableOf([couponMeasurementOf(night), couponMeasurementOf(hour)]).split('\n');

    expect(lines[1]).toMatch(/C1 +100000 +9000 +yes +12\.5 +2\.0 +3\.0 +6\.5 +- +- +8000 .* 600 +22 +0$/);
    expect(lines[2]).toMatch(/C2 +100000 +9000 +NO +12\.5 +- +- +- +1\.0 +10\.0 .* 600 +1 +100$/);
  });
});
