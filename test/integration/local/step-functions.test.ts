import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startStepFunctions } from '../../../local/services/step-functions/server.ts';
import type { StatusChange } from '../../../local/services/step-functions/status-change.ts';

type States = Record<string, object>;
type Handler = (payload: unknown, functionName: string) => unknown;

const REGION = 'ap-northeast-2';
const ACCOUNT = '000000000000';
const machineArn = (name: string) => `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${name}`;
const functionArn = (name: string) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** One machine of the name M, whose functions all answer by `handler`. */
async function makeRuntime(states: States, handler: Handler = (payload) => payload, machine: object = {}) {
  const changes: StatusChange[] = [];
  const definition = { StartAt: Object.keys(states)[0], States: states, ...machine };
  const service = await startStepFunctions({
    region: REGION,
    accountId: ACCOUNT,
    machines: [{ name: 'M', arn: machineArn('M'), definition }],
    invokeFunction: async (name, payload) => await handler(payload, name),
    onStatusChange: (change) => changes.push(change),
  });
  const client = new SFNClient({
    endpoint: service.url,
    region: REGION,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  closers.push(() => service.close());
  const describeExecution = (executionArn: string | undefined) =>
    client.send(new DescribeExecutionCommand({ executionArn }));
  return {
    client,
    changes,
    service,
    describe: describeExecution,
    start: async (input: unknown = {}, name?: string) => {
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn: machineArn('M'), name, input: JSON.stringify(input) }),
      );
      return executionArn;
    },
    ended: async (executionArn: string | undefined) =>
      await vi.waitFor(
        async () => {
          const execution = await describeExecution(executionArn);
          expect(execution.status).not.toBe('RUNNING');
          return execution;
        },
        { timeout: 10_000, interval: 10 },
      ),
    history: async (executionArn: string | undefined) => {
      const { events = [] } = await client.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
      );
      return events;
    },
    mapRuns: async (executionArn: string | undefined) => {
      const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
      return mapRuns;
    },
    children: async (mapRunArn: string | undefined) => {
      const { executions = [] } = await client.send(new ListExecutionsCommand({ mapRunArn }));
      return executions;
    },
  };
}

/** Runs to the end and answers with the parsed output. */
async function outputOf(states: States, input: unknown, handler?: Handler): Promise<unknown> {
  const runtime = await makeRuntime(states, handler);
  const execution = await runtime.ended(await runtime.start(input));
  expect(execution).toMatchObject({ status: 'SUCCEEDED' });
  return JSON.parse(execution.output ?? '');
}

const invoke = (more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: functionArn('Work'), 'Payload.$': '$' },
  End: true,
  ...more,
});

const distributed = (
  more: object = {},
  processor: States = { Work: invoke({ OutputPath: '$.Payload' }) },
) => ({
  Type: 'Map',
  ItemsPath: '$.items',
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: Object.keys(processor)[0],
    States: processor,
  },
  Label: 'Each',
  End: true,
  ...more,
});

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe('a Lambda task', () => {
  it('gives lambda:invoke the function and payload, and the state Payload and StatusCode', async () => {
    const calls: unknown[] = [];
    const output = await outputOf({ Work: invoke() }, { n: 1 }, (payload, name) => {
      calls.push([name, payload]);
      return { done: true };
    });
    expect(calls).toEqual([[functionArn('Work'), { n: 1 }]]);
    expect(output).toEqual({ ExecutedVersion: '$LATEST', Payload: { done: true }, StatusCode: 200 });
  });

  it.each([0, '', false, null])('passes on the payload %j', async (payload) => {
    expect(await outputOf({ Work: invoke({ OutputPath: '$.Payload' }) }, payload)).toBe(payload);
  });

  it('by the ARN of the function gives the answer itself', async () => {
    const work = { Type: 'Task', Resource: functionArn('Work'), ResultPath: '$.result', End: true };
    expect(await outputOf({ Work: work }, { n: 1 }, () => 7)).toEqual({ n: 1, result: 7 });
  });

  it('fails with the error as Lambda words it', async () => {
    const runtime = await makeRuntime({ Work: invoke() }, () => {
      throw named('MoneyError', 'no money');
    });
    const execution = await runtime.ended(await runtime.start());
    expect(execution).toMatchObject({ status: 'FAILED', error: 'MoneyError' });
    expect(JSON.parse(execution.cause ?? '')).toEqual({ errorType: 'MoneyError', errorMessage: 'no money' });
  });

  it('is retried for the errors of the service and caught for those of the function', async () => {
    let calls = 0;
    const output = await outputOf(
      {
        Work: invoke({
          Retry: [
            { ErrorEquals: ['Lambda.TooManyRequestsException'], IntervalSeconds: 1, MaxDelaySeconds: 1 },
          ],
          Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: '$.failure', Next: 'Done' }],
        }),
        Done: { Type: 'Succeed' },
      },
      { n: 1 },
      () => {
        calls++;
        throw calls === 1 ? named('Lambda.TooManyRequestsException', 'slow down') : named('MyError', 'no');
      },
    );
    expect(calls).toBe(2);
    expect(output).toMatchObject({ n: 1, failure: { Error: 'MyError' } });
  });

  it('times out after its TimeoutSeconds', async () => {
    const runtime = await makeRuntime({ Work: invoke({ TimeoutSeconds: 1 }) }, () =>
      delay(20_000, 0, { ref: false }),
    );
    const execution = await runtime.ended(await runtime.start());
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('may not answer with more than 256 KiB', async () => {
    const runtime = await makeRuntime({ Work: invoke() }, () => 'x'.repeat(262_144));
    const execution = await runtime.ended(await runtime.start());
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('the flow of states', () => {
  it('goes round a Choice and Wait loop until a field is there', async () => {
    let polls = 0;
    const output = await outputOf(
      {
        Poll: invoke({ OutputPath: '$.Payload', Next: 'Done?', End: undefined }),
        'Done?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.done', IsPresent: false, Next: 'Pause' }],
          Default: 'End',
        },
        Pause: { Type: 'Wait', Seconds: 0, Next: 'Poll' },
        End: { Type: 'Succeed' },
      },
      {},
      () => (++polls < 3 ? {} : { done: polls }),
    );
    expect(output).toEqual({ done: 3 });
  });

  it('evaluates paths with filters and nested intrinsics', async () => {
    const Parameters = {
      'failed.$': '$.targets[?(@.status=="FAILED")].id',
      'next.$': 'States.JsonMerge($.config, States.StringToJson(\'{"run":2}\'), false)',
      nested: [{ 'total.$': 'States.MathAdd($.done, States.ArrayLength($.targets))' }],
    };
    const targets = [
      { id: 1, status: 'FAILED' },
      { id: 2, status: 'DONE' },
    ];
    const output = await outputOf(
      { Shape: { Type: 'Pass', Parameters, End: true } },
      { targets, done: 5, config: { run: 1, tps: 10 } },
    );
    expect(output).toEqual({ failed: [1], next: { run: 2, tps: 10 }, nested: [{ total: 7 }] });
  });

  it('compares the context object in a Choice, whichever rule holds', async () => {
    const rule = (name: string, Next: string) => ({
      Variable: '$$.Execution.Input.kind',
      StringEquals: name,
      Next,
    });
    const output = await outputOf(
      {
        Kind: { Type: 'Choice', Choices: [rule('POINT', 'Points'), rule('VOUCHER', 'Vouchers')] },
        Points: { Type: 'Pass', Result: 'points', End: true },
        Vouchers: { Type: 'Pass', Result: 'vouchers', End: true },
      },
      { kind: 'VOUCHER' },
    );
    expect(output).toBe('vouchers');
  });

  it('fails when no Choice rule holds', async () => {
    const runtime = await makeRuntime({
      Kind: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'One' }] },
      One: { Type: 'Succeed' },
    });
    const execution = await runtime.ended(await runtime.start({ n: 2 }));
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('shows the same execution everywhere in the context object', async () => {
    const about = {
      Type: 'Pass',
      Parameters: {
        'input.$': '$$.Execution.Input.n',
        'execution.$': '$$.Execution.Name',
        'text.$': "States.Format('{} of {}', $$.State.Name, $$.StateMachine.Name)",
        'started.$': '$$.Execution.StartTime',
      },
      End: true,
    };
    const runtime = await makeRuntime({
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'First', States: { First: about } },
          { StartAt: 'Second', States: { Second: about } },
        ],
        End: true,
      },
    });
    const execution = await runtime.ended(await runtime.start({ n: 5 }, 'run-5'));
    const started = execution.startDate?.toISOString();
    expect(JSON.parse(execution.output ?? '')).toEqual(
      ['First', 'Second'].map((name) => ({ input: 5, execution: 'run-5', text: `${name} of M`, started })),
    );
  });

  it('maps items inline in their order, within MaxConcurrency', async () => {
    let running = 0;
    let most = 0;
    const output = await outputOf(
      {
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          MaxConcurrency: 2,
          ItemSelector: { 'index.$': '$$.Map.Item.Index', 'value.$': '$$.Map.Item.Value', 'all.$': '$.all' },
          ItemProcessor: {
            StartAt: 'Work',
            States: { Work: invoke({ ResultSelector: { 'v.$': '$.Payload' }, OutputPath: '$.v' }) },
          },
          End: true,
        },
      },
      { items: ['a', 'b', 'c'], all: true },
      async (payload) => {
        most = Math.max(most, ++running);
        await delay(5);
        running--;
        return payload;
      },
    );
    expect(output).toEqual(['a', 'b', 'c'].map((value, index) => ({ index, value, all: true })));
    expect(most).toBe(2);
  });

  it('stops the other branches of a Parallel when one fails', async () => {
    const later = vi.fn();
    const runtime = await makeRuntime(
      {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Broken', States: { Broken: { Type: 'Fail', Error: 'Broken', Cause: 'by design' } } },
            {
              StartAt: 'Pause',
              States: { Pause: { Type: 'Wait', Seconds: 1, Next: 'Later' }, Later: invoke() },
            },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Succeed' },
      },
      later,
    );
    const execution = await runtime.ended(await runtime.start());
    expect(JSON.parse(execution.output ?? '')).toEqual({ Error: 'Broken', Cause: 'by design' });
    await delay(1200);
    expect(later).not.toHaveBeenCalled();
  });

  it('times out after the TimeoutSeconds of the machine', async () => {
    const runtime = await makeRuntime({ Pause: { Type: 'Wait', Seconds: 3600, End: true } }, undefined, {
      TimeoutSeconds: 1,
    });
    expect(await runtime.ended(await runtime.start())).toMatchObject({ status: 'TIMED_OUT' });
  });

  it('fails at the 25,000th event of its history', async () => {
    const runtime = await makeRuntime({
      Tick: { Type: 'Pass', Next: 'Tock' },
      Tock: {
        Type: 'Choice',
        Choices: [{ Variable: '$.enough', IsPresent: true, Next: 'Never' }],
        Default: 'Tick',
      },
      Never: { Type: 'Succeed' },
    });
    const executionArn = await runtime.start();
    const execution = await runtime.ended(executionArn);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    const { events } = await runtime.client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }),
    );
    expect(events).toMatchObject([{ id: 25_000, type: 'ExecutionFailed' }]);
  });
});

describe('starting an execution', () => {
  const waiting = { Pause: { Type: 'Wait', Seconds: 3600, End: true } };

  it('again with the same name and input while it runs is the same execution', async () => {
    const runtime = await makeRuntime(waiting);
    const first = await runtime.start({ n: 1 }, 'one');
    expect(await runtime.start({ n: 1 }, 'one')).toBe(first);
    expect(first).toBe(`arn:aws:states:${REGION}:${ACCOUNT}:execution:M:one`);
  });

  it('is refused when the name is taken by another input or by an ended execution', async () => {
    const runtime = await makeRuntime(waiting);
    const executionArn = await runtime.start({ n: 1 }, 'one');
    await expect(runtime.start({ n: 2 }, 'one')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await runtime.client.send(new StopExecutionCommand({ executionArn }));
    await expect(runtime.start({ n: 1 }, 'one')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it.each([
    ['InvalidExecutionInput', { stateMachineArn: machineArn('M'), input: '{' }],
    ['InvalidName', { stateMachineArn: machineArn('M'), name: 'a b' }],
    ['StateMachineDoesNotExist', { stateMachineArn: machineArn('N') }],
  ])('is refused with %s', async (name, request) => {
    const { client } = await makeRuntime(waiting);
    await expect(client.send(new StartExecutionCommand(request))).rejects.toMatchObject({ name });
  });

  it('tells of the start and of the end', async () => {
    const runtime = await makeRuntime({ Done: { Type: 'Pass', Result: { ok: true }, End: true } });
    const executionArn = await runtime.start({ n: 1 }, 'one');
    await runtime.ended(executionArn);
    expect(runtime.changes).toMatchObject([
      {
        executionArn,
        status: 'RUNNING',
        stopDate: null,
        input: '{"n":1}',
        inputDetails: { included: true },
        output: null,
        outputDetails: null,
      },
      {
        executionArn,
        stateMachineArn: machineArn('M'),
        name: 'one',
        status: 'SUCCEEDED',
        output: '{"ok":true}',
        outputDetails: { included: true },
        error: null,
        cause: null,
      },
    ]);
    expect(runtime.changes[1]?.stopDate).toBeGreaterThanOrEqual(runtime.changes[1]?.startDate ?? Infinity);
  });

  it('leaves input and output out of what it tells when an event would have no room for them', async () => {
    const runtime = await makeRuntime({ Grow: invoke({ OutputPath: '$.Payload' }) }, () =>
      'y'.repeat(130_000),
    );
    await runtime.ended(await runtime.start({ x: 'x'.repeat(130_000) }));

    // The start still has room for the input; at the end it goes, and the output stays.
    expect(runtime.changes.map(({ inputDetails }) => inputDetails.included)).toEqual([true, false]);
    expect(runtime.changes[1]).toMatchObject({ input: null, outputDetails: { included: true } });

    const larger = await makeRuntime({ Grow: invoke({ OutputPath: '$.Payload' }) }, () =>
      'y'.repeat(255_000),
    );
    await larger.ended(await larger.start({ n: 1 }));
    expect(larger.changes[1]).toMatchObject({ output: null, outputDetails: { included: false } });
  });

  it('tells nothing of Express executions', async () => {
    const changes: StatusChange[] = [];
    const service = await startStepFunctions({
      region: REGION,
      accountId: ACCOUNT,
      machines: [
        {
          name: 'M',
          arn: machineArn('M'),
          type: 'EXPRESS',
          definition: { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } },
        },
      ],
      invokeFunction: () => Promise.resolve(),
      onStatusChange: (change) => changes.push(change),
    });
    closers.push(() => service.close());
    await service.engine.start({ stateMachineArn: machineArn('M') }).ended;
    expect(changes).toEqual([]);
  });

  it.each([
    ['FAILED', { Work: { Type: 'Fail', Error: 'Broken', Cause: 'by design' } }, {}],
    ['TIMED_OUT', { Work: { Type: 'Wait', Seconds: 3600, End: true } }, { TimeoutSeconds: 1 }],
  ])('tells of the end as %s', async (status, states, machine) => {
    const runtime = await makeRuntime(states, undefined, machine);
    await runtime.ended(await runtime.start());
    expect(runtime.changes).toMatchObject([
      { status: 'RUNNING' },
      {
        status,
        output: null,
        ...(status === 'FAILED'
          ? { error: 'Broken', cause: 'by design' }
          : { error: 'States.Timeout', cause: null }),
      },
    ]);
  });
});

describe('stopping an execution', () => {
  it('ends it at once and keeps error and cause', async () => {
    const runtime = await makeRuntime({ Pause: { Type: 'Wait', Seconds: 3600, End: true } });
    const executionArn = await runtime.start();
    await runtime.client.send(
      new StopExecutionCommand({ executionArn, error: 'Operator', cause: 'wrong campaign' }),
    );
    expect(await runtime.describe(executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Operator',
      cause: 'wrong campaign',
    });
    expect((await runtime.history(executionArn)).at(-1)).toMatchObject({ type: 'ExecutionAborted' });
    expect(runtime.changes.at(-1)).toMatchObject({
      executionArn,
      status: 'ABORTED',
      error: 'Operator',
      cause: 'wrong campaign',
    });
  });

  it('does not wait for the invocation under way', async () => {
    const never = Promise.withResolvers<undefined>();
    const started = vi.fn();
    const runtime = await makeRuntime({ Work: invoke() }, async () => {
      started();
      await never.promise;
    });
    const executionArn = await runtime.start();
    await vi.waitFor(() => expect(started).toHaveBeenCalled());
    await runtime.client.send(new StopExecutionCommand({ executionArn }));
    expect(await runtime.describe(executionArn)).toMatchObject({ status: 'ABORTED' });
    // What it says in the end is heard by nobody, and kills nothing.
    never.reject(new Error('too late'));
    await delay(10);
    expect(await runtime.describe(executionArn)).toMatchObject({ status: 'ABORTED' });
    expect((await runtime.history(executionArn)).at(-1)).toMatchObject({ type: 'ExecutionAborted' });
  });

  it('a second time, or when it has ended, changes nothing', async () => {
    const runtime = await makeRuntime({ Done: { Type: 'Succeed' } });
    const executionArn = await runtime.start();
    await runtime.ended(executionArn);
    await runtime.client.send(new StopExecutionCommand({ executionArn, cause: 'late' }));
    expect(await runtime.describe(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(runtime.changes).toHaveLength(2);
  });

  it('that nobody started is refused, as is describing it', async () => {
    const { client } = await makeRuntime({ Done: { Type: 'Succeed' } });
    const executionArn = machineArn('M').replace(':stateMachine:', ':execution:') + ':nobody';
    const unknown = { name: 'ExecutionDoesNotExist' };
    await expect(client.send(new StopExecutionCommand({ executionArn }))).rejects.toMatchObject(unknown);
    await expect(client.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject(unknown);
  });

  it('lets the function under way finish and calls no other', async () => {
    const calls: string[] = [];
    const runtime = await makeRuntime(
      {
        First: invoke({ Next: 'Second', End: undefined, Retry: [{ ErrorEquals: ['States.ALL'] }] }),
        Second: invoke(),
      },
      async () => {
        calls.push('started');
        await delay(50);
        calls.push('finished');
      },
    );
    const executionArn = await runtime.start();
    await vi.waitFor(() => expect(calls).toEqual(['started']));
    await runtime.client.send(new StopExecutionCommand({ executionArn }));
    await delay(120);
    expect(calls).toEqual(['started', 'finished']);
  });

  it('of the whole service does not wait for a Wait state', async () => {
    const runtime = await makeRuntime({ Pause: { Type: 'Wait', Seconds: 3600, End: true } });
    await runtime.start();
    const before = Date.now();
    await runtime.service.close();
    expect(Date.now() - before).toBeLessThan(1000);
    expect(runtime.changes).toHaveLength(1);
  });
});

describe('what the console shows', () => {
  it('lists executions newest first, page by page, by status', async () => {
    const runtime = await makeRuntime({
      'Long?': {
        Type: 'Choice',
        Choices: [{ Variable: '$.long', BooleanEquals: true, Next: 'Pause' }],
        Default: 'Done',
      },
      Pause: { Type: 'Wait', Seconds: 3600, End: true },
      Done: { Type: 'Succeed' },
    });
    for (const name of ['a', 'b', 'c']) await runtime.ended(await runtime.start({ long: false }, name));
    await runtime.start({ long: true }, 'd');
    const list = (more: object) =>
      runtime.client.send(new ListExecutionsCommand({ stateMachineArn: machineArn('M'), ...more }));
    const first = await list({ maxResults: 3 });
    const second = await list({ maxResults: 3, nextToken: first.nextToken });
    expect(first.executions?.map(({ name }) => name)).toEqual(['d', 'c', 'b']);
    expect(second.executions?.map(({ name }) => name)).toEqual(['a']);
    expect(second.nextToken).toBeUndefined();
    expect((await list({ statusFilter: 'RUNNING' })).executions?.map(({ name }) => name)).toEqual(['d']);
  });

  it('describes the machines with their definitions', async () => {
    const { client } = await makeRuntime({ Done: { Type: 'Succeed' } });
    const { stateMachines } = await client.send(new ListStateMachinesCommand({}));
    expect(stateMachines).toMatchObject([{ name: 'M', type: 'STANDARD', stateMachineArn: machineArn('M') }]);
    const machine = await client.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn('M') }));
    expect(JSON.parse(machine.definition ?? '')).toEqual({
      StartAt: 'Done',
      States: { Done: { Type: 'Succeed' } },
    });
  });

  it('tells the history as AWS does', async () => {
    const runtime = await makeRuntime({ Work: invoke() });
    const executionArn = await runtime.start();
    await runtime.ended(executionArn);
    const events = await runtime.history(executionArn);
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events[1]?.stateEnteredEventDetails?.name).toBe('Work');
    expect(events[1]?.timestamp?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it('knows no other operations', async () => {
    const { service } = await makeRuntime({ Done: { Type: 'Succeed' } });
    const response = await fetch(service.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'AWSStepFunctions.DeleteStateMachine',
        'content-type': 'application/x-amz-json-1.0',
      },
      body: '{}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });
});

describe('a distributed Map', () => {
  it('runs each item as an execution of its own and answers in item order', async () => {
    const runtime = await makeRuntime(
      {
        Each: distributed({
          ItemSelector: {
            'n.$': '$$.Map.Item.Value',
            'run.$': '$$.Execution.Name',
            'promotion.$': '$.promotion',
          },
          ResultSelector: { 'all.$': '$[*].n' },
          ResultPath: '$.published',
          MaxConcurrency: 2,
        }),
      },
      async (payload) => {
        const { n } = z.object({ n: z.number() }).parse(payload);
        await delay(30 - n * 10);
        return payload;
      },
    );
    const executionArn = await runtime.start({ items: [0, 1, 2], promotion: 'p' }, 'run-1');
    const execution = await runtime.ended(executionArn);
    expect(JSON.parse(execution.output ?? '')).toMatchObject({
      promotion: 'p',
      published: { all: [0, 1, 2] },
    });

    const [run] = await runtime.mapRuns(executionArn);
    expect(run?.mapRunArn).toMatch(`arn:aws:states:${REGION}:${ACCOUNT}:mapRun:M/Each:`);
    const children = await runtime.children(run?.mapRunArn);
    expect(children).toHaveLength(3);
    expect(new Set(children.map(({ executionArn: arn }) => arn)).size).toBe(3);
    const child = await runtime.describe(children[0]?.executionArn);
    expect(child).toMatchObject({ status: 'SUCCEEDED', mapRunArn: run?.mapRunArn });
    expect(JSON.parse(child.input ?? '')).toEqual({ n: 2, run: 'run-1', promotion: 'p' });
    expect((await runtime.history(children[0]?.executionArn)).map(({ type }) => type)).toContain(
      'TaskSucceeded',
    );

    const described = await runtime.client.send(new DescribeMapRunCommand({ mapRunArn: run?.mapRunArn }));
    expect(described).toMatchObject({
      status: 'SUCCEEDED',
      maxConcurrency: 2,
      itemCounts: { total: 3, succeeded: 3, pending: 0, running: 0, failed: 0 },
    });
  });

  it('tells of its children as executions of the machine with the label', async () => {
    const runtime = await makeRuntime({ Each: distributed() });
    const executionArn = await runtime.start({ items: [1] }, 'run-1');
    await runtime.ended(executionArn);
    const [run] = await runtime.mapRuns(executionArn);
    const [child] = await runtime.children(run?.mapRunArn);
    expect(child?.executionArn).toMatch(`:execution:M/Each:`);
    expect(runtime.changes).toMatchObject([
      { executionArn, stateMachineArn: machineArn('M'), status: 'RUNNING' },
      { executionArn: child?.executionArn, stateMachineArn: machineArn('M/Each'), status: 'RUNNING' },
      { executionArn: child?.executionArn, stateMachineArn: machineArn('M/Each'), status: 'SUCCEEDED' },
      { executionArn, stateMachineArn: machineArn('M'), status: 'SUCCEEDED' },
    ]);
  });

  it('gives batches to its children', async () => {
    const output = await outputOf(
      { Each: distributed({ ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'p.$': '$.p' } } }) },
      { items: [1, 2, 3], p: 9 },
    );
    expect(output).toEqual([
      { BatchInput: { p: 9 }, Items: [1, 2] },
      { BatchInput: { p: 9 }, Items: [3] },
    ]);
  });

  it('of no items succeeds with no results', async () => {
    expect(await outputOf({ Each: distributed() }, { items: [] })).toEqual([]);
  });

  const failingAt =
    (...items: unknown[]): Handler =>
    (payload) => {
      if (items.includes(payload)) throw named('Bad', `item ${String(payload)}`);
      return payload;
    };

  it('fails at the first failure when none is tolerated, and starts no further child', async () => {
    const runtime = await makeRuntime({ Each: distributed({ MaxConcurrency: 1 }) }, failingAt(2));
    const executionArn = await runtime.start({ items: [1, 2, 3, 4] });
    const execution = await runtime.ended(executionArn);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    const [run] = await runtime.mapRuns(executionArn);
    const { status, itemCounts } = await runtime.client.send(
      new DescribeMapRunCommand({ mapRunArn: run?.mapRunArn }),
    );
    expect({ status, itemCounts }).toMatchObject({
      status: 'FAILED',
      itemCounts: { succeeded: 1, failed: 1, pending: 2 },
    });
  });

  it.each([{ ToleratedFailureCount: 2 }, { ToleratedFailurePercentage: 50 }])(
    'goes on over failures that %j allows, without their results',
    async (tolerance) => {
      const output = await outputOf(
        { Each: distributed(tolerance) },
        { items: [1, 2, 3, 4] },
        failingAt(2, 3),
      );
      expect(output).toEqual([1, 4]);
    },
  );

  it('fails beyond what is tolerated', async () => {
    const runtime = await makeRuntime(
      { Each: distributed({ ToleratedFailurePercentage: 49 }) },
      failingAt(2, 3),
    );
    const execution = await runtime.ended(await runtime.start({ items: [1, 2, 3, 4] }));
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
  });

  it('is retried as a new map run for every child, and caught in the end', async () => {
    const calls: unknown[] = [];
    const runtime = await makeRuntime(
      {
        Each: distributed({
          MaxConcurrency: 1,
          Retry: [
            { ErrorEquals: ['States.ExceedToleratedFailureThreshold'], IntervalSeconds: 1, MaxAttempts: 1 },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Caught' }],
        }),
        Caught: { Type: 'Pass', OutputPath: '$.failure.Error', End: true },
      },
      (payload) => {
        calls.push(payload);
        return failingAt(2)(payload, '');
      },
    );
    const executionArn = await runtime.start({ items: [1, 2] });
    const execution = await runtime.ended(executionArn);
    expect(execution.output).toBe('"States.ExceedToleratedFailureThreshold"');
    expect(calls).toEqual([1, 2, 1, 2]);
    expect(await runtime.mapRuns(executionArn)).toHaveLength(2);
  });

  it('stopped in the middle starts no further child and lets the handlers under way finish', async () => {
    const started: unknown[] = [];
    const finished: unknown[] = [];
    const runtime = await makeRuntime(
      { Each: distributed({ MaxConcurrency: 2, Retry: [{ ErrorEquals: ['States.ALL'] }] }) },
      async (payload) => {
        started.push(payload);
        await delay(50);
        finished.push(payload);
      },
    );
    const executionArn = await runtime.start({ items: [1, 2, 3, 4, 5] });
    await vi.waitFor(() => expect(started).toEqual([1, 2]));
    await runtime.client.send(new StopExecutionCommand({ executionArn }));
    const [run] = await runtime.mapRuns(executionArn);
    expect((await runtime.children(run?.mapRunArn)).map(({ status }) => status)).toEqual([
      'ABORTED',
      'ABORTED',
    ]);
    await delay(150);
    expect({ started, finished }).toEqual({ started: [1, 2], finished: [1, 2] });
    const described = await runtime.client.send(new DescribeMapRunCommand({ mapRunArn: run?.mapRunArn }));
    expect(described).toMatchObject({
      status: 'ABORTED',
      itemCounts: { aborted: 2, pending: 3, running: 0 },
    });
  });

  it('runs in a Parallel beside a Choice and Wait loop', async () => {
    let published = 0;
    const runtime = await makeRuntime(
      {
        PublishAndTrack: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Publish', States: { Publish: distributed({ ResultPath: null }) } },
            {
              StartAt: 'Track',
              States: {
                Track: invoke({
                  Parameters: { FunctionName: 'Track' },
                  ResultPath: '$.progress',
                  Next: 'Finished?',
                  End: undefined,
                }),
                'Finished?': {
                  Type: 'Choice',
                  Choices: [{ Variable: '$.progress.Payload', NumericEquals: 3, Next: 'Finished' }],
                  Default: 'Pause',
                },
                Pause: { Type: 'Wait', Seconds: 1, Next: 'Track' },
                Finished: { Type: 'Succeed', OutputPath: '$.progress.Payload' },
              },
            },
          ],
          End: true,
        },
      },
      async (_payload, name) => {
        if (name === 'Track') return published;
        await delay(20);
        published++;
        return null;
      },
    );
    const execution = await runtime.ended(await runtime.start({ items: ['a', 'b', 'c'] }));
    expect(JSON.parse(execution.output ?? '')).toEqual([{ items: ['a', 'b', 'c'] }, 3]);
  });
});

describe('a definition that nothing here can run', () => {
  it.each([
    [
      'JSONata',
      { Add: { Type: 'Pass', QueryLanguage: 'JSONata', End: true } },
      /machine M, state Add: .*JSONata/,
    ],
    [
      'a service without a stand-in',
      { Tell: { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true } },
      /machine M, state Tell: Resource arn:aws:states:::sns:publish/,
    ],
    ['no such next state', { A: { Type: 'Pass', Next: 'B' } }, /machine M: .*invalid/],
  ])('is refused at the start in one line: %s', async (_what, states, message) => {
    const refused = await makeRuntime(states).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Error);
    expect(String(refused)).toMatch(message);
    expect(String(refused)).not.toContain('\n');
  });
});
