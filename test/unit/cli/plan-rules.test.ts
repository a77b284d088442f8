import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainWork } from '../../../cli/plan/plan.ts';
import { LIST_PRICES, withPrices } from '../../../cli/plan/prices.ts';
import { time, usd } from '../../../cli/plan/report/units.ts';
import type { Duration, Workload } from '../../../cli/plan/rules/duration.ts';
import { paceOf } from '../../../cli/plan/rules/pace.ts';
import type { Latency, Settings } from '../../../cli/plan/rules/pace.ts';
import { planRun } from '../../../cli/plan/rules/plan-run.ts';
import type { RunPlan } from '../../../cli/plan/rules/plan-run.ts';
import { TargetTally } from '../../../cli/plan/rules/target-tally.ts';
import type { PlannedTarget } from '../../../cli/plan/rules/target-tally.ts';
import { defaultGrantConcurrency } from '../../../lib/grant-concurrency.ts';

const QUICK: Latency = { meanMs: 30, slow: null };

function makeSettings(overrides: Partial<Settings> = {}): Settings {
  const { tps = 1_000 } = overrides;
  return {
    tps,
    concurrency: defaultGrantConcurrency(tps),
    headroomSeconds: 0.02,
    backlogSeconds: 60,
    progressIntervalSeconds: 5,
    maxCapacityUnits: 8,
    databaseInstances: 1,
    ...overrides,
  };
}

function plan(work: Workload | number, overrides: Partial<Settings> = {}, latency = QUICK): RunPlan {
  const workload = typeof work === 'number' ? plainWork(work) : work;
  return planRun(workload, makeSettings(overrides), latency, LIST_PRICES);
}

const limitNamed = ({ limits }: RunPlan, name: string) => limits.find((limit) => limit.name === name);
const exceeded = ({ limits }: RunPlan) =>
  limits.filter((limit) => limit.status === 'exceeded').map((limit) => limit.name);

describe('the pace', () => {
  it('of 1,000 TPS is four environments of 250 calls, each with 7 or 8 of them under way', () => {
    expect(paceOf(makeSettings(), QUICK)).toMatchObject({
      callsOfOneEnvironment: 250,
      leftOverTps: 0,
      batchSize: 100,
      meanLatencyMs: 30,
      callsUnderWay: 7.5,
    });
    // 1,000 ÷ 1.02
    expect(paceOf(makeSettings(), QUICK).callsPerSecond).toBeCloseTo(980.392, 3);
  });

  it('counts slow answers in', () => {
    const { meanLatencyMs, callsUnderWay } = paceOf(makeSettings(), {
      meanMs: 30,
      slow: { share: 0.01, ms: 1_000 },
    });

    // 0.99 × 30 + 0.01 × 1,000
    expect(meanLatencyMs).toBeCloseTo(39.7, 9);
    expect(callsUnderWay).toBeCloseTo(9.925, 9);
  });

  it('says what the division leaves over', () => {
    // 3 × 333
    expect(paceOf(makeSettings({ concurrency: 3 }), QUICK)).toMatchObject({
      callsOfOneEnvironment: 333,
      leftOverTps: 1,
      batchSize: 100,
    });
  });

  it('has small batches where the slots are long, and never more than a hundred', () => {
    // A slot of 1.02 ÷ 5 s: two and a half in half a second.
    expect(paceOf(makeSettings({ tps: 10, concurrency: 2 }), QUICK).batchSize).toBe(3);
    expect(paceOf(makeSettings({ tps: 50_000, concurrency: 2 }), QUICK).batchSize).toBe(100);
  });
});

describe('the duration', () => {
  const secondsOf = ({ duration }: RunPlan) => {
    const { payingSeconds, publishingSeconds, bound, totalSeconds }: Duration = duration;
    return [payingSeconds, publishingSeconds, totalSeconds].map((s) => s.toFixed(3)).concat(bound);
  };

  it.each([
    // 10,000 × 1.02 ÷ 1,000; 4 partitions of 1,000 rows a second; 5 s and 10 s at the ends
    [10_000, 1_000, ['10.200', '2.500', '25.200', 'paying']],
    [1_000_000, 1_000, ['1020.000', '250.000', '1035.000', 'paying']],
    [100_000_000, 1_000, ['102000.000', '12500.000', '102015.000', 'paying']],
    [10_000, 50_000, ['0.204', '2.500', '17.500', 'publishing']],
    [1_000_000, 50_000, ['20.400', '250.000', '265.000', 'publishing']],
    [100_000_000, 50_000, ['2040.000', '12500.000', '12515.000', 'publishing']],
  ])('of %i targets at %i TPS', (targets, tps, expected) => {
    expect(secondsOf(plan(targets, { tps }))).toEqual(expected);
  });

  it('is bound by one customer whose targets take longer than all others', () => {
    const { duration } = plan({ remaining: 1_000, toPay: 1_000, mostOfOneCustomer: 500 });

    expect(duration.bound).toBe('one customer');
    // 500 × 30 ms, and the ends
    expect(duration.totalSeconds).toBe(30);
  });

  it('of nothing is the start and the end', () => {
    expect(plan({ remaining: 0, toPay: 0, mostOfOneCustomer: 0 }).duration).toMatchObject({
      partitionSizes: [],
      totalSeconds: 15,
    });
  });
});

describe('the calls', () => {
  it('of 10,000 targets at 1,000 TPS, by hand', () => {
    const { calls, cost } = plan(10_000);

    expect(calls.lambda).toMatchObject({
      grantRewards: 4,
      publishPartition: 4,
      trackProgress: 1,
      invocations: 12,
    });
    // Four environments for 10.2 s and one last answer each, at a GB; four publishers for 2.5 s, and 32 s of
    // waiting; the tracker for 10.2 s, and three steps of 5 s.
    expect(calls.lambda.gigabyteSeconds).toBeCloseTo(40.92 + 42 + 12.6, 6);
    expect(calls.sqs).toEqual({
      sendMessageBatch: 1_000,
      // 100 batches in ten parts each, and what four invocations begin with
      receiveMessage: 1_004,
      deleteMessageBatch: 1_004,
      // 12 pages, four publishers that look for 8 s whether there is room, and the tracker's 3 intervals
      getQueueAttributes: 47,
      billedRequests: 3_055,
    });
    // 3 a page, 2 of each partition's end, 32 while waiting; 2 a batch; 3 an interval; 40 at the ends. A page is 11
    // times 32 KB.
    expect(calls.dataApi).toEqual({ requests: 36 + 8 + 32 + 200 + 9 + 40, billedRequests: 325 + 120 });
    expect(calls.stepFunctions).toEqual({ transitions: 26, historyEvents: 67 });
    // 100 batches with 10,000 calls, 12 invocations, 67 events.
    expect(calls.logs.gigabytes).toBeCloseTo((190_000 + 360_000 + 14_400 + 40_200) / 1e9, 9);
    expect(calls.aurora.capacityUnitHours).toBeCloseTo((8 * 25.2) / 3_600, 9);

    expect(cost.sqs).toBeCloseTo(0.001_527_5, 9);
    expect(cost.dataApi).toBeCloseTo(0.000_155_75, 9);
    expect(cost.stepFunctions).toBeCloseTo(0.000_704_6, 9);
    expect(cost.aurora).toBeCloseTo(0.0112, 9);
  });

  it('of a reader are those of the writer, with which it grows; statements go to the writer alone', () => {
    const [alone, withReader] = [1, 2].map((databaseInstances) => plan(10_000, { databaseInstances }));

    expect(withReader?.calls.aurora.capacityUnitHours).toBe(2 * (alone?.calls.aurora.capacityUnitHours ?? 0));
    expect(withReader?.limits).toEqual(alone?.limits);
  });

  it('of 1,000,000 targets at 1,000 TPS, by hand', () => {
    const { calls } = plan(1_000_000);

    // 1,020 s are 4 invocations of each environment; publishers wait for 770 s.
    expect(calls.lambda).toMatchObject({ grantRewards: 16, publishPartition: 8, trackProgress: 2 });
    expect(calls.sqs).toMatchObject({
      sendMessageBatch: 100_000,
      receiveMessage: 100_016,
      getQueueAttributes: 1_000 + 3_080 + 204,
    });
    expect(calls.dataApi.requests).toBe(3_000 + 8 + 3_080 + 20_000 + 612 + 40);
  });

  it('of 100,000,000 targets at 50,000 TPS, by hand', () => {
    const { calls } = plan(100_000_000, { tps: 50_000 });

    // 2,040 s are 8 invocations of each environment.
    expect(calls.lambda.grantRewards).toBe(1_600);
    // Publishing takes 12,500 s: 15 invocations of 14 min, nobody waits; 2,500 intervals.
    expect(calls.lambda).toMatchObject({ publishPartition: 8 * 15, trackProgress: 15 });
    expect(calls.sqs).toMatchObject({ sendMessageBatch: 10_000_000, getQueueAttributes: 102_500 });
  });

  /** Publishing is never the bound here: at each step of the partitions it gets faster, and a run shorter. */
  const paced = fc.record({
    tps: fc.integer({ min: 2, max: 3_900 }),
    targets: fc.integer({ min: 1, max: 100_000_000 }),
    more: fc.integer({ min: 0, max: 100_000_000 }),
    meanMs: fc.integer({ min: 0, max: 3_000 }),
  });

  it('and their cost grow with the targets', () => {
    fc.assert(
      fc.property(paced, ({ tps, targets, more, meanMs }) => {
        const latency = { meanMs, slow: null };
        const few = plan(targets, { tps }, latency);
        const many = plan(targets + more, { tps }, latency);

        for (const [name, value] of figuresOf(few)) {
          // The last bits of a division may differ.
          expect(figuresOf(many).get(name), name).toBeGreaterThanOrEqual(value * (1 - 1e-9));
        }
      }),
    );
  });

  it('take no less time than the ceiling allows, whatever the settings', () => {
    const settings = fc.integer({ min: 2, max: 50_000 }).chain((tps) =>
      fc.record({
        tps: fc.constant(tps),
        concurrency: fc.integer({ min: 2, max: Math.min(tps, 1_000) }),
        headroomSeconds: fc.double({ min: 0, max: 0.5, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 100_000_000 }), (overrides, targets) => {
        const { totalSeconds, runSeconds } = plan(targets, overrides).duration;
        expect(runSeconds * (1 + 1e-9)).toBeGreaterThanOrEqual(targets / overrides.tps);
        expect(totalSeconds).toBeGreaterThan(targets / overrides.tps);
      }),
    );
  });
});

/** Every number of the calls and the cost, by its path. */
function figuresOf({ calls, cost }: RunPlan): Map<string, number> {
  const groups: Record<string, object> = { ...calls, cost };
  return new Map(
    Object.entries(groups).flatMap(([group, figures]) =>
      Object.entries(figures).map(([name, value]): [string, number] => [`${group}.${name}`, Number(value)]),
    ),
  );
}

describe('the limits', () => {
  it('are all kept at 1,000 TPS', () => {
    for (const targets of [10_000, 1_000_000, 10_000_000, 100_000_000]) {
      expect(exceeded(plan(targets))).toEqual([]);
    }
  });

  it('at 50,000 TPS are those of SQS first', () => {
    for (const maxCapacityUnits of [8, 32]) {
      const planned = plan(100_000_000, { tps: 50_000, maxCapacityUnits });
      expect(planned.first).toMatchObject({
        name: 'SQS messages a second',
        need: 49_020,
        limit: 24_000,
        status: 'exceeded',
      });
    }
  });

  it('name the ceiling at which they are met', () => {
    // 24,000 × 1.02: the headroom is not sent.
    expect(limitNamed(plan(1_000_000), 'SQS messages a second')?.metAtTps).toBe(24_480);
    expect(exceeded(plan(1_000_000, { tps: 24_000, backlogSeconds: 5 }))).toEqual([]);
  });

  it('leave a hundred environments of the account unreserved', () => {
    const statusAt = (concurrency: number) =>
      limitNamed(plan(10_000, { concurrency }), 'Lambda reserved concurrency')?.status;

    // Nineteen more are CollectDeadLetters' and the HTTP API's.
    expect([700, 701, 881, 882].map(statusAt)).toEqual(['ok', 'near', 'near', 'exceeded']);
    expect(plan(10_000, { concurrency: 1_000, maxCapacityUnits: 256 }).first).toMatchObject({
      name: 'Lambda reserved concurrency',
      remedy: expect.stringContaining('to 1119 or more') as unknown,
    });
  });

  it('keep 25,000 events for 100,000,000 targets at 1,000 TPS', () => {
    // 28 h 20 min are 122 invocations of 14 min, each with 7 events.
    expect(limitNamed(plan(100_000_000), 'Step Functions history events')?.need).toBe(60 + 7 * 122);
  });

  it('advise against a backlog that SQS does not look through, and against too busy environments', () => {
    const backlog = limitNamed(plan(1_000_000, { tps: 4_000 }), 'messages kept in the queue');
    expect(backlog).toMatchObject({ kind: 'advice', need: 240_000, status: 'exceeded' });
    expect(backlog?.remedy).toContain('from 60 to 30');
    expect(limitNamed(plan(1_000, { tps: 4_000 }), 'messages kept in the queue')?.status).toBe('ok');

    const busy = plan(1_000, { tps: 1_000, concurrency: 1 });
    expect(limitNamed(busy, 'calls a second of one environment')?.status).toBe('exceeded');
    expect(busy.first.kind).not.toBe('advice');
  });
});

describe('prices', () => {
  it('of a file replace those that they name', () => {
    const prices = withPrices({ aurora: { perCapacityUnitHour: 1 }, lambda: { perMillionRequests: 0.3 } });

    expect(prices).toEqual({
      ...LIST_PRICES,
      aurora: { perCapacityUnitHour: 1 },
      lambda: { ...LIST_PRICES.lambda, perMillionRequests: 0.3 },
    });
  });

  it.each([
    [{ lamda: {} }, 'lamda'],
    [{ lambda: { perRequest: 1 } }, 'perRequest'],
  ])('that do not exist are refused by name', (file, name) => {
    expect(() => withPrices(file)).toThrow(new RegExp(`Unrecognized key.*${name}`));
  });

  it.each([{ sqs: { perMillionRequests: -1 } }, { date: 'today' }, { logs: { perGigabyte: '1' } }, 5])(
    'that are none are refused',
    (file) => {
      expect(() => withPrices(file)).toThrow();
    },
  );
});

describe('targets', () => {
  const defaults = { amount: '500.00', reason: 'Welcome', expiryAt: '2030-12-31 23:59:59' };

  function makeTarget(overrides: Partial<PlannedTarget> = {}): PlannedTarget {
    return {
      targetId: '1',
      customerUid: '1001',
      voucherNumber: 'V1',
      merchantCode: null,
      merchantBrandCode: null,
      amount: '1000.00',
      expiredAt: '2030-06-30',
      reason: 'a reason',
      isWithdrawal: null,
      partitionKey: null,
      processStatus: null,
      ...overrides,
    };
  }

  function figures(...targets: readonly Partial<PlannedTarget>[]) {
    const tally = new TargetTally({ promotionId: '7', promotionType: 'VOUCHER', defaults });
    targets.forEach((target, index) => tally.add(makeTarget({ targetId: String(index + 1), ...target })));
    return tally.figures;
  }

  it('are summed exactly, past what a float can hold', () => {
    const { amount } = figures(
      ...Array.from({ length: 1_000 }, () => ({ amount: '99999999.99' })),
      { amount: '0.01' },
      { amount: '0.1' },
    );
    expect(amount).toBe('99999999990.11');
  });

  it('fall back to the defaults, blanks too', () => {
    expect(figures({ amount: null }, { reason: ' ' }, { expiredAt: null, reason: null }, {})).toMatchObject({
      toPay: 4,
      amount: '3500.00',
      byDefault: { amount: 1, reason: 2, expiry: 1 },
    });
  });

  it('are settled, to be paid or a problem, and each is one of them', () => {
    const bad = { amount: '0.00' };
    expect(
      figures(
        bad,
        { expiredAt: '2030-02-30' },
        bad,
        { processStatus: 'SUCCESS' },
        {
          ...bad,
          processStatus: 'FAILED',
        },
        { processStatus: 'RETRYING' },
      ),
    ).toMatchObject({
      total: 6,
      alreadyGranted: 1,
      alreadyFailed: 1,
      toPay: 1,
      amount: '1000.00',
      plannedAmount: '3000.00',
      problems: [
        { reason: 'INVALID_AMOUNT: the amount is not positive', count: 2, examples: ['1', '3'] },
        {
          reason: 'INVALID_EXPIRY: expired_at is not a date of the form yyyy-MM-dd',
          count: 1,
          examples: ['2'],
        },
      ],
    });
  });
});

describe('units', () => {
  it('are those of people', () => {
    expect([0, 0.2, 59.000_000_1, 60, 1_035, 12_515, 102_015].map(time)).toEqual([
      '0 s',
      '1 s',
      '59 s',
      '1 min 0 s',
      '17 min 15 s',
      '3 h 28 min 35 s',
      '28 h 20 min 15 s',
    ]);
    expect([0, 0.001, 0.125, 1_234.5].map(usd)).toEqual(['0.00', '< 0.01', '0.13', '1,234.50']);
  });
});
