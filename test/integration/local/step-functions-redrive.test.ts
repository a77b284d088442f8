/** An execution that ended without success goes on from where it was, as RedriveExecution's reference says. */
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startStepFunctions } from '../../../local/services/step-functions/server.ts';
import type { StatusChange } from '../../../local/services/step-functions/status-change.ts';

type States = Record<string, object>;
type Handler = (payload: unknown, call: number) => unknown;

const STATE_MACHINE_ARN = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:M';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0)) await close();
});

/** A machine whose function answers by `handler`, which is told how often it was called with the same payload. */
async function makeRuntime(states: States, handler: Handler, machine: object = {}) {
  const changes: StatusChange[] = [];
  const calls: string[] = [];
  const service = await startStepFunctions({
    region: 'ap-northeast-2',
    accountId: '000000000000',
    machines: [
      {
        name: 'M',
        arn: STATE_MACHINE_ARN,
        definition: { StartAt: Object.keys(states)[0], States: states },
        ...machine,
      },
    ],
    invokeFunction: async (_name, payload) => {
      const text = JSON.stringify(payload);
      calls.push(text);
      return await handler(payload, calls.filter((call) => call === text).length);
    },
    onStatusChange: (change) => changes.push(change),
  });
  const client = new SFNClient({
    endpoint: service.url,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  closers.push(() => service.close());
  const describeExecution = (executionArn: string | undefined) =>
    client.send(new DescribeExecutionCommand({ executionArn }));
  return {
    client,
    changes,
    calls,
    describe: describeExecution,
    start: async (input: unknown = {}) => {
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn: STATE_MACHINE_ARN, input: JSON.stringify(input) }),
      );
      return executionArn;
    },
    redrive: (executionArn: string | undefined, clientToken?: string) =>
      client.send(new RedriveExecutionCommand({ executionArn, clientToken })),
    ended: async (executionArn: string | undefined) =>
      await vi.waitFor(
        async () => {
          const execution = await describeExecution(executionArn);
          expect(execution.status).not.toBe('RUNNING');
          return execution;
        },
        { timeout: 10_000, interval: 10 },
      ),
    historyTypes: async (executionArn: string | undefined) => {
      const { events = [] } = await client.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
      );
      return events.map(({ type }) => type);
    },
  };
}

const invoke = (more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'Work', 'Payload.$': '$' },
  OutputPath: '$.Payload',
  ...more,
});

const TWO_STEPS = {
  First: invoke({ Parameters: { FunctionName: 'Work', Payload: 'first' }, Next: 'Second' }),
  Second: invoke({ Parameters: { FunctionName: 'Work', Payload: 'second' }, End: true }),
};

const mapOf = (more: object = {}) => ({
  Type: 'Map',
  ItemsPath: '$.items',
  MaxConcurrency: 1,
  ItemProcessor: { StartAt: 'Work', States: { Work: invoke({ End: true }) } },
  End: true,
  ...more,
});

function failing(...payloads: unknown[]): Handler {
  return (payload, call) => {
    if (call === 1 && payloads.includes(payload))
      throw Object.assign(new Error('not yet'), { name: 'Early' });
    return payload;
  };
}

const failOnce = failing('second');

describe('a redriven execution', () => {
  it('goes on from the state that failed, under the same ARN, and counts its redrives', async () => {
    const runtime = await makeRuntime(TWO_STEPS, failOnce);
    const arn = await runtime.start();
    expect(await runtime.ended(arn)).toMatchObject({
      status: 'FAILED',
      error: 'Early',
      redriveCount: 0,
      redriveStatus: 'REDRIVABLE',
    });

    const { redriveDate } = await runtime.redrive(arn);

    const redriven = await runtime.ended(arn);
    expect(redriven).toMatchObject({ status: 'SUCCEEDED', output: '"second"', redriveCount: 1, redriveDate });
    expect(redriven.error).toBeUndefined();
    expect(runtime.calls).toEqual(['"first"', '"second"', '"second"']);
    expect(redriven).toMatchObject({
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
  });

  it('runs, and has no end and no error, until it ends again', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const runtime = await makeRuntime(TWO_STEPS, (payload, call) =>
      call === 2 ? promise : failOnce(payload, call),
    );
    const arn = await runtime.start();
    await runtime.ended(arn);
    await runtime.redrive(arn);

    const running = await runtime.describe(arn);
    expect(running).toMatchObject({ status: 'RUNNING', redriveCount: 1 });
    expect(running).not.toHaveProperty('stopDate');
    expect(running).not.toHaveProperty('error');
    resolve('done');
    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
  });

  it('keeps its history, and adds to it', async () => {
    const runtime = await makeRuntime(TWO_STEPS, failOnce);
    const arn = await runtime.start();
    await runtime.ended(arn);
    const before = await runtime.historyTypes(arn);
    await runtime.redrive(arn);
    await runtime.ended(arn);

    expect(await runtime.historyTypes(arn)).toEqual([
      ...before,
      'ExecutionRedriven',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('is told of as one that runs and ends again', async () => {
    const runtime = await makeRuntime(TWO_STEPS, failOnce);
    const arn = await runtime.start();
    await runtime.ended(arn);
    const { redriveDate } = await runtime.redrive(arn);
    await runtime.ended(arn);

    expect(runtime.changes.map(({ status, redriveCount }) => [status, redriveCount])).toEqual([
      ['RUNNING', 0],
      ['FAILED', 0],
      ['RUNNING', 1],
      ['SUCCEEDED', 1],
    ]);
    expect(runtime.changes.map((change) => change.redriveDate)).toEqual([
      null,
      null,
      redriveDate?.getTime(),
      redriveDate?.getTime(),
    ]);
  });

  it('has all its retries again', async () => {
    const retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 0, MaxAttempts: 2 }];
    const runtime = await makeRuntime({ Work: invoke({ Retry: retry, End: true }) }, (_payload, call) => {
      if (call < 6) throw new Error('not yet');
      return 'done';
    });
    const arn = await runtime.start('work');
    await runtime.ended(arn);
    expect(runtime.calls).toHaveLength(3);
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
    expect(runtime.calls).toHaveLength(6);
  });

  it('tells its functions how often it was redriven', async () => {
    const parameters = { FunctionName: 'Work', 'Payload.$': '$$.Execution.RedriveCount' };
    const runtime = await makeRuntime({ Work: invoke({ Parameters: parameters, End: true }) }, (payload) => {
      if (payload === 0) throw new Error('not yet');
      return payload;
    });
    const arn = await runtime.start();
    await runtime.ended(arn);
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '1' });
  });

  it('repeats of an inline Map only the iterations that did not succeed', async () => {
    const runtime = await makeRuntime({ Each: mapOf() }, failing('b'));
    const arn = await runtime.start({ items: ['a', 'b', 'c'] });
    expect(await runtime.ended(arn)).toMatchObject({ status: 'FAILED' });
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["a","b","c"]' });
    expect(runtime.calls).toEqual(['"a"', '"b"', '"b"', '"c"']);
  });

  it('goes on within an iteration from the state that failed', async () => {
    const steps = {
      StartAt: 'First',
      States: {
        First: invoke({ Parameters: { FunctionName: 'Work', Payload: 'first' }, Next: 'Second' }),
        Second: invoke({ Parameters: { FunctionName: 'Work', Payload: 'second' }, End: true }),
      },
    };
    const runtime = await makeRuntime({ Each: mapOf({ ItemProcessor: steps }) }, failOnce);
    const arn = await runtime.start({ items: ['a'] });
    await runtime.ended(arn);
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["second"]' });
    expect(runtime.calls).toEqual(['"first"', '"second"', '"second"']);
  });

  it('repeats every iteration when a retry of the Map itself begins anew', async () => {
    const retry = [{ ErrorEquals: ['Early'], IntervalSeconds: 0, MaxAttempts: 1 }];
    const runtime = await makeRuntime({ Each: mapOf({ Retry: retry }) }, failing('b'));
    const arn = await runtime.start({ items: ['a', 'b'] });

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(runtime.calls).toEqual(['"a"', '"b"', '"a"', '"b"']);
  });

  it('repeats of a Parallel only the branches that did not succeed', async () => {
    const work = (payload: string) =>
      invoke({ Parameters: { FunctionName: 'Work', Payload: payload }, End: true });
    const states = {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Left', States: { Left: work('left') } },
          {
            StartAt: 'Pause',
            States: { Pause: { Type: 'Wait', Seconds: 0.05, Next: 'Right' }, Right: work('right') },
          },
        ],
        End: true,
      },
    };
    const runtime = await makeRuntime(states, failing('right'));
    const arn = await runtime.start();
    expect(await runtime.ended(arn)).toMatchObject({ status: 'FAILED' });
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["left","right"]' });
    expect(runtime.calls).toEqual(['"left"', '"right"', '"right"']);
  });

  it('repeats all of a Map whose results were too large', async () => {
    const large = 'x'.repeat(150_000);
    const runtime = await makeRuntime({ Each: mapOf() }, (_payload, call) => (call === 1 ? large : 'small'));
    const arn = await runtime.start({ items: ['a', 'b'] });
    expect(await runtime.ended(arn)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["small","small"]' });
  });

  it('goes on with the map run of a distributed Map, and with its children that did not succeed', async () => {
    const processor = {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Work',
      States: { Work: invoke({ End: true }) },
    };
    const runtime = await makeRuntime({ Each: mapOf({ ItemProcessor: processor }) }, failing('b'));
    const arn = await runtime.start({ items: ['a', 'b', 'c'] });
    expect(await runtime.ended(arn)).toMatchObject({ status: 'FAILED' });
    const { mapRuns = [] } = await runtime.client.send(new ListMapRunsCommand({ executionArn: arn }));
    const mapRunArn = mapRuns[0]?.mapRunArn;
    const { executions: children = [] } = await runtime.client.send(
      new ListExecutionsCommand({ mapRunArn, statusFilter: 'FAILED' }),
    );
    const [failed] = children;
    await expect(runtime.redrive(failed?.executionArn)).rejects.toThrow('redriven with its Map Run');
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["a","b","c"]' });
    expect(runtime.calls).toEqual(['"a"', '"b"', '"b"', '"c"']);
    expect(await runtime.client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
      itemCounts: { total: 3, succeeded: 3, failed: 0, aborted: 0, pending: 0, running: 0 },
    });
    expect(await runtime.describe(failed?.executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
    });
    const { mapRuns: after = [] } = await runtime.client.send(new ListMapRunsCommand({ executionArn: arn }));
    expect(after).toHaveLength(1);
  });

  it('may have been stopped: what was under way is called again, and its late answer is nobody’s', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const runtime = await makeRuntime(TWO_STEPS, (payload, call) =>
      payload === 'second' && call === 1 ? promise : payload,
    );
    const arn = await runtime.start();
    await vi.waitFor(() => expect(runtime.calls).toHaveLength(2));
    await runtime.client.send(new StopExecutionCommand({ executionArn: arn, cause: 'by hand' }));
    await runtime.redrive(arn);
    resolve('late');

    expect(await runtime.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '"second"' });
    expect(runtime.calls).toEqual(['"first"', '"second"', '"second"']);
  });

  it('may have timed out: its time begins anew', async () => {
    const states = { Wait: { Type: 'Wait', Seconds: 30, End: true } };
    const runtime = await makeRuntime(states, (payload) => payload, { timeoutSeconds: 0.1 });
    const arn = await runtime.start();
    expect(await runtime.ended(arn)).toMatchObject({ status: 'TIMED_OUT' });
    await runtime.redrive(arn);

    expect(await runtime.ended(arn)).toMatchObject({ status: 'TIMED_OUT', redriveCount: 1 });
  });

  it('can be redriven again', async () => {
    const runtime = await makeRuntime({ Work: invoke({ End: true }) }, (_payload, call) => {
      if (call < 3) throw new Error('not yet');
      return 'done';
    });
    const arn = await runtime.start('work');
    for (const count of [1, 2]) {
      await runtime.ended(arn);
      await runtime.redrive(arn);
      expect(await runtime.ended(arn)).toMatchObject({ redriveCount: count });
    }

    expect(await runtime.describe(arn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 2 });
  });
});

describe('asking for a redrive', () => {
  const never: Handler = () => {
    throw new Error('never');
  };

  it('again with the same token is the same redrive', async () => {
    const runtime = await makeRuntime({ Work: invoke({ End: true }) }, never);
    const arn = await runtime.start();
    await runtime.ended(arn);
    const first = await runtime.redrive(arn, 'token');
    await runtime.ended(arn);
    const second = await runtime.redrive(arn, 'token');

    expect(second.redriveDate).toEqual(first.redriveDate);
    expect(await runtime.ended(arn)).toMatchObject({ redriveCount: 1 });
    await runtime.redrive(arn, 'another');
    expect(await runtime.ended(arn)).toMatchObject({ redriveCount: 2 });
  });

  it.each([
    ['that runs', { Wait: { Type: 'Wait', Seconds: 30, End: true } }, 'Execution is RUNNING'],
    ['that succeeded', { Done: { Type: 'Succeed' } }, 'Execution is SUCCEEDED'],
  ])('of an execution %s is refused', async (_which, states, why) => {
    const reason: unknown = expect.stringContaining(why);
    const runtime = await makeRuntime(states, never);
    const arn = await runtime.start();
    if (why.includes('SUCCEEDED')) await runtime.ended(arn);

    await expect(runtime.redrive(arn)).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
      message: reason,
    });
    expect(await runtime.describe(arn)).toMatchObject({
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: reason,
    });
  });

  it('of an Express execution is refused', async () => {
    const runtime = await makeRuntime({ Work: invoke({ End: true }) }, never, { type: 'EXPRESS' });
    const arn = await runtime.start();
    await runtime.ended(arn);

    await expect(runtime.redrive(arn)).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });
  });

  it('later than fourteen days after the end is refused', async () => {
    const runtime = await makeRuntime({ Work: invoke({ End: true }) }, never);
    const arn = await runtime.start();
    await runtime.ended(arn);
    const fourteenDays = 14 * 24 * 60 * 60 * 1000;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + fourteenDays + 60_000 });

    await expect(runtime.redrive(arn)).rejects.toThrow('Execution redrivable period exceeded');
    vi.setSystemTime(Date.now() - 120_000);
    await runtime.redrive(arn);
    expect(await runtime.ended(arn)).toMatchObject({ redriveCount: 1 });
  });

  it('is refused when the history has no room for it', async () => {
    const loop = {
      Again: { Type: 'Pass', Next: 'Enough?' },
      'Enough?': {
        Type: 'Choice',
        Choices: [{ Variable: '$.enough', IsPresent: true, Next: 'Done' }],
        Default: 'Again',
      },
      Done: { Type: 'Succeed' },
    };
    const runtime = await makeRuntime(loop, never);
    const arn = await runtime.start();
    expect(await runtime.ended(arn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });

    await expect(runtime.redrive(arn)).rejects.toThrow('Execution history event limit exceeded');
  });

  it('of an execution that nobody started is refused', async () => {
    const runtime = await makeRuntime({ Done: { Type: 'Succeed' } }, never);

    await expect(
      runtime.redrive(`${STATE_MACHINE_ARN.replace('stateMachine', 'execution')}:x`),
    ).rejects.toThrow('Execution Does Not Exist');
  });
});
