import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startRuntime } from '../../../local/runtime.ts';
import type { Runtime } from '../../../local/runtime.ts';

let directory = '';
let runtime: Runtime | undefined;
afterEach(async () => {
  await runtime?.close();
  await rm(directory, { recursive: true });
});

/** A machine of one state, a function that writes down the events it gets, and the rule between them. */
async function startWorld(state: object): Promise<{ runtime: Runtime; events: () => unknown[] }> {
  directory = await mkdtemp(join(tmpdir(), 'runtime-'));
  const received = join(directory, 'events');
  const assembly = join(directory, 'cdk.out');
  await mkdir(join(assembly, 'asset.code'), { recursive: true });
  await mkdir(join(directory, 'logs'));
  await writeFile(
    join(assembly, 'asset.code', 'index.mjs'),
    `import { appendFileSync } from 'node:fs';
     export const handler = async (event) =>
       appendFileSync(${JSON.stringify(received)}, JSON.stringify(event) + '\\n');`,
  );
  await write(join(assembly, 'manifest.json'), {
    artifacts: {
      App: {
        type: 'aws:cloudformation:stack',
        environment: 'aws://unknown-account/unknown-region',
        properties: { templateFile: 'App.template.json' },
      },
    },
  });
  await write(join(assembly, 'App.assets.json'), {
    files: { code: { source: { path: 'asset.code' }, destinations: { here: { objectKey: 'code.zip' } } } },
  });
  await write(join(assembly, 'App.template.json'), {
    Resources: {
      Told: {
        Type: 'AWS::Lambda::Function',
        Properties: { Code: { S3Key: 'code.zip' }, Handler: 'index.handler', Runtime: 'nodejs24.x' },
      },
      Run: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: 'run',
          DefinitionString: JSON.stringify({ StartAt: 'Work', States: { Work: state } }),
        },
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventPattern: {
            source: ['aws.states'],
            'detail-type': ['Step Functions Execution Status Change'],
            detail: { status: ['FAILED', 'ABORTED', 'TIMED_OUT'], stateMachineArn: [{ Ref: 'Run' }] },
          },
          State: 'ENABLED',
          Targets: [{ Id: 'Target0', Arn: { 'Fn::GetAtt': ['Told', 'Arn'] } }],
        },
      },
    },
  });
  runtime = await startRuntime({
    assemblyDirectory: assembly,
    logDirectory: join(directory, 'logs'),
    databaseUrl: 'mysql://nobody@127.0.0.1:1/none',
    redisUrl: 'redis://127.0.0.1:1',
    overrides: {},
    secrets: {},
  });
  const events = () =>
    existsSync(received)
      ? readFileSync(received, 'utf8')
          .trim()
          .split('\n')
          .map((line): unknown => JSON.parse(line))
      : [];
  return { runtime, events };
}

const write = (file: string, content: object) => writeFile(file, JSON.stringify(content));

async function post(url: string, headers: Record<string, string>, body: object): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.json();
}

describe('the runtime', () => {
  it('runs a schedule’s execution by its name, once, and tells the rule’s function how it ended', async () => {
    const world = await startWorld({ Type: 'Fail', Error: 'Broken', Cause: 'by design' });
    const { account, region, stateMachines } = world.runtime.model;
    const schedule = (input: string) => ({
      ScheduleExpression: 'at(2022-12-31T23:59:59)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
        RoleArn: 'arn:aws:iam::000000000000:role/x',
        Input: JSON.stringify({ StateMachineArn: stateMachines[0]?.arn, Name: 'promotion-7', Input: input }),
      },
    });

    for (const [name, input] of [
      ['first', '{"promotionId":"7"}'],
      ['again', '{}'],
    ]) {
      const url = `${world.runtime.endpoints.scheduler}/schedules/${name}`;
      await post(url, { 'content-type': 'application/json' }, schedule(input ?? ''));
    }

    await vi.waitFor(() => expect(world.events()).toHaveLength(1), { timeout: 10_000 });
    const executionArn = `arn:aws:states:${region}:${account}:execution:run:promotion-7`;
    expect(world.events()).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
        'detail-type': 'Step Functions Execution Status Change',
        source: 'aws.states',
        account,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown,
        region,
        resources: [executionArn],
        detail: {
          executionArn,
          stateMachineArn: stateMachines[0]?.arn,
          stateMachineVersionArn: null,
          stateMachineAliasArn: null,
          name: 'promotion-7',
          status: 'FAILED',
          startDate: expect.any(Number) as unknown,
          stopDate: expect.any(Number) as unknown,
          input: '{"promotionId":"7"}',
          inputDetails: { included: true },
          output: null,
          outputDetails: null,
          redriveCount: 0,
          redriveDate: null,
          error: 'Broken',
          cause: 'by design',
        },
      },
    ]);
    // Both count as delivered, the second as well.
    await vi.waitFor(async () => {
      const listed = await fetch(`${world.runtime.endpoints.scheduler}/schedules`);
      expect(await listed.json()).toEqual({ Schedules: [] });
    });
  });

  it('tells the rule’s function of an execution that was stopped', async () => {
    const world = await startWorld({ Type: 'Wait', Seconds: 3600, End: true });
    const call = (operation: string, body: object) =>
      post(
        world.runtime.endpoints.stepFunctions,
        { 'x-amz-target': `AWSStepFunctions.${operation}`, 'content-type': 'application/x-amz-json-1.0' },
        body,
      );
    const { executionArn } = z
      .object({ executionArn: z.string() })
      .parse(await call('StartExecution', { stateMachineArn: world.runtime.model.stateMachines[0]?.arn }));

    await call('StopExecution', { executionArn, error: 'Operator', cause: 'wrong campaign' });

    await vi.waitFor(() => expect(world.events()).toHaveLength(1), { timeout: 10_000 });
    expect(world.events()).toMatchObject([
      { detail: { executionArn, status: 'ABORTED', error: 'Operator', cause: 'wrong campaign' } },
    ]);
  });
});
