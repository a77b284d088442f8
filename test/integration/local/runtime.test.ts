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
  runtime = undefined;
  await rm(directory, { recursive: true });
});

interface World {
  readonly runtime: Runtime;
  /** What the function `index.handler` got. */
  readonly events: () => unknown[];
}

/** @param api the code of `index.api`, a function's body with `event` */
async function startWorld(template: object, api = ''): Promise<World> {
  directory = await mkdtemp(join(tmpdir(), 'runtime-'));
  const received = join(directory, 'events');
  const assembly = join(directory, 'cdk.out');
  await mkdir(join(assembly, 'asset.code'), { recursive: true });
  await mkdir(join(directory, 'logs'));
  await writeFile(
    join(assembly, 'asset.code', 'index.mjs'),
    `import { appendFileSync } from 'node:fs';
     export const handler = async (event) =>
       appendFileSync(${JSON.stringify(received)}, JSON.stringify(event) + '\\n');
     export const api = async (event) => { ${api} };`,
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
  await write(join(assembly, 'App.template.json'), template);
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

const makeFunction = (properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    ...properties,
  },
});

const permission = (functionId: string, principal: string, sourceArn: unknown) => ({
  Type: 'AWS::Lambda::Permission',
  Properties: {
    Action: 'lambda:InvokeFunction',
    FunctionName: { 'Fn::GetAtt': [functionId, 'Arn'] },
    Principal: principal,
    SourceArn: sourceArn,
  },
});

/** A machine of one state, a function that writes down the events it gets, and the rule between them. */
const machineAndRule = (state: object) => ({
  Resources: {
    Told: makeFunction(),
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
    RuleMayInvoke: permission('Told', 'events.amazonaws.com', { 'Fn::GetAtt': ['Rule', 'Arn'] }),
  },
});

/** An HTTP API before a function that publishes to a topic, whose queue's function writes down what it gets. */
const apiAndTopic = {
  Resources: {
    Told: makeFunction(),
    Alerts: { Type: 'AWS::SNS::Topic' },
    Queue: { Type: 'AWS::SQS::Queue' },
    Bound: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Alerts' },
        Protocol: 'sqs',
        Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        RawMessageDelivery: true,
      },
    },
    TopicMayDeliver: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Statement: {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Principal: { Service: 'sns.amazonaws.com' },
            Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
            Condition: { ArnEquals: { 'aws:SourceArn': { Ref: 'Alerts' } } },
          },
        },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        FunctionName: { Ref: 'Told' },
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    },
    Admin: makeFunction({
      Handler: 'index.api',
      Environment: { Variables: { TOPIC_ARN: { Ref: 'Alerts' } } },
    }),
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'admin', ProtocolType: 'HTTP' } },
    ApiMayInvoke: permission('Admin', 'apigateway.amazonaws.com', {
      'Fn::Sub': 'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*/campaigns/{id}/alert',
    }),
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
    },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['Admin', 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'POST /campaigns/{id}/alert',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
  },
  Outputs: { AdminApiUrl: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
};

/** As the SDKs of SNS and CloudWatch ask, which a bundle of this test has none of. */
const PUBLISH_AND_COUNT = `
  const ask = async (url, headers, body) => {
    const { ok } = await fetch(url, { method: 'POST', headers, body });
    if (!ok) throw new Error(url);
  };
  const { AWS_ENDPOINT_URL_SNS, AWS_ENDPOINT_URL_CLOUDWATCH, TOPIC_ARN } = process.env;
  const { id } = event.pathParameters;
  await ask(
    AWS_ENDPOINT_URL_SNS,
    {},
    new URLSearchParams({ Action: 'Publish', TopicArn: TOPIC_ARN, Message: 'campaign ' + id }),
  );
  await ask(
    AWS_ENDPOINT_URL_CLOUDWATCH,
    { 'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData' },
    JSON.stringify({ Namespace: 'Test', MetricData: [{ MetricName: 'Alerts', Value: 1 }] }),
  );
  return { statusCode: 202, headers: { 'content-type': 'application/json' }, body: '{"alerted":true}' };`;

const write = (file: string, content: object) => writeFile(file, JSON.stringify(content));

async function post(url: string, headers: Record<string, string>, body: object): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.json();
}

describe('the runtime', () => {
  it('runs a schedule’s execution by its name, once, and tells the rule’s function how it ended', async () => {
    const world = await startWorld(machineAndRule({ Type: 'Fail', Error: 'Broken', Cause: 'by design' }));
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
    const world = await startWorld(machineAndRule({ Type: 'Wait', Seconds: 3600, End: true }));
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

  it('runs an HTTP API at the address of its output, and what its function publishes reaches a queue’s', async () => {
    const world = await startWorld(apiAndTopic, PUBLISH_AND_COUNT);
    const { endpoints, outputs } = world.runtime;
    const url = z.string().parse(outputs.find(({ name }) => name === 'AdminApiUrl')?.value);

    const response = await fetch(`${url}/campaigns/7/alert`, { method: 'POST' });

    expect([response.status, await response.json()]).toEqual([202, { alerted: true }]);
    await vi.waitFor(() => expect(world.events()).toHaveLength(1), { timeout: 10_000 });
    expect(world.events()).toMatchObject([{ Records: [{ body: 'campaign 7' }] }]);
    const metrics = await (await fetch(`${endpoints.cloudwatch}/metrics-seen`)).json();
    expect(metrics).toMatchObject([{ namespace: 'Test', name: 'Alerts', data: { value: 1 } }]);
    expect(endpoints.sns).toBe(endpoints.sqs);
  });

  const both = { ...machineAndRule({ Type: 'Succeed' }).Resources, ...apiAndTopic.Resources };

  it.each([
    ['Stage', /^HTTP API admin: it has no stage, so nothing reaches it$/],
    [
      'RuleMayInvoke',
      /^rule App-Rule may not invoke App-Told: no AWS::Lambda::Permission lets events.amazonaws.com with the source \S+:rule\/App-Rule$/,
    ],
    [
      'ApiMayInvoke',
      /^route POST \/campaigns\/\{id\}\/alert may not invoke App-Admin: .*apigateway.amazonaws.com/,
    ],
    ['TopicMayDeliver', /^topic \S+:App-Alerts may not deliver to \S+:App-Queue: no AWS::SQS::QueuePolicy/],
  ])(
    'refuses templates without the resource %s, for want of which nothing would arrive',
    async (id, message) => {
      const resources = Object.entries(both).filter(([name]) => name !== id);

      await expect(startWorld({ Resources: Object.fromEntries(resources) })).rejects.toThrow(message);
    },
  );

  it.each([
    ['write its log', { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } }, 'logs:CreateLogStream'],
    [
      'be traced',
      { Role: { 'Fn::GetAtt': ['LogRole', 'Arn'] }, TracingConfig: { Mode: 'Active' } },
      'xray:PutTraceSegments',
    ],
  ])(
    'refuses a function whose role may not %s, which on AWS nobody would hear of',
    async (_what, properties, action) => {
      const logs = { Effect: 'Allow', Action: 'logs:*', Resource: '*' };
      const Policies = [{ PolicyName: 'logs', PolicyDocument: { Statement: logs } }];
      const Resources = {
        Role: { Type: 'AWS::IAM::Role', Properties: {} },
        LogRole: { Type: 'AWS::IAM::Role', Properties: { Policies } },
        Work: makeFunction(properties),
      };

      await expect(startWorld({ Resources })).rejects.toThrow(
        new RegExp(`is not authorized to perform: ${action} .*missing in App/`),
      );
    },
  );

  it('refuses a role with a managed policy, which it cannot read', async () => {
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    const Resources = {
      Role: { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns } },
      Work: makeFunction({ Role: { 'Fn::GetAtt': ['Role', 'Arn'] } }),
    };

    await expect(startWorld({ Resources })).rejects.toThrow(
      '(App/Role): the managed policy arn:aws:iam::aws:policy/',
    );
  });
});
