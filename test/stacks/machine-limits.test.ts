/** What Step Functions refuses, or ends an execution for, that no test on this machine would meet. */
import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HIGHEST_ID } from '../../lambdas/shared/jobs/ranges-by.ts';
import type { JobRange } from '../../schema/jobs.ts';
import { historyBound } from './history-bound.ts';
import { LARGEST, LIMITS, figuresOf, limitsPage } from './machine-limits.ts';
import { machinesOf } from './machines.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const object = z.record(z.string(), z.unknown());

describe.each(['dev', 'staging', 'prod'] as const)('the machines of %s', (stage) => {
  const machines = machinesOf(synthesise(makeConfig({ stage })));

  test('are all that there are', () => {
    expect(machines.map(({ name }) => name).toSorted()).toEqual(Object.keys(LARGEST).toSorted());
  });

  test.each(machines)('$name is valid Amazon States Language', ({ definition }) => {
    expect(validate(object.parse(JSON.parse(definition))).errorsText()).toBe('');
  });

  test.each(machines.map(figuresOf))('$name is within the limits', ({ bytes, events, childEvents = 0 }) => {
    expect(bytes).toBeLessThan(LIMITS.definitionBytes / 10);
    expect(events).toBeLessThan(LIMITS.historyEvents);
    expect(childEvents).toBeLessThan(LIMITS.historyEvents);
  });
});

test('docs/limits.md says so', async () => {
  const figures = machinesOf(synthesise(makeConfig({ stage: 'prod' }))).map(figuresOf);

  await expect(limitsPage(figures)).toMatchFileSnapshot('../../docs/limits.md');
});

test('a plan of the most ranges fits between two states', () => {
  const range: JobRange = { rangeNumber: 9999, afterId: HIGHEST_ID, toId: HIGHEST_ID };
  const most = Math.max(
    ...Object.values(LARGEST).map(({ times }) =>
      Object.entries(times)
        .filter(([name]) => `${name}OfRange` in times)
        .reduce((sum, [, ranges]) => sum + ranges, 0),
    ),
  );

  expect(most).toBeGreaterThan(100);
  // Besides the plan there is the run, of a few hundred bytes.
  expect(most * (JSON.stringify(range).length + 1)).toBeLessThan(LIMITS.payloadBytes / 2);
});

describe('the bound of a history', () => {
  const task = { Type: 'Task', Resource: 'x', Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }] };
  const bound = (machine: object, times: Readonly<Record<string, number>> = {}, failing = false) =>
    historyBound(JSON.stringify(machine), { times, failing });

  test('counts a task, and each of its failures', () => {
    const machine = { StartAt: 'A', States: { A: { ...task, End: true } } };

    expect(bound(machine).events).toBe(2 + 5);
    expect(bound(machine, {}, true).events).toBe(2 + 5 + 2 * 3);
  });

  test('counts a loop as often as it is gone through, and refuses one of which that is not said', () => {
    const machine = {
      StartAt: 'A',
      States: {
        A: { ...task, Next: 'Done?' },
        'Done?': { Type: 'Choice', Choices: [{ Next: 'End' }], Default: 'A' },
        End: { Type: 'Succeed' },
      },
    };

    expect(bound(machine, { A: 10, 'Done?': 10 }).events).toBe(2 + 10 * (5 + 2) + 2);
    expect(() => bound(machine, { A: 10 })).toThrow('Done?: is come to again and again');
  });

  test('counts the items of a Map, and those of a distributed one apart', () => {
    const items = { StartAt: 'B', States: { B: { ...task, End: true } } };
    const map = (mode: string) => ({
      StartAt: 'M',
      States: { M: { Type: 'Map', ItemProcessor: { ...items, ProcessorConfig: { Mode: mode } }, End: true } },
    });

    expect(bound(map('INLINE'), { M: 100 })).toEqual({ events: 2 + 4 + 100 * (2 + 5), children: {} });
    expect(bound(map('DISTRIBUTED'))).toEqual({ events: 2 + 4 + 2, children: { M: 2 + 5 } });
  });

  test('counts all branches of a Parallel, and where errors are caught', () => {
    const branch = { StartAt: 'B', States: { B: { ...task, End: true } } };
    const machine = {
      StartAt: 'P',
      States: {
        P: { Type: 'Parallel', Branches: [branch, branch], Catch: [{ Next: 'F' }], End: true },
        F: { Type: 'Fail' },
      },
    };

    expect(bound(machine).events).toBe(2 + 4 + 2 * 5 + 1);
  });

  test('is of no state that it does not know', () => {
    expect(() => bound({ StartAt: 'A', States: { A: { Type: 'Activity', End: true } } })).toThrow(
      'not known',
    );
  });
});

test('a definition that leads nowhere is no valid one', () => {
  expect(validate({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } }).isValid).toBe(false);
});
