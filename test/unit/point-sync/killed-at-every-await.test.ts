/**
 * A whole run of point sync on the real use cases, killed at each of its calls, and started again as the machine, an
 * operator or the next night does it: the end is the same as if nothing had happened.
 */
import { describe, expect, it } from 'vitest';
import { beginJobRun } from '../../../lambdas/jobs/app/begin-job-run.ts';
import { endJobRun } from '../../../lambdas/jobs/app/end-job-run.ts';
import { reconcileJobRuns } from '../../../lambdas/jobs/app/reconcile-job-runs.ts';
import { buildDailyReport } from '../../../lambdas/point-sync/app/build-daily-report.ts';
import { planRanges } from '../../../lambdas/point-sync/app/plan-ranges.ts';
import { sweepGoneUsers } from '../../../lambdas/point-sync/app/sweep-gone-users.ts';
import { syncBalances } from '../../../lambdas/point-sync/app/sync-balances.ts';
import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { FakeAlertLog, FakeAlertTopic, START_MS } from '../../support/fakes.ts';
import { Death, faultAt, faulty } from '../../support/faults.ts';
import type { Fault, FaultPlan } from '../../support/faults.ts';
import { FakeExecutions, MemoryCheckpoints, MemoryJobRuns } from '../../support/job-fakes.ts';
import { MemoryCache, MemoryPoints } from '../../support/point-fakes.ts';

const USERS = 1_300;
const GONE = ['5001', '5002', '6001'];
const RUN_DATE = '2026-11-21';
const DAY = '2026-11-20';

/** Of each ten users some are equal, stale, drifted, missing, unreadable, newer. */
function makeWorld() {
  const rows = Array.from({ length: USERS }, (_, index) => ({
    userId: String(index + 1),
    balance: index === 7 ? '-5' : String(index),
    version: '5',
  }));
  const transactions = rows.slice(0, 90).map(({ userId }) => ({ userId, day: DAY, amount: Number(userId) }));
  const cache = new MemoryCache();
  for (const { userId, balance, version } of rows) {
    switch (Number(userId) % 10) {
      case 0:
        break;
      case 1:
        cache.kept.set(userId, { balance, version: '4' });
        break;
      case 2:
        cache.kept.set(userId, { balance: '123456', version });
        break;
      case 3:
        cache.kept.set(userId, { balance: 'junk', version });
        break;
      case 4:
        cache.kept.set(userId, { balance: '777', version: '6' });
        break;
      default:
        cache.kept.set(userId, { balance, version });
    }
  }
  for (const userId of GONE) cache.kept.set(userId, { balance: '1', version: '1' });
  const checkpoints = new MemoryCheckpoints();
  return {
    points: new MemoryPoints(rows, transactions, { rowsARange: 1_100, transactionsARange: 60 }),
    cache,
    checkpoints,
    runs: new MemoryJobRuns(checkpoints),
    topic: new FakeAlertTopic(),
    executions: new FakeExecutions(),
    alertLog: new FakeAlertLog(),
  };
}

type World = ReturnType<typeof makeWorld>;

/** What an invocation is given: any of its calls may be its last. */
function servicesOf(world: World, plan: FaultPlan) {
  const { points, cache, checkpoints, runs, topic, executions, alertLog } = world;
  const clock = { now: () => START_MS };
  const store = faulty(points, plan);
  const shared = { checkpoints: faulty(checkpoints, plan), clock };
  return {
    jobs: {
      store: faulty(runs, plan),
      executions: faulty(executions, plan),
      topic: faulty(topic, plan),
      clock,
      deployment: { stage: 'test', region: 'ap-northeast-2' },
      alertLog,
    },
    steps: { ...shared, store, cache: faulty(cache, plan), log: { goneUsers: () => undefined } },
  };
}

/** Chunks that an invocation has time for: ranges are gone through by several. */
const CHUNKS_AN_INVOCATION = 2;

function shortBudget() {
  let asked = 0;
  return { remainingSeconds: () => ((asked += 1) > CHUNKS_AN_INVOCATION ? 0 : 900) };
}

interface Starting {
  readonly executionId: string;
  /** Of each state. */
  readonly tries: number;
  /** What its states came to: a redrive goes on from the one that failed. */
  readonly history?: Map<string, unknown>;
}

/** The state machine. @throws Death when a state used up its tries */
async function runMachine(
  world: World,
  plan: FaultPlan,
  { executionId, tries, history = new Map() }: Starting,
): Promise<void> {
  const tried = async <T>(name: string, state: () => Promise<T>): Promise<T> => {
    if (history.has(name)) return history.get(name) as T;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const output = await state();
        history.set(name, output);
        return output;
      } catch (error) {
        if (!(error instanceof Death) || attempt === tries) throw error;
      }
    }
  };
  const services = () => servicesOf(world, plan);
  const input = { runDate: RUN_DATE, prune: true };
  const jobRun: JobRun = await tried('BeginJobRun', () =>
    beginJobRun(services().jobs, { jobName: 'point-sync', executionId, input }),
  );
  const planned = await tried('PlanRanges', () => planRanges(services().steps, jobRun));
  const walk = async (
    name: string,
    ranges: readonly JobRange[],
    step: (range: JobRange) => Promise<RangeOutput>,
  ): Promise<void> => {
    for (const range of ranges) {
      let invocations = 0;
      for (let finished = false; !finished;) {
        const state = `${name} ${range.rangeNumber} ${(invocations += 1)}`;
        ({ finished } = await tried(state, () => step(range)));
      }
    }
  };
  await walk('balance', planned.balanceRanges, (range) =>
    syncBalances(services().steps, { jobRun, range }, shortBudget()),
  );
  await walk('sweep', planned.sweepRanges, (range) =>
    sweepGoneUsers(services().steps, { jobRun, range }, shortBudget()),
  );
  await walk('report', planned.reportRanges, (range) =>
    buildDailyReport(services().steps, { jobRun, range }, shortBudget()),
  );
  await tried('Notify', () => endJobRun(services().jobs, { jobRun, executionId }));
}

const noFault: FaultPlan = () => undefined;

function lineOf(userId: string, kept: World['cache']['kept']): string {
  const { balance, version } = kept.get(userId) ?? { balance: null, version: null };
  return `${userId}: ${balance} of version ${version}`;
}

function endOf({ cache, points, runs, topic }: World) {
  const sum = (...names: string[]) =>
    names.reduce((total, name) => total + (runs.runs[0]?.figures?.[name] ?? 0), 0);
  return {
    redis: [...cache.users()].map((userId) => lineOf(String(userId), cache.kept)).join('\n'),
    reports: [...points.reports].toSorted(([a], [b]) => a.localeCompare(b)),
    runs: runs.runs.map(({ jobRunId, status }) => ({ jobRunId, status })),
    // What a chunk corrected before its worker died, it finds equal when it is repeated; nothing is counted twice.
    counted: {
      read: sum('read'),
      settled: sum('alreadyEqual', 'corrected', 'missing', 'newerKept', 'unwritten'),
      newerKept: sum('newerKept'),
      negativeBalances: sum('negativeBalances'),
      reportedUsers: sum('reportedUsers'),
    },
    // Whoever dies after publishing publishes it again under the same key, which Slack gets once.
    told: [...new Set(topic.published.map(({ alertKey }) => alertKey))],
  };
}

const undisturbed = makeWorld();
const counting = faultAt(0, 'before');
await runMachine(undisturbed, counting, { executionId: 'first', tries: 1 });
const calls = counting.calls();
const expected = endOf(undisturbed);

describe('the run that nothing disturbs', () => {
  it('corrects, keeps what is newer, prunes, reports and tells', () => {
    const { cache } = undisturbed;
    const at = (userId: string) => cache.kept.get(userId);
    expect(cache.kept.size).toBe(USERS);
    expect(at('10')).toEqual({ balance: '9', version: '5' });
    expect(at('13')).toEqual({ balance: '12', version: '5' });
    expect(at('14')).toEqual({ balance: '777', version: '6' });
    expect(undisturbed.runs.runs).toMatchObject([
      {
        status: 'COMPLETED_WITH_PROBLEMS',
        problemCount: 131,
        figures: {
          read: USERS,
          alreadyEqual: 650,
          corrected: 390,
          missing: 130,
          newerKept: 130,
          stale: 130,
          drifted: 130,
          unreadable: 130,
          unwritten: 0,
          negativeBalances: 1,
          goneUsers: 3,
          prunedUsers: 3,
          reportedUsers: 90,
        },
      },
    ]);
    expect(undisturbed.points.reports.get(`${DAY} 42`)).toBe(42);
    expect(expected.told).toEqual(['job-run-1-attempt-1-started', 'job-run-1-attempt-1-completed']);
    // Every kind of call is among those at which it is killed below.
    expect(calls).toBeGreaterThan(50);
  });
});

const everyCall = Array.from({ length: calls }, (_, index) => index + 1);

async function finishTelling(world: World): Promise<void> {
  await reconcileJobRuns(servicesOf(world, noFault).jobs);
}

describe.each<Fault>(['before', 'after', 'lost'])('killed %s each of its calls', (fault) => {
  it('and tried again by Step Functions, the run comes to the same end', async () => {
    for (const call of everyCall) {
      const world = makeWorld();
      await runMachine(world, faultAt(call, fault), { executionId: 'first', tries: 3 });
      // An alert that could not be told is told when runs are next compared.
      await finishTelling(world);

      expect({ call, ...endOf(world) }).toEqual({ call, ...expected });
    }
  });
});

describe.each<Fault>(['before', 'after'])('an execution that fails %s each of its calls', (fault) => {
  /** @returns whether it failed: alerts that cannot be told fail nothing */
  async function fails(world: World, call: number, history = new Map<string, unknown>()): Promise<boolean> {
    try {
      await runMachine(world, faultAt(call, fault), { executionId: 'first', tries: 1, history });
      return false;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      world.executions.end('first', 'FAILED', error.message);
      return true;
    }
  }
  const withoutAlerts = ({ told, ...end }: ReturnType<typeof endOf>) => ({
    ...end,
    hasTold: told.length > 1,
  });

  it('is told, and another execution goes on after the last finished chunk', async () => {
    for (const call of everyCall) {
      const world = makeWorld();
      if (!(await fails(world, call))) continue;
      const done = world.checkpoints.progressOf('1').reduce((sum, { chunkCount }) => sum + chunkCount, 0);
      const [run] = world.runs.runs;
      const hadBegun = run?.status === 'RUNNING';
      const hadEnded = run?.status === 'COMPLETED_WITH_PROBLEMS';
      await finishTelling(world);
      if (hadEnded) {
        // Only the answer was lost that said so: nothing is left undone, and nothing has failed.
        expect({ call, ...endOf(world) }).toEqual({ call, ...expected });
        continue;
      }

      await runMachine(world, noFault, { executionId: 'second', tries: 1 });

      expect({ call, ...withoutAlerts(endOf(world)) }).toEqual({ call, ...withoutAlerts(expected) });
      const { told } = endOf(world);
      // Once it was begun its failure is told, and the second says that it goes on.
      if (hadBegun) {
        expect(told).toEqual([
          'job-run-1-attempt-1-started',
          'job-run-1-attempt-1-failed',
          'job-run-1-attempt-2-started',
          'job-run-1-attempt-2-completed',
        ]);
        expect(world.runs.runs[0]).toMatchObject({ attempt: 2, skippedChunkCount: done });
      } else {
        expect(told).toEqual(expected.told);
      }
    }
  });

  it('may be gone on with before anybody has seen that it failed', async () => {
    for (const call of everyCall) {
      const world = makeWorld();
      if (!(await fails(world, call))) continue;
      if (world.runs.runs[0]?.status === 'COMPLETED_WITH_PROBLEMS') continue;

      await runMachine(world, noFault, { executionId: 'second', tries: 1 });
      await finishTelling(world);

      expect({ call, ...withoutAlerts(endOf(world)) }).toEqual({ call, ...withoutAlerts(expected) });
    }
  });

  it('is redriven after its failure was told: the same execution completes the run', async () => {
    for (const call of everyCall) {
      const world = makeWorld();
      const history = new Map<string, unknown>();
      if (!(await fails(world, call, history))) continue;
      await finishTelling(world);
      world.executions.states.delete('first');

      await runMachine(world, noFault, { executionId: 'first', tries: 1, history });

      expect({ call, ...withoutAlerts(endOf(world)) }).toEqual({ call, ...withoutAlerts(expected) });
    }
  });
});
