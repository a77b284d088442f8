import { describe, expect, it } from 'vitest';
import { measurementOf } from '../../../bench/measurement.ts';
import type { RawMeasurement } from '../../../bench/measurement.ts';
import { tableOf } from '../../../bench/table.ts';

const money = {
  requests: { '200': 9_980, '429': 3 },
  arrived: 10_020,
  admitted: 10_000,
  granted: 9_980,
  replayed: 0,
  maxWindow1s: 997,
  firstCallAt: 0,
  lastCallAt: 10_500,
  seconds: 10.5,
  keys: 9_980,
  steady: { calls: 8_900, seconds: 9 },
  latencyMs: { p50: 31, p99: 1_000 },
};
const used = (cpuSeconds: number) => ({ cpuSeconds, peakRssBytes: 100 * 1024 ** 2 });
const raw: RawMeasurement = {
  workload: { name: 'W2', title: '', targets: 10_000, ceiling: 1_000, conditions: {} },
  contender: 'Grantline',
  targets: 10_000,
  wallSeconds: 12.5,
  publishSeconds: 5,
  money,
  usage: new Map([
    ['grantline-dev-grant-rewards', used(7)],
    ['grantline-dev-publish-partition', used(2)],
    ['grantline-dev-track-progress', used(0.5)],
    ['mariadbd', used(0.8)],
    ['redis-server', used(0.1)],
    ['sqs/main.ts', used(0.6)],
    ['money-api/main.ts', used(2.4)],
    ['all', { cpuSeconds: 13.4, peakRssBytes: 700 * 1024 ** 2 }],
  ]),
  databaseQuestions: 600,
  redisCommands: 250,
  isCorrect: true,
};

describe('a measurement', () => {
  const measurement = measurementOf(raw);

  it('compares with the ceiling', () => {
    expect(measurement).toMatchObject({ wallOverIdeal: 1.25, answers429: 3, maxWindow1s: 997 });
    expect(measurement.utilisation).toBeCloseTo(8_900 / 9_000);
  });

  it('has CPU, round trips and memory by what they were used for', () => {
    const { cpu } = measurement;

    expect(cpu.payers).toBeCloseTo(0.7);
    expect(cpu.publishers).toBeCloseTo(0.2);
    expect(cpu.otherFunctions).toBeCloseTo(0.05);
    expect(cpu.database).toBeCloseTo(0.08);
    expect(cpu.redis).toBeCloseTo(0.01);
    expect(cpu.standIns).toBeCloseTo(0.3);
    expect(measurement).toMatchObject({
      peakRssMegabytes: 700,
      databaseQuestionsPer1000: 60,
      redisCommandsPer1000: 25,
    });
  });

  it('of the peer counts its own processes as those that pay and publish', () => {
    const usage = new Map([
      ['bullmq/worker.ts', used(3)],
      ['bullmq/publisher.ts', used(1)],
    ]);

    expect(measurementOf({ ...raw, usage }).cpu).toMatchObject({ payers: 0.3, publishers: 0.1, standIns: 0 });
  });

  it('without a ceiling has no ratio to it', () => {
    const workload = { ...raw.workload, ceiling: undefined };

    expect(measurementOf({ ...raw, workload })).toMatchObject({ wallOverIdeal: null, utilisation: null });
  });
});

describe('the table', () => {
  it('has a line for each measurement, and says which one is wrong', () => {
    const lines = tableOf([measurementOf(raw), measurementOf({ ...raw, isCorrect: false })]).split('\n');

    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(
      /W2 +10000 +Grantline +yes +12\.5 +2000 +800 +1\.250 +0\.989 +997 +3 +31 +1000 /,
    );
    expect(lines[2]).toMatch(/ NO /);
  });
});
