import { describe, expect, it } from 'vitest';
import { startJob } from '../../../lambdas/jobs/app/start-job.ts';
import { inputByHand, isByHand, nameByHand } from '../../../lambdas/jobs/domain/job-execution.ts';
import { nextRunAt } from '../../../lambdas/jobs/domain/job-schedule.ts';
import type { LatestRun } from '../../../lambdas/jobs/domain/job-run.ts';
import type { ExecutionState } from '../../../lambdas/shared/executions.ts';
import type { JobInput, JobName } from '../../../schema/jobs.ts';

/** 2026-11-21 00:30 in Seoul, where it is another day than in UTC. */
const NOW_MS = Date.UTC(2026, 10, 20, 15, 30);
const machine = 'arn:aws:states:ap-northeast-2:000000000000:execution:grantline-dev-point-sync';

const daily = { jobName: 'point-sync', runDate: '2026-01-02', targetHour: null } as const;
const hourly = { jobName: 'coupon-usage-stats-fcm-send', runDate: '2026-01-02', targetHour: 9 } as const;

describe('an execution by hand', () => {
  it('has one name for one thing, within what Step Functions takes', () => {
    expect(nameByHand({ of: daily, prune: false }, 1)).toBe('point-sync-2026-01-02-by-hand-1');
    expect(nameByHand({ of: daily, prune: true }, 2)).toBe('point-sync-2026-01-02-prune-by-hand-2');
    const longest = nameByHand({ of: hourly, prune: false }, 50);
    expect(longest).toBe('coupon-usage-stats-fcm-send-2026-01-02-09-by-hand-50');
    expect(longest.length).toBeLessThanOrEqual(80);
  });

  it('has the input that says the same', () => {
    expect(inputByHand({ of: daily, prune: false })).toEqual({ runDate: '2026-01-02' });
    expect(inputByHand({ of: daily, prune: true })).toEqual({ runDate: '2026-01-02', prune: true });
    expect(inputByHand({ of: hourly, prune: false })).toEqual({ runDate: '2026-01-02', targetHour: 9 });
  });

  it.each([
    ['point-sync-2026-01-02-by-hand-7', true],
    ['point-sync-2026-01-02-prune-by-hand-1', false],
    ['point-sync-2026-01-03-by-hand-1', false],
    ['point-sync-2026-01-02-by-hand-1-again', false],
    ['4f5a-scheduled', false],
  ])('%s is known by its name: %s', (name, isOurs) => {
    expect(isByHand({ of: daily, prune: false }, `${machine}:${name}`)).toBe(isOurs);
  });
});

describe('the next run', () => {
  it.each([
    ['point-sync', '2026-11-20T15:30:00Z', '2026-11-20T16:00:00Z'],
    // On the hour itself it has been started.
    ['point-sync', '2026-11-20T16:00:00Z', '2026-11-21T16:00:00Z'],
    ['coupon-usage-stats', '2026-12-31T20:00:00Z', '2027-01-01T16:00:00Z'],
    ['coupon-usage-stats-fcm-send', '2026-11-20T15:30:00Z', '2026-11-20T16:00:00Z'],
    ['coupon-usage-stats-fcm-send', '2026-11-20T14:59:59Z', '2026-11-20T15:00:00Z'],
  ] as const)('of %s at %s is at %s', (jobName, now, next) => {
    expect(new Date(nextRunAt(jobName, Date.parse(now))).toISOString()).toBe(new Date(next).toISOString());
  });
});

/** A Step Functions whose executions with names in `taken` have ended. */
function makeServices({
  latest,
  state = 'SUCCEEDED',
  taken = [],
  deployed = ['point-sync'],
}: {
  readonly latest?: LatestRun;
  readonly state?: 'RUNNING' | 'SUCCEEDED' | 'GONE';
  readonly taken?: readonly string[];
  readonly deployed?: readonly JobName[];
} = {}) {
  const started: { name: string; input: JobInput }[] = [];
  return {
    started,
    store: { latestRun: () => Promise.resolve(latest) },
    executions: { describe: (): Promise<ExecutionState> => Promise.resolve({ status: state }) },
    machines: {
      has: (jobName: JobName) => deployed.includes(jobName),
      start: (_jobName: JobName, execution: { name: string; input: JobInput }) => {
        const executionArn = `${machine}:${execution.name}`;
        if (taken.includes(execution.name)) {
          return Promise.resolve({ outcome: 'already-ended', executionArn } as const);
        }
        started.push(execution);
        return Promise.resolve({ outcome: 'started', executionArn } as const);
      },
    },
    clock: { now: () => NOW_MS },
  };
}

const runOf = (name: string, status: LatestRun['status']): LatestRun => ({
  jobRunId: '1',
  status,
  executionId: `${machine}:${name}`,
  attempt: 1,
});

describe('a start by hand', () => {
  it('is for the day that the schedule would take now', async () => {
    const services = makeServices();

    expect(await startJob(services, { jobName: 'point-sync', prune: false })).toMatchObject({
      kind: 'started',
      of: { runDate: '2026-11-21', targetHour: null },
      executionName: 'point-sync-2026-11-21-by-hand-1',
    });
    expect(services.started).toEqual([
      { name: 'point-sync-2026-11-21-by-hand-1', input: { runDate: '2026-11-21' } },
    ]);
  });

  it('is of the day before where the schedule runs it for that, and of the hour', async () => {
    const deployed = ['coupon-usage-stats', 'coupon-usage-stats-fcm-send'] as const;
    const started = (jobName: JobName) => startJob(makeServices({ deployed }), { jobName, prune: false });

    expect(await started('coupon-usage-stats')).toMatchObject({ of: { runDate: '2026-11-20' } });
    expect(await started('coupon-usage-stats-fcm-send')).toMatchObject({
      of: { runDate: '2026-11-21', targetHour: 0 },
    });
  });

  it.each([
    ['a day in the future', { runDate: '2026-11-22' }, /in the future: today is 2026-11-21/],
    ['an hour of a job that is for a day', { targetHour: 1 }, /it has no targetHour/],
  ])('of %s is refused before anything is started', async (_, asked, why) => {
    const services = makeServices();
    const outcome = await startJob(services, { jobName: 'point-sync', prune: false, ...asked });

    expect(outcome).toMatchObject({ kind: 'invalid', why: expect.stringMatching(why) as string });
    expect(services.started).toEqual([]);
  });

  it('of what is not deployed starts nothing', async () => {
    const services = makeServices({ deployed: [] });

    expect(await startJob(services, { jobName: 'point-sync', prune: false })).toEqual({
      kind: 'not-deployed',
    });
  });

  it.each(['RUNNING', 'FAILED'] as const)(
    'while an execution works that was asked for in the same way is that one, its run being %s',
    async (status) => {
      const latest = runOf('point-sync-2026-11-21-by-hand-3', status);
      const services = makeServices({ latest, state: 'RUNNING' });

      expect(await startJob(services, { jobName: 'point-sync', prune: false })).toMatchObject({
        kind: 'already',
        executionName: 'point-sync-2026-11-21-by-hand-3',
      });
      expect(services.started).toEqual([]);
    },
  );

  it.each(['scheduled-4f5a', 'point-sync-2026-11-21-prune-by-hand-1'])(
    'while %s works is refused: it would fail at its first step',
    async (name) => {
      const services = makeServices({ latest: runOf(name, 'RUNNING'), state: 'RUNNING' });

      expect(await startJob(services, { jobName: 'point-sync', prune: false })).toMatchObject({
        kind: 'running',
        executionArn: `${machine}:${name}`,
      });
      expect(services.started).toEqual([]);
    },
  );

  it.each([
    ['that failed', 'FAILED', 'SUCCEEDED'],
    ['whose execution is forgotten', 'RUNNING', 'GONE'],
    ['that completed, whatever its execution does yet', 'COMPLETED', 'RUNNING'],
  ] as const)('after a run %s takes the next name', async (_, status, state) => {
    const taken = ['point-sync-2026-11-21-by-hand-1', 'point-sync-2026-11-21-by-hand-2'];
    const services = makeServices({ latest: runOf(taken[1] ?? '', status), state, taken });

    expect(await startJob(services, { jobName: 'point-sync', prune: false })).toMatchObject({
      kind: 'started',
      executionName: 'point-sync-2026-11-21-by-hand-3',
    });
  });

  it('gives up when every name is taken', async () => {
    const taken = Array.from({ length: 50 }, (_, index) => `point-sync-2026-11-21-by-hand-${index + 1}`);

    expect(await startJob(makeServices({ taken }), { jobName: 'point-sync', prune: false })).toMatchObject({
      kind: 'worn-out',
      attempts: 50,
    });
  });
});
