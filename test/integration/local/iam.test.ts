/** Each service of the runtime, called by AWS's own clients with the credentials of a role. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { BeginTransactionCommand, ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import { CreateScheduleCommand, DeleteScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SQSClient, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { credentialsOf } from '../../../local/iam/credentials.ts';
import { startRuntime } from '../../../local/runtime.ts';
import type { Runtime } from '../../../local/runtime.ts';
import { LOGS, allow, makeRole } from './make-role.ts';

const of = (service: string, rest: string) => `arn:aws:${service}:ap-northeast-2:000000000000:${rest}`;
const QUEUE = of('sqs', 'work');
const CLUSTER = of('rds', 'cluster:data');
const MACHINE = of('states', 'stateMachine:run');
const PASSED = 'arn:aws:iam::000000000000:role/passed';

const role = (service: string, RoleName: string, ...statements: object[]) =>
  makeRole(service, statements, { RoleName });

const makeFunction = (FunctionName: string, roleId: string) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName,
    Code: { S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: { 'Fn::GetAtt': [roleId, 'Arn'] },
  },
});

const machine = (StateMachineName: string, roleId: string, Resource: object) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: {
    StateMachineName,
    RoleArn: { 'Fn::GetAtt': [roleId, 'Arn'] },
    Definition: {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource, End: true } },
    },
  },
});

const WORKER = { 'Fn::GetAtt': ['Worker', 'Arn'] };

const TEMPLATE = {
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
    Key: { Type: 'AWS::KMS::Key' },
    Topic: {
      Type: 'AWS::SNS::Topic',
      Properties: { TopicName: 'alerts', KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
    },
    OtherTopic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'plain' } },
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'api-key', SecretString: 'x' } },
    Database: {
      Type: 'AWS::RDS::DBCluster',
      Properties: { DBClusterIdentifier: 'data', Engine: 'aurora-mysql', EnableHttpEndpoint: true },
    },
    Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'reservations' } },
    Granted: role(
      'lambda',
      'granted',
      LOGS,
      allow('sqs:Send*', { 'Fn::GetAtt': ['Queue', 'Arn'] }),
      allow('sns:Publish', '*'),
      allow('states:StartExecution', MACHINE),
      allow('lambda:InvokeFunction', of('lambda', 'function:bystander')),
      allow('states:DescribeExecution', of('states', 'execution:run:*')),
      allow('rds-data:ExecuteStatement', CLUSTER),
      allow('scheduler:CreateSchedule', of('scheduler', 'schedule/reservations/*')),
      allow('iam:PassRole', PASSED, { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } }),
      allow('cloudwatch:PutMetricData', '*', { StringEquals: { 'cloudwatch:namespace': 'Mine' } }),
    ),
    Other: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'other',
        Roles: [{ Ref: 'Granted' }],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Deny',
              Action: 'states:StartExecution',
              Resource: of('states', 'stateMachine:denied'),
            },
            allow('states:StartExecution', of('states', 'stateMachine:denied')),
          ],
        },
      },
    },
    Nothing: role('lambda', 'nothing', LOGS),
    Invoker: role('states', 'invoker', allow('lambda:InvokeFunction', of('lambda', 'function:worker'))),
    Passed: role('scheduler', 'passed'),
    Helpless: role('states', 'helpless'),
    Worker: makeFunction('worker', 'Granted'),
    Bystander: makeFunction('bystander', 'Nothing'),
    Run: machine('run', 'Invoker', WORKER),
    Alias: machine('alias', 'Invoker', { 'Fn::Join': [':', [WORKER, 'live']] }),
    Denied: machine('denied', 'Helpless', WORKER),
  },
};

let directory = '';
let runtime: Runtime;
const said: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'iam-'));
  const assembly = join(directory, 'cdk.out');
  await mkdir(join(assembly, 'asset.code'), { recursive: true });
  const write = (name: string, content: object) => writeFile(join(assembly, name), JSON.stringify(content));
  await writeFile(
    join(assembly, 'asset.code', 'index.mjs'),
    'export const handler = async () => process.env.AWS_ACCESS_KEY_ID;',
  );
  const stack = { type: 'aws:cloudformation:stack', environment: 'aws://unknown-account/unknown-region' };
  await write('manifest.json', {
    artifacts: { App: { ...stack, properties: { templateFile: 'App.template.json' } } },
  });
  await write('App.assets.json', {
    files: { code: { source: { path: 'asset.code' }, destinations: { here: { objectKey: 'code.zip' } } } },
  });
  await write('App.template.json', TEMPLATE);
  runtime = await startRuntime({
    assemblyDirectory: assembly,
    logDirectory: join(directory, 'logs'),
    databaseUrl: 'mysql://nobody@127.0.0.1:1/none',
    redisUrl: 'redis://127.0.0.1:1',
    overrides: {},
    secrets: {},
    report: (line) => said.push(line),
  });
});
afterAll(async () => {
  await runtime.close();
  await rm(directory, { recursive: true });
});

const settings = (endpoint: keyof Runtime['endpoints'], accessKeyId: string) => ({
  endpoint: runtime.endpoints[endpoint],
  region: 'ap-northeast-2',
  credentials: { accessKeyId, secretAccessKey: 'local' },
  maxAttempts: 1,
});

/** Whose access key is given: `keyOf` a role, or anybody's. */
type Ask = (accessKeyId: string) => Promise<unknown>;

const keyOf = (role: string) => credentialsOf(`arn:aws:iam::000000000000:role/${role}`).AWS_ACCESS_KEY_ID;

const send: Ask = (who) =>
  new SQSClient(settings('sqs', who)).send(
    new SendMessageBatchCommand({
      QueueUrl: `${runtime.endpoints.sqs}/000000000000/work`,
      Entries: [{ Id: '1', MessageBody: 'x' }],
    }),
  );
const publish = (topic: string) => (who: string) =>
  new SNSClient(settings('sns', who)).send(new PublishCommand({ TopicArn: of('sns', topic), Message: 'x' }));
const start = (name: string) => (who: string) =>
  new SFNClient(settings('stepFunctions', who)).send(
    new StartExecutionCommand({ stateMachineArn: of('states', `stateMachine:${name}`) }),
  );
const readSecret: Ask = (who) =>
  new SecretsManagerClient(settings('secretsManager', who)).send(
    new GetSecretValueCommand({ SecretId: 'api-key' }),
  );
const execute: Ask = (who) =>
  new RDSDataClient(settings('rdsData', who)).send(
    new ExecuteStatementCommand({ resourceArn: CLUSTER, secretArn: secretArn(), sql: 'SELECT 1' }),
  );
const begin: Ask = (who) =>
  new RDSDataClient(settings('rdsData', who)).send(
    new BeginTransactionCommand({ resourceArn: CLUSTER, secretArn: secretArn() }),
  );
const schedule = (group: string, roleArn: string) => (who: string) =>
  new SchedulerClient(settings('scheduler', who)).send(
    new CreateScheduleCommand({
      Name: `later-${group}`,
      GroupName: group,
      ScheduleExpression: 'at(2999-01-01T00:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: MACHINE, RoleArn: roleArn },
    }),
  );
const count = (namespace: string) => (who: string) =>
  new CloudWatchClient(settings('cloudwatch', who)).send(
    new PutMetricDataCommand({ Namespace: namespace, MetricData: [{ MetricName: 'x', Value: 1 }] }),
  );
const invoke = (name: string, Qualifier?: string) => (who: string) =>
  new LambdaClient(settings('lambda', who)).send(
    new InvokeCommand({ FunctionName: name, ...(Qualifier === undefined ? {} : { Qualifier }) }),
  );

const secretArn = () => runtime.model.secrets[0]?.arn ?? '';

describe('a role', () => {
  it.each<[string, Ask]>([
    ['sends to its queue, a batch as a single message', send],
    ['publishes to a topic with no key of its own', publish('plain')],
    ['starts its machine', start('run')],
    ['puts metrics of its namespace', count('Mine')],
    ['invokes a function without a qualifier', invoke('bystander')],
    ['makes a schedule in its group, and passes its role on', schedule('reservations', PASSED)],
  ])('%s', async (_what, ask) => {
    await expect(ask(keyOf('granted'))).resolves.toBeDefined();
  });

  it.each<[string, Ask, string, string]>([
    ['sqs:SendMessage', send, 'nothing', QUEUE],
    ['kms:GenerateDataKey', publish('alerts'), 'granted', of('kms', 'key/App-Key')],
    ['sns:Publish', publish('plain'), 'nothing', of('sns', 'plain')],
    ['states:StartExecution', start('run'), 'nothing', MACHINE],
    ['rds-data:BeginTransaction', begin, 'granted', CLUSTER],
    ['cloudwatch:PutMetricData', count('Other'), 'granted', '*'],
    [
      'scheduler:CreateSchedule',
      schedule('default', PASSED),
      'granted',
      of('scheduler', 'schedule/default/later-default'),
    ],
    [
      'iam:PassRole',
      schedule('reservations', 'arn:aws:iam::000000000000:role/admin'),
      'granted',
      'arn:aws:iam::000000000000:role/admin',
    ],
    ['lambda:InvokeFunction', invoke('worker'), 'granted', of('lambda', 'function:worker')],
    ['lambda:InvokeFunction', invoke('bystander:live'), 'granted', of('lambda', 'function:bystander:live')],
    [
      'lambda:InvokeFunction',
      invoke('bystander', 'live'),
      'granted',
      of('lambda', 'function:bystander:live'),
    ],
  ])('without %s is refused, and told what is missing where', async (action, ask, who, resource) => {
    const refusal = await ask(keyOf(who)).catch((error: unknown) => error);

    expect(refusal).toMatchObject({
      name: expect.stringMatching(/^(AccessDenied|AuthorizationError)/) as unknown,
    });
    const place = who === 'granted' ? 'App/Granted' : 'App/Nothing';
    expect(String(refusal)).toContain(
      `role/${who} is not authorized to perform: ${action} on resource: ${resource} because`,
    );
    expect(String(refusal)).toContain(
      `missing in ${place}: {"Effect":"Allow","Action":"${action}","Resource":"${resource}"`,
    );
    await vi.waitFor(() =>
      expect(said.join('\n')).toContain(`${who} is not authorized to perform: ${action}`),
    );
  });

  it('needs the secret of a database to send a statement to it, and the secret itself to read it', async () => {
    for (const ask of [execute, readSecret]) {
      await expect(ask(keyOf('granted'))).rejects.toThrow(
        `not authorized to perform: secretsmanager:GetSecretValue on resource: ${secretArn()}`,
      );
    }
  });

  it('may not do what is denied, whatever else allows it', async () => {
    await expect(start('denied')(keyOf('granted'))).rejects.toThrow(
      'with an explicit deny in an identity-based policy: {"Effect":"Deny","Action":["states:StartExecution"],' +
        `"Resource":["${of('states', 'stateMachine:denied')}"]} in App/Other`,
    );
  });

  it('asks about executions of its machine alone', async () => {
    const describeOf = (executionArn: string) =>
      new SFNClient(settings('stepFunctions', keyOf('granted'))).send(
        new DescribeExecutionCommand({ executionArn }),
      );

    await expect(describeOf(of('states', 'execution:run:gone'))).rejects.toThrow('Execution Does Not Exist');
    await expect(describeOf(of('states', 'execution:denied:gone'))).rejects.toThrow(
      'not authorized to perform',
    );
  });

  it.each<[string, string, object]>([
    ['lambda:InvokeFunction', of('lambda', 'function:worker'), {}],
    ['states:StartExecution', MACHINE, {}],
    [
      'states:StartExecution',
      'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
      { Input: JSON.stringify({ StateMachineArn: MACHINE }) },
    ],
  ])('of a schedule is asked (%s) for its target %s', async (action, Arn, input) => {
    said.length = 0;
    await new SchedulerClient(settings('scheduler', 'somebody')).send(
      new CreateScheduleCommand({
        Name: `due-${Arn.split(':').at(-1) ?? ''}`,
        ScheduleExpression: 'at(2022-01-01T00:00:00)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn, RoleArn: PASSED, RetryPolicy: { MaximumRetryAttempts: 0 }, ...input },
      }),
    );

    await vi.waitFor(() =>
      expect(said.join('\n')).toMatch(
        new RegExp(
          `schedule due-.*its target could not be started: .*role/passed is not authorized.*${action}`,
        ),
      ),
    );
  });

  it('of a function is in the credentials that its code has', async () => {
    const { Payload } = await invoke('bystander')('somebody');

    expect(Buffer.from(Payload ?? []).toString()).toBe('"role:nothing"');
  });

  it('of a state machine is asked for each function that it invokes', async () => {
    const ends = async (name: string) => {
      const { executionArn } = await start(name)('somebody');
      const sfn = new SFNClient(settings('stepFunctions', 'somebody'));
      return vi.waitFor(
        async () => {
          const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
          if (execution.status === 'RUNNING') throw new Error('it runs');
          return execution;
        },
        { timeout: 20_000, interval: 100 },
      );
    };

    expect(await ends('run')).toMatchObject({ status: 'SUCCEEDED', output: '"role:granted"' });
    expect(await ends('alias')).toMatchObject({
      status: 'FAILED',
      cause: expect.stringContaining(
        'on resource: arn:aws:lambda:ap-northeast-2:000000000000:function:worker:live',
      ) as unknown,
    });
    expect(await ends('denied')).toMatchObject({
      status: 'FAILED',
      error: 'Lambda.AWSLambdaException',
      cause: expect.stringContaining(
        'role/helpless is not authorized to perform: lambda:InvokeFunction',
      ) as unknown,
    });
  });
});

describe('whoever is no role', () => {
  it('may do everything, as the person at this machine', async () => {
    await expect(readSecret('AKIAEXAMPLE')).resolves.toMatchObject({ SecretString: 'x' });
    await expect(
      new SchedulerClient(settings('scheduler', 'local')).send(
        new DeleteScheduleCommand({ Name: 'not-there', GroupName: 'reservations' }),
      ),
    ).rejects.toThrow('does not exist');
    const { Messages } = await new SQSClient(settings('sqs', 'local')).send(
      new ReceiveMessageCommand({ QueueUrl: `${runtime.endpoints.sqs}/000000000000/work` }),
    );
    expect(Messages).toHaveLength(1);
  });
});

describe('the log of calls', () => {
  it('has each different call of a role once, and none of whoever is no role', async () => {
    await count('Mine')(keyOf('granted'));
    await count('Mine')(keyOf('granted'));
    const log = await readFile(join(directory, 'logs', 'calls-of-roles.jsonl'), 'utf8');
    const line = JSON.stringify({
      role: 'granted',
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      context: { 'cloudwatch:namespace': 'Mine' },
    });

    expect(log.split('\n').filter((one) => one === line)).toHaveLength(1);
    expect(log).not.toMatch(/"role":"(local|somebody|AKIAEXAMPLE)"/);
  });
});
