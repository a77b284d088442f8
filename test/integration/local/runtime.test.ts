import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { credentialsOf } from '../../../local/iam/credentials.ts';
import { startRuntime } from '../../../local/runtime.ts';
import type { Runtime } from '../../../local/runtime.ts';
import { LOGS, allow, makeRole } from './make-role.ts';

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

const said: string[] = [];

/** @param api the code of `index.api`, a function's body with `event` */
async function startWorld(template: object, api = ''): Promise<World> {
  directory = await mkdtemp(join(tmpdir(), 'runtime-'));
  said.length = 0;
  const received = join(directory, 'events');
  const code = `
    import { appendFileSync } from 'node:fs';
    export const handler = async (event) =>
      appendFileSync(${JSON.stringify(received)}, JSON.stringify(event) + '\\n');
    export const api = async (event) => { ${api} };`;
  const assembly = await writeAssembly('cdk.out', template, code);
  runtime = await startRuntime({
    assemblyDirectory: assembly,
    logDirectory: join(directory, 'logs'),
    databaseUrl: 'mysql://nobody@127.0.0.1:1/none',
    redisUrl: 'redis://127.0.0.1:1',
    overrides: {},
    secrets: {},
    report: (line) => said.push(line),
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

/** As `cdk synth` does. @returns its directory */
async function writeAssembly(name: string, template: object, code: string): Promise<string> {
  const assembly = join(directory, name);
  await mkdir(join(assembly, 'asset.code'), { recursive: true });
  await writeFile(join(assembly, 'asset.code', 'index.mjs'), code);
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
  return assembly;
}

const roleOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** By which the functions of these templates write their logs. */
const Role = makeRole('lambda', [LOGS]);

const makeFunction = (properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: roleOf('Role'),
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
    Role,
    RunRole: makeRole('states', []),
    SchedulesRole: makeRole('scheduler', [allow('states:StartExecution', '*')], { RoleName: 'schedules' }),
    MayPass: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        Roles: [{ Ref: 'Role' }],
        PolicyDocument: { Statement: allow('iam:Pass*', '*:role/sched*') },
      },
    },
    Told: makeFunction(),
    Run: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'run',
        RoleArn: roleOf('RunRole'),
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
    Role: makeRole('lambda', [LOGS, allow('sqs:*', '*')]),
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
        RoleArn: 'arn:aws:iam::000000000000:role/schedules',
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

  it('refuses a function whose role no template has', async () => {
    const Resources = { Work: makeFunction({ Role: 'arn:aws:iam::000000000000:role/elsewhere' }) };

    await expect(startWorld({ Resources })).rejects.toThrow(
      'function App-Work has the role arn:aws:iam::000000000000:role/elsewhere, which no template has',
    );
  });

  it('refuses a role with a managed policy, which it cannot read', async () => {
    const ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    const Resources = { Role: makeRole('lambda', [LOGS], { ManagedPolicyArns }), Work: makeFunction() };

    await expect(startWorld({ Resources })).rejects.toThrow(
      '(App/Role): the managed policy arn:aws:iam::aws:policy/',
    );
  });
});

describe('a call to a service that the runtime has not', () => {
  it('is refused by its name, and reaches nobody', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=role:x/20261122/ap-northeast-2/dynamodb/aws4_request';
    const api = `
      const answer = await fetch(process.env.AWS_ENDPOINT_URL, { headers: { authorization: '${authorization}' } });
      const { url } = await fetch(process.env.AWS_ENDPOINT_URL_LAMBDA + '/2015-03-31/functions');
      return [await answer.json(), url];`;
    const { runtime: started } = await startWorld(
      { Resources: { Role, Work: makeFunction({ Handler: 'index.api', FunctionName: 'work' }) } },
      api,
    );

    const answer = await post(`${started.endpoints.lambda}/2015-03-31/functions/work/invocations`, {}, {});

    const message = 'the local runtime has no service dynamodb';
    expect(answer).toEqual([
      { __type: 'NotKnownLocally', message },
      `${started.endpoints.lambda}/2015-03-31/functions`,
    ]);
    expect(said).toContain(message);
  });
});

describe('a deployment', () => {
  const SECRET = 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:api-key-??????';
  const mayRead = allow('secretsmanager:GetSecretValue', SECRET);
  const maySend = allow('sqs:SendMessage', '*');
  const template = (roleId: string, ...statements: object[]) => ({
    Resources: {
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'api-key', SecretString: 'x' } },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
      [roleId]: makeRole('lambda', [LOGS, ...statements]),
      Work: makeFunction({ FunctionName: 'work', Handler: 'index.api', Role: roleOf(roleId) }),
    },
  });
  /** Answers with what became of both calls. */
  const code = `
    const { AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL_SECRETS_MANAGER } = process.env;
    const ask = async (url, target, type, body) => {
      const authorization = 'AWS4-HMAC-SHA256 Credential=' + AWS_ACCESS_KEY_ID + '/x/x/x/aws4_request';
      const headers = { authorization, 'x-amz-target': target, 'content-type': 'application/x-amz-json-' + type };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return answer.ok ? 'done' : (await answer.json()).__type;
    };
    return {
      read: await ask(AWS_ENDPOINT_URL_SECRETS_MANAGER, 'secretsmanager.GetSecretValue', '1.1', { SecretId: 'api-key' }),
      sent: await ask(
        AWS_ENDPOINT_URL_SQS,
        'AmazonSQS.SendMessage',
        '1.0',
        { QueueUrl: AWS_ENDPOINT_URL_SQS + '/000000000000/work', MessageBody: 'x' },
      ),
    };`;
  const handler = `export const api = async () => { ${code} };`;
  const work = ({ endpoints }: Runtime) =>
    post(`${endpoints.lambda}/2015-03-31/functions/work/invocations`, {}, {});
  const REFUSED = 'AccessDeniedException';

  it('adds rights and takes others away, in every service', async () => {
    const world = await startWorld(template('Role', mayRead), code);
    expect(await work(world.runtime)).toEqual({ read: 'done', sent: REFUSED });

    await world.runtime.deploy(await writeAssembly('next', template('Role', maySend), handler));

    expect(await work(world.runtime)).toEqual({ read: REFUSED, sent: 'done' });
  });

  it('gives a function another role, with the rights of that one', async () => {
    const world = await startWorld(template('Role', mayRead, maySend), code);

    await world.runtime.deploy(await writeAssembly('next', template('Renamed'), handler));

    expect(await work(world.runtime)).toEqual({ read: REFUSED, sent: REFUSED });
    await vi.waitFor(() => expect(said.join('\n')).toContain('missing in App/Renamed'));
  });

  it('after which a role is gone leaves it no right', async () => {
    const world = await startWorld(template('Role', mayRead), code);
    await world.runtime.deploy(await writeAssembly('next', template('Renamed', mayRead), handler));
    const { AWS_ACCESS_KEY_ID } = credentialsOf('arn:aws:iam::000000000000:role/App-Role');

    const answer = await fetch(world.runtime.endpoints.secretsManager, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/x/x/x/aws4_request`,
        'x-amz-target': 'secretsmanager.GetSecretValue',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: JSON.stringify({ SecretId: 'api-key' }),
    });

    expect(await answer.json()).toMatchObject({
      __type: REFUSED,
      message: expect.stringContaining('because no template has this role') as unknown,
    });
  });

  it('of templates that could not start is refused, and changes nothing', async () => {
    const world = await startWorld(template('Role', mayRead), code);
    const next = template('Role', maySend);
    next.Resources.Role = makeRole('lambda', [maySend]);

    await expect(world.runtime.deploy(await writeAssembly('next', next, handler))).rejects.toThrow(
      'is not authorized to perform: logs:CreateLogStream',
    );

    expect(await work(world.runtime)).toEqual({ read: 'done', sent: REFUSED });
  });

  it('that gives another role to what stays as it is, is refused', async () => {
    const machine = machineAndRule({ Type: 'Succeed' });
    const world = await startWorld(machine);
    const { RunRole, ...rest } = machine.Resources;
    const Run = { ...rest.Run, Properties: { ...rest.Run.Properties, RoleArn: roleOf('Other') } };
    const next = { Resources: { ...rest, Other: RunRole, Run } };

    await expect(world.runtime.deploy(await writeAssembly('next', next, ''))).rejects.toThrow(
      'the assembly has another role for state machine run, which stays as it is',
    );
  });
});
