/** What runs point sync, as Step Functions is told of it. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { PlannedRanges } from '../../lambdas/point-sync/app/plan-ranges.ts';
import { INVALID_INPUT, JOB_REFUSED, SERVICE_REFUSED } from '../../schema/errors.ts';
import { beginJobRunInput, endJobRunInput, jobInput, rangeInput, stepInput } from '../../schema/jobs.ts';
import type { RangeOutput } from '../../schema/jobs.ts';
import { readDefinition } from './definition.ts';
import { rightsOfRole } from './stack-functions.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const { pointSync } = synthesise(makeConfig());
const MACHINE = 'grantline-dev-point-sync';

const state = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Retry: z.array(z.unknown()).optional(),
  Parameters: z.looseObject({ Payload: z.record(z.string(), z.unknown()) }).optional(),
});
const statesOf = z.object({ StartAt: z.string(), States: z.record(z.string(), state) });
type States = z.infer<typeof statesOf>;

const machine = statesOf.parse(readDefinition(pointSync, MACHINE));

function stateOf(name: string, of: States = machine): z.infer<typeof state> {
  const found = of.States[name];
  if (found === undefined) throw new Error(`There is no state ${name}`);
  return found;
}

function rangesOf(step: string): States {
  return statesOf.parse(stateOf(step)['ItemProcessor']);
}

/** {"range.$": "$.range"} → {"range": "$.range"} */
function payloadOf(name: string, of: States = machine): Record<string, unknown> {
  const payload = Object.entries(stateOf(name, of).Parameters?.Payload ?? {});
  return Object.fromEntries(payload.map(([key, value]) => [key.replace(/\.\$$/, ''), value]));
}

const fieldsOf = (schema: z.ZodObject): string[] => Object.keys(schema.shape).toSorted();

const STEPS: readonly (readonly [step: string, ranges: keyof PlannedRanges])[] = [
  ['SyncBalances', 'balanceRanges'],
  ['SweepGoneUsers', 'sweepRanges'],
  ['BuildDailyReport', 'reportRanges'],
];

describe('the states', () => {
  test('come one after the other, and nothing is caught: a redrive goes on from the one that failed', () => {
    const order: string[] = [];
    for (let name: string | undefined = machine.StartAt; name !== undefined; name = stateOf(name).Next) {
      order.push(name);
    }
    expect(order).toEqual([
      'BeginJobRun',
      'PlanRanges',
      'SyncBalances',
      'SweepGoneUsers',
      'BuildDailyReport',
      'Notify',
    ]);
    expect(stateOf('Notify').End).toBe(true);
    expect(Object.keys(machine.States).toSorted()).toEqual(order.toSorted());
    expect(JSON.stringify(machine)).not.toContain('"Catch"');
    expect(machine).not.toHaveProperty('TimeoutSeconds');
  });

  test('are told what their schemas say', () => {
    expect(payloadOf('BeginJobRun')).toEqual({
      jobName: 'point-sync',
      executionId: '$$.Execution.Id',
      input: '$',
    });
    expect(Object.keys(payloadOf('BeginJobRun')).toSorted()).toEqual(fieldsOf(beginJobRunInput));
    expect(Object.keys(payloadOf('PlanRanges')).toSorted()).toEqual(fieldsOf(stepInput));
    expect(Object.keys(payloadOf('Notify')).toSorted()).toEqual(fieldsOf(endJobRunInput));
    expect(payloadOf('Notify')).toEqual({ jobRun: '$.jobRun', executionId: '$$.Execution.Id' });
    for (const [step] of STEPS) {
      expect(Object.keys(payloadOf(`${step}OfRange`, rangesOf(step))).toSorted()).toEqual(
        fieldsOf(rangeInput),
      );
    }
  });

  test('have the run where BeginJobRun put it, and the plan beside it', () => {
    expect(stateOf('BeginJobRun')).toMatchObject({ ResultSelector: { 'jobRun.$': '$.Payload' } });
    expect(stateOf('BeginJobRun')).not.toHaveProperty('ResultPath');
    expect(stateOf('PlanRanges')).toMatchObject({
      ResultPath: '$.plan',
      ResultSelector: { 'output.$': '$.Payload' },
    });
  });

  test.each([['{}'], ['{"runDate":"2026-11-21","prune":true}'], ['{"scheduledAt":"2026-11-20T16:00:00Z"}']])(
    'may be started with %s',
    (input) => {
      const payload = { ...payloadOf('BeginJobRun'), input: jobInput.parse(JSON.parse(input)) };
      expect(beginJobRunInput.safeParse(payload).success).toBe(true);
    },
  );
});

describe.each(STEPS)('%s', (step, ranges) => {
  test('goes through its ranges, four at once, and puts nothing into what is passed on', () => {
    expect(stateOf(step)).toMatchObject({
      Type: 'Map',
      ItemsPath: `$.plan.output.${ranges}`,
      ItemSelector: { 'jobRun.$': '$.jobRun', 'range.$': '$$.Map.Item.Value' },
      MaxConcurrency: 4,
      ResultPath: null,
    });
  });

  test('asks again, with the same input, until a range is finished', () => {
    const finished: keyof RangeOutput = 'finished';
    const of = rangesOf(step);
    expect(of.StartAt).toBe(`${step}OfRange`);
    expect(stateOf(`${step}OfRange`, of)).toMatchObject({
      ResultPath: '$.result',
      ResultSelector: { [`${finished}.$`]: `$.Payload.${finished}` },
      Next: `Is${step}OfRangeFinished?`,
    });
    expect(stateOf(`Is${step}OfRangeFinished?`, of)).toMatchObject({
      Choices: [{ Variable: `$.result.${finished}`, BooleanEquals: true, Next: `${step}OfRangeFinished` }],
      Default: `${step}OfRange`,
    });
    expect(stateOf(`${step}OfRangeFinished`, of).Type).toBe('Succeed');
  });
});

describe('a step that failed', () => {
  const tasks = (of: States) => {
    const found = new Map<string, z.infer<typeof state>>(Object.entries(of.States));
    for (const [step] of STEPS) {
      const inside = statesOf.parse(z.looseObject({}).parse(of.States[step])['ItemProcessor']);
      for (const [name, inner] of Object.entries(inside.States)) found.set(name, inner);
    }
    return [...found].filter(([, { Type }]) => Type === 'Task');
  };
  const retry = (seconds: number) => ({
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: seconds,
    MaxAttempts: 2,
    BackoffRate: 1,
  });

  test('is tried three times, five minutes apart', () => {
    expect(
      tasks(machine)
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([
      'BeginJobRun',
      'BuildDailyReportOfRange',
      'Notify',
      'PlanRanges',
      'SweepGoneUsersOfRange',
      'SyncBalancesOfRange',
    ]);
    for (const [name, { Retry }] of tasks(machine)) expect([name, Retry?.at(-1)]).toEqual([name, retry(300)]);
  });

  test('is tried once when trying again cannot help: what was refused, and what cannot be read', () => {
    const never = (...errors: string[]) => ({ ErrorEquals: errors, MaxAttempts: 0 });
    const always = [never(SERVICE_REFUSED), retry(300)];
    expect(stateOf('BeginJobRun').Retry).toEqual([never(JOB_REFUSED, INVALID_INPUT), ...always]);
    for (const [name, { Retry }] of tasks(machine)) {
      if (name !== 'BeginJobRun') expect([name, Retry]).toEqual([name, always]);
    }
  });

  test('is tried after what the configuration says', () => {
    const other = synthesise(makeConfig({ jobs: { retrySeconds: 7 } })).pointSync;
    for (const [, { Retry }] of tasks(statesOf.parse(readDefinition(other, MACHINE)))) {
      expect(Retry?.at(-1)).toEqual(retry(7));
    }
  });
});

describe('the machine', () => {
  test('is a standard one, traced, that logs no data of customers', () => {
    pointSync.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: MACHINE,
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
    pointSync.hasOutput('PointSyncArn', {});
  });

  test('may invoke the functions of its states, and do nothing else but log and trace', () => {
    const [role] = Object.keys(
      pointSync.findResources('AWS::IAM::Role', {
        Properties: {
          AssumeRolePolicyDocument: {
            Statement: [Match.objectLike({ Principal: { Service: 'states.amazonaws.com' } })],
          },
        },
      }),
    );
    const rights = rightsOfRole(pointSync, role ?? '');
    expect(rights.length).toBeGreaterThan(0);
    const others = rights.filter(({ action }) => !/^(logs|xray):/.test(action));
    expect(new Set(others.map(({ action }) => action))).toEqual(new Set(['lambda:InvokeFunction']));
    const invoked = others.map(({ resource }) => resource).join();
    for (const name of ['begin-job-run', 'end-job-run']) {
      expect(invoked).toContain(`:function:grantline-dev-${name}`);
    }
    for (const name of ['PlanRanges', 'SyncBalances', 'SweepGoneUsers', 'BuildDailyReport']) {
      expect(invoked).toContain(`"${name}`);
    }
    expect(invoked).not.toContain('"*"');
  });
});

describe('the schedule', () => {
  test('starts it every night at 01:00 in Seoul, for the day for which it was scheduled', () => {
    pointSync.resourceCountIs('AWS::Scheduler::Schedule', 1);
    pointSync.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: MACHINE,
      ScheduleExpression: 'cron(0 1 * * ? *)',
      ScheduleExpressionTimezone: 'Asia/Seoul',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: Match.objectLike({ Input: '{"scheduledAt":"<aws.scheduler.scheduled-time>"}' }),
    });
  });

  test('may start this machine and nothing else', () => {
    const [role] = Object.keys(
      pointSync.findResources('AWS::IAM::Role', {
        Properties: { Description: `Starts ${MACHINE} on schedule` },
      }),
    );
    const [ref] = Object.keys(pointSync.findResources('AWS::StepFunctions::StateMachine'));
    expect(rightsOfRole(pointSync, role ?? '')).toEqual([
      { action: 'states:StartExecution', resource: JSON.stringify({ Ref: ref }), condition: undefined },
    ]);
  });
});
