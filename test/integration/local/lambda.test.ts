import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { LambdaFunction } from '../../../local/services/lambda/local-function.ts';
import { createLambdaService } from '../../../local/services/lambda/service.ts';
import type { LambdaService, LambdaServiceOptions } from '../../../local/services/lambda/service.ts';
import { arnOfFunction, makeFunction } from './make-function.ts';

let directory: string;
const services: LambdaService[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'functions-'));
});

afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
  rmSync(directory, { recursive: true });
});

async function start(functions: LambdaFunction[], overrides: Partial<LambdaServiceOptions> = {}) {
  const service = await createLambdaService({
    functions,
    region: 'ap-northeast-2',
    endpointsEnv: {},
    overrides: {},
    logDirectory: join(directory, 'logs'),
    ...overrides,
  });
  services.push(service);
  return service;
}

const bundle = (code: string, overrides?: Parameters<typeof makeFunction>[2]) =>
  makeFunction(directory, code, overrides);

const ECHO = 'export const handler = async (event) => event;';
/** Counts the invocations of its environment, and takes as long as the event says. */
const COUNT = `
  let calls = 0;
  export const handler = async ({ ms = 0 }) => {
    calls += 1;
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { calls, pid: process.pid };
  };`;
const counted = z.object({ calls: z.number(), pid: z.number() });

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a function that keeps no pace', () => {
  it('gives way to one that does', async () => {
    const priority =
      "import { getPriority } from 'node:os'; export const handler = async () => getPriority();";
    const [paced, other] = [bundle(priority, { name: 'paced' }), bundle(priority, { name: 'other' })];
    const service = await start([paced, other], { paced: new Set(['paced']) });

    const nicenessOf = async (name: string) => z.number().parse(await service.invoke(name, {}));

    expect(await nicenessOf('paced')).toBe(getPriority());
    expect(await nicenessOf('other')).toBeGreaterThan(getPriority());
  });
});

describe('a process', () => {
  it('of a function that keeps no pace ends when it has had nothing to do, and the next invocation has a new one', async () => {
    const pid = 'export const handler = async () => process.pid;';
    const [paced, other] = [bundle(pid, { name: 'paced' }), bundle(pid, { name: 'other' })];
    const service = await start([paced, other], { paced: new Set(['paced']), restMilliseconds: 50 });
    const first = [await service.invoke('paced', {}), await service.invoke('other', {})];
    const pidsOf = (name: string) =>
      service.processes().find(({ functionName }) => functionName === name)?.pids;

    await vi.waitFor(() => expect(isAlive(z.number().parse(first[1]))).toBe(false), 5_000);

    expect(pidsOf('paced')).toEqual([first[0]]);
    expect(await service.invoke('other', {})).not.toBe(first[1]);
    expect(await service.invoke('paced', {})).toBe(first[0]);
  });

  it('is not ended while it has something to do', async () => {
    const slow = 'export const handler = (ms) => new Promise((done) => setTimeout(done, ms, process.pid));';
    const service = await start([bundle(slow)], { paced: new Set(), restMilliseconds: 50 });

    const pid = await service.invoke('work', 0);

    expect(await service.invoke('work', 300)).toBe(pid);
  });
});

describe('an invocation', () => {
  it('carries JSON both ways, by name, ARN or qualified ARN', async () => {
    const lambda = await start([bundle(ECHO)]);

    for (const name of ['work', arnOfFunction('work'), `${arnOfFunction('work')}:1`]) {
      expect(await lambda.invoke(name, { a: [1, 'ü'], b: undefined })).toEqual({ a: [1, 'ü'] });
    }
  });

  it('of a handler that answers nothing gives null', async () => {
    const lambda = await start([bundle('export const handler = async () => {};')]);

    expect(await lambda.invoke('work', {})).toBeNull();
  });

  it('gets the context that Lambda gives', async () => {
    const code = `export const handler = async (_, context) =>
      ({ ...context, remaining: context.getRemainingTimeInMillis() });`;
    const lambda = await start([bundle(code, { timeoutSeconds: 5, memoryMegabytes: 256 })]);

    expect(await lambda.invoke('work', {})).toMatchObject({
      functionName: 'work',
      functionVersion: '$LATEST',
      invokedFunctionArn: arnOfFunction('work'),
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/work',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      remaining: expect.closeTo(5000, -2) as unknown,
    });
  });

  it('sees the function’s variables and Lambda’s own, and nothing of the developer’s', async () => {
    vi.stubEnv('DEVELOPERS_OWN', 'secret');
    const lambda = await start(
      [
        bundle('export const handler = async () => process.env;', {
          environment: { GIVEN: 'template', KEPT: '1' },
        }),
      ],
      {
        overrides: { GIVEN: 'override', NOT_DECLARED: 'x' },
        endpointsEnv: { AWS_ENDPOINT_URL_SQS: 'http://sqs' },
      },
    );

    const environment = z.record(z.string(), z.string()).parse(await lambda.invoke('work', {}));
    vi.unstubAllEnvs();

    expect(environment).toMatchObject({
      GIVEN: 'override',
      KEPT: '1',
      TZ: 'UTC',
      AWS_REGION: 'ap-northeast-2',
      AWS_LAMBDA_FUNCTION_NAME: 'work',
      AWS_ENDPOINT_URL_SQS: 'http://sqs',
    });
    for (const name of ['DEVELOPERS_OWN', 'NOT_DECLARED', 'HOME', 'NODE_OPTIONS', 'NODE_CHANNEL_FD']) {
      expect(environment).not.toHaveProperty(name);
    }
  });

  it('leaves what the function prints in its log', async () => {
    const lambda = await start([
      bundle("export const handler = async () => console.log('hello from work');"),
    ]);

    await lambda.invoke('work', {});

    await vi.waitFor(() =>
      expect(readFileSync(join(directory, 'logs/work.log'), 'utf8')).toContain('hello from work'),
    );
  });
});

describe('execution environments', () => {
  it('stay warm, run one invocation at a time, and keep their variables apart in one process', async () => {
    const lambda = await start([bundle(COUNT)]);

    const together = await Promise.all([1, 2, 3].map(() => lambda.invoke('work', { ms: 100 })));
    const afterwards = counted.parse(await lambda.invoke('work', {}));

    expect(together.map((answer) => counted.parse(answer).calls)).toEqual([1, 1, 1]);
    expect(afterwards.calls).toBe(2);
    expect(new Set([...together, afterwards].map((answer) => counted.parse(answer).pid)).size).toBe(1);
    expect(lambda.processes()).toMatchObject([{ functionName: 'work', environments: 3 }]);
  });

  it('of another function are in another process', async () => {
    const lambda = await start([bundle(COUNT), bundle(COUNT, { name: 'other' })]);

    const [one, other] = await Promise.all(['work', 'other'].map((name) => lambda.invoke(name, {})));

    expect(counted.parse(one).pid).not.toBe(counted.parse(other).pid);
  });

  it('keep their variables apart in a bundle with a top-level await, too', async () => {
    const lambda = await start([bundle(`await null; ${COUNT}`)]);

    const together = await Promise.all([1, 2].map(() => lambda.invoke('work', { ms: 100 })));

    expect(together.map((answer) => counted.parse(answer).calls)).toEqual([1, 1]);
  });

  it('are started ahead of the first invocation when they are provisioned, over the cores', async () => {
    const lambda = await start([bundle(COUNT)]);

    await lambda.provision('work', 12);
    const together = await Promise.all(Array.from({ length: 12 }, () => lambda.invoke('work', { ms: 100 })));

    const cores = Math.min(3, availableParallelism());
    expect(lambda.processes()).toMatchObject([{ functionName: 'work', environments: 12 }]);
    expect(new Set(together.map((answer) => counted.parse(answer).pid)).size).toBe(cores);
  });

  it('do not start before the first invocation', async () => {
    const lambda = await start([bundle(COUNT)]);

    expect(lambda.processes()).toEqual([{ functionName: 'work', pids: [], environments: 0 }]);
  });
});

describe('a failure', () => {
  it('of the handler has the error’s name and message', async () => {
    const code = `class OutOfStock extends Error { name = 'OutOfStock'; }
      export const handler = async () => { throw new OutOfStock('none left'); };`;
    const lambda = await start([bundle(code)]);

    await expect(lambda.invoke('work', {})).rejects.toMatchObject({
      name: 'OutOfStock',
      message: 'none left',
    });
  });

  it.each([
    ['no such export', 'export const other = 1;', {}, 'Runtime.HandlerNotFound'],
    ['a syntax error', 'export const = ;', {}, 'Runtime.UserCodeSyntaxError'],
    [
      'a missing module',
      "import 'not-there'; export const handler = async () => 1;",
      {},
      'Runtime.ImportModuleError',
    ],
    ['a missing file', ECHO, { handler: 'main.handler' }, 'Runtime.ImportModuleError'],
    ['a CommonJS bundle', 'exports.handler = 1', { file: 'index.js' }, 'Runtime.ImportModuleError'],
    ['callbacks', 'export const handler = (e, c, done) => done();', {}, 'Runtime.CallbackHandlerDeprecated'],
    ['an error at import', "throw new TypeError('no');", {}, 'TypeError'],
  ])('to load: %s', async (_what, code, overrides, name) => {
    const lambda = await start([bundle(code, overrides)]);

    await expect(lambda.invoke('work', {})).rejects.toMatchObject({ name });
    // A failed import is tried anew and not remembered.
    await expect(lambda.invoke('work', {})).rejects.toMatchObject({ name });
  });

  it('past the timeout kills the process with all that it was doing, and the next invocation has a new one', async () => {
    const lambda = await start([bundle(COUNT, { timeoutSeconds: 1 })]);
    const first = counted.parse(await lambda.invoke('work', {}));

    const slow = lambda.invoke('work', { ms: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const beside = lambda.invoke('work', { ms: 60_000 });

    const both = await Promise.allSettled([slow, beside]);
    expect(both).toMatchObject([
      {
        reason: {
          name: 'Sandbox.Timedout',
          message: expect.stringMatching(
            /^RequestId: [\w-]+ Error: Task timed out after 1.00 seconds$/,
          ) as unknown,
        },
      },
      { reason: { name: 'Runtime.ExitError' } },
    ]);
    const next = counted.parse(await lambda.invoke('work', {}));
    expect(next.calls).toBe(1);
    expect(next.pid).not.toBe(first.pid);
    expect(isAlive(first.pid)).toBe(false);
  });

  it('stops code that never yields', async () => {
    const lambda = await start([
      bundle('export const handler = async () => { for (;;); };', { timeoutSeconds: 1 }),
    ]);

    await expect(lambda.invoke('work', {})).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
  });

  it('of the process is Runtime.ExitError', async () => {
    const lambda = await start([bundle('export const handler = async () => process.exit(3);')]);

    await expect(lambda.invoke('work', {})).rejects.toMatchObject({
      name: 'Runtime.ExitError',
      message: expect.stringContaining('exit status 3') as unknown,
    });
  });
});

describe('concurrency', () => {
  it('over the reservation is throttled', async () => {
    const lambda = await start([bundle(COUNT, { reservedConcurrency: 2 })]);

    const outcomes = await Promise.allSettled([1, 2, 3].map(() => lambda.invoke('work', { ms: 200 })));

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes).toContainEqual(
      expect.objectContaining({
        reason: expect.objectContaining({ name: 'TooManyRequestsException' }) as unknown,
      }),
    );
  });

  it('without a reservation comes from what the account has left for all', async () => {
    const functions = [
      bundle(COUNT, { name: 'reserved', reservedConcurrency: 5 }),
      bundle(COUNT, { name: 'one' }),
      bundle(COUNT, { name: 'two' }),
    ];
    const lambda = await start(functions, { accountConcurrency: 106 });

    const started = Array.from({ length: 102 }, (_, i) => lambda.invoke(i % 2 ? 'one' : 'two', { ms: 300 }));
    const outcomes = await Promise.allSettled(started);

    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });

  it('used up by others makes an event wait, which is no failure of it', async () => {
    const file = join(directory, 'calls');
    const code = `import { appendFileSync } from 'node:fs';
      export const handler = async ({ ms = 0, name }) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        appendFileSync(${JSON.stringify(file)}, name);
      };`;
    // No retries: an event that burnt one by being throttled would be lost.
    const lambda = await start([bundle(code, { reservedConcurrency: 1 })], { asyncRetryMilliseconds: [] });
    const busy = lambda.invoke('work', { name: 'a', ms: 300 });

    lambda.invokeAsync('work', JSON.stringify({ name: 'b' }));

    await busy;
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('ab'), { timeout: 5000 });
  });

  it('cannot be reserved past what AWS allows', async () => {
    await expect(start([bundle(ECHO, { reservedConcurrency: 901 })])).rejects.toThrow('100 unreserved');
  });
});

describe('the HTTP API', () => {
  const post = async (lambda: LambdaService, path: string, body: string, type?: string) => {
    const response = await fetch(`${lambda.url}/2015-03-31/functions/${path}`, {
      method: 'POST',
      body,
      ...(type !== undefined && { headers: { 'x-amz-invocation-type': type } }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('invokes, and marks a function’s own error', async () => {
    const lambda = await start([
      bundle(ECHO),
      bundle('export const handler = () => { throw Error("no") }', { name: 'bad' }),
    ]);

    const good = await post(lambda, `${encodeURIComponent(arnOfFunction('work'))}/invocations`, '{"a":1}');
    const bad = await post(lambda, 'bad/invocations', '');

    expect(good).toMatchObject({ status: 200, text: '{"a":1}' });
    expect(bad.headers.get('x-amz-function-error')).toBe('Unhandled');
    expect(JSON.parse(bad.text)).toMatchObject({ errorType: 'Error', errorMessage: 'no' });
  });

  it('takes events, tries failed ones again, and only checks with DryRun', async () => {
    const file = join(directory, 'calls');
    const code = `import { appendFileSync } from 'node:fs';
      export const handler = async () => { appendFileSync(${JSON.stringify(file)}, 'x'); throw new Error('again'); };`;
    const lambda = await start([bundle(code)], { asyncRetryMilliseconds: [10, 10] });

    expect((await post(lambda, 'work/invocations', '{}', 'DryRun')).status).toBe(204);
    expect(existsSync(file)).toBe(false);
    expect((await post(lambda, 'work/invocations', '{}', 'Event')).status).toBe(202);

    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('xxx'), { timeout: 5000 });
  });

  it('refuses as Lambda does', async () => {
    const lambda = await start([bundle(ECHO, { reservedConcurrency: 0 })]);

    const answers = [
      await post(lambda, 'nobody/invocations', '{}'),
      await post(lambda, 'work/invocations', '{'),
      await post(lambda, 'work/invocations', '{}'),
      await post(lambda, 'work/invocations', JSON.stringify('x'.repeat(6 * 1024 * 1024))),
    ];

    expect(answers.map(({ status, headers }) => [status, headers.get('x-amzn-errortype')])).toEqual([
      [404, 'ResourceNotFoundException'],
      [400, 'InvalidRequestContentException'],
      [429, 'TooManyRequestsException'],
      [413, 'RequestTooLargeException'],
    ]);
  });

  it('lists and describes functions', async () => {
    const lambda = await start([bundle(ECHO)]);

    const list: unknown = await (await fetch(`${lambda.url}/2015-03-31/functions/`)).json();
    const one: unknown = await (await fetch(`${lambda.url}/2015-03-31/functions/work/configuration`)).json();

    expect(list).toMatchObject({ Functions: [{ FunctionName: 'work', Timeout: 10 }] });
    expect(one).toMatchObject({ FunctionArn: arnOfFunction('work'), Runtime: 'nodejs24.x' });
  });
});

describe('processes', () => {
  it('are not started any more once the service is closed', async () => {
    const lambda = await start([bundle(ECHO)]);
    await lambda.close();

    lambda.invokeAsync('work', '{}');
    await expect(lambda.invoke('work', {})).rejects.toMatchObject({ name: 'ServiceException' });

    expect(lambda.processes()).toEqual([{ functionName: 'work', pids: [], environments: 0 }]);
  });

  it('end with the service', async () => {
    const lambda = await start([bundle(COUNT)]);
    const { pid } = counted.parse(await lambda.invoke('work', {}));

    await lambda.close();

    expect(isAlive(pid)).toBe(false);
  });

  it('end when their parent is killed', async () => {
    const service = new URL('../../../local/services/lambda/service.ts', import.meta.url).href;
    const parent = join(directory, 'parent.mjs');
    writeFileSync(
      parent,
      `import { createLambdaService } from ${JSON.stringify(service)};
       const options = ${JSON.stringify({ region: 'x', endpointsEnv: {}, overrides: {}, logDirectory: directory })};
       const lambda = await createLambdaService({ ...options, functions: [${JSON.stringify(bundle(COUNT))}] });
       process.send(await lambda.invoke('work', {}));`,
    );
    const child = fork(parent, { execArgv: [] });
    const [answer] = (await once(child, 'message')) as unknown[];
    const { pid } = counted.parse(answer);

    child.kill('SIGKILL');

    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5000 });
  });
});
