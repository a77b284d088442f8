/** What is asked of roles before anything runs: each right that AWS's services need is taken away once. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireAccess } from '../../../local/iam/require-access.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { resolveAssembly } from '../../../local/template/resolve.ts';
import { LOGS, allow, makeRole } from './make-role.ts';

const SEGMENTS = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
const NETWORK = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];
const POLLING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];
const SAMPLING = ['xray:GetSamplingRules', 'xray:GetSamplingTargets'];
const MAP_RUNS = ['states:DescribeExecution', 'states:StopExecution'];

const of = (service: string, rest: string) => `arn:aws:${service}:ap-northeast-2:000000000000:${rest}`;
const RUN = of('states', 'stateMachine:run');
const WORK = of('lambda', 'function:work');
const QUEUE = of('sqs', 'work');
const TOPIC = of('sns', 'events');

const ofFunction = [
  LOGS,
  allow([...SEGMENTS, ...NETWORK], '*'),
  allow(POLLING, QUEUE),
  allow('iam:PassRole', 'arn:aws:iam::000000000000:role/passed', {
    StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
  }),
];
const ofMachine = [
  allow([...DELIVERY, ...SEGMENTS, ...SAMPLING], '*'),
  allow('states:StartExecution', RUN),
  allow(MAP_RUNS, of('states', 'execution:run:*')),
  allow('states:RedriveExecution', of('states', 'execution:run/All:*')),
];

interface Statement {
  readonly Action: string | readonly string[];
}

const without = <S extends Statement>(action: string, statements: readonly S[]) =>
  statements.map((one) => ({ ...one, Action: [one.Action].flat().filter((name) => name !== action) }));

const distributedMap = (label: object, next: object) => ({
  Type: 'Map',
  ...label,
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED' },
    StartAt: 'Pass',
    States: { Pass: { Type: 'Pass', End: true } },
  },
  ...next,
});

const roleOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

const schedule = (Name: string, Arn: string, roleId: string) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Name,
    GroupName: 'reservations',
    ScheduleExpression: 'rate(1 minute)',
    Target: { Arn, RoleArn: roleOf(roleId) },
  },
});

const delivery = (...Statement: object[]) => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: { Queues: [{ Ref: 'Queue' }], PolicyDocument: { Statement } },
});
const topicMaySend = (context: object) => ({
  ...allow('sqs:SendMessage', QUEUE, context),
  Principal: { Service: 'sns.amazonaws.com' },
});
const onlyByTls = {
  Effect: 'Deny',
  Action: 'sqs:*',
  Resource: QUEUE,
  Principal: { AWS: '*' },
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};

/** @param overrides by logical id */
const makeTemplate = (
  overrides: Readonly<Record<string, unknown>> = {},
  states: object = { All: distributedMap({ Label: 'All' }, { End: true }) },
) => ({
  Resources: {
    FunctionRole: makeRole('lambda', ofFunction),
    MachineRole: makeRole('states', ofMachine),
    StartsMachine: makeRole('scheduler', [allow('states:StartExecution', RUN)]),
    InvokesFunction: makeRole('scheduler', [allow('lambda:InvokeFunction', WORK)]),
    Passed: makeRole('scheduler', [], { RoleName: 'passed' }),
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'events' } },
    Bound: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE },
    },
    Delivery: delivery(topicMaySend({ ArnEquals: { 'aws:SourceArn': TOPIC } }), onlyByTls),
    Work: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'work',
        Code: { S3Key: 'code.zip' },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: roleOf('FunctionRole'),
        TracingConfig: { Mode: 'Active' },
        VpcConfig: { SubnetIds: ['subnet-1'] },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: QUEUE, FunctionName: { Ref: 'Work' } },
    },
    Run: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'run',
        RoleArn: roleOf('MachineRole'),
        LoggingConfiguration: { Level: 'ALL' },
        TracingConfiguration: { Enabled: true },
        Definition: { StartAt: 'All', States: states },
      },
    },
    Often: schedule('often', RUN, 'StartsMachine'),
    Daily: schedule('daily', WORK, 'InvokesFunction'),
    ...overrides,
  },
});

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'access-'));
  await mkdir(join(directory, 'asset.code'));
  const stack = { type: 'aws:cloudformation:stack', environment: 'aws://unknown-account/unknown-region' };
  await write('manifest.json', {
    artifacts: { App: { ...stack, properties: { templateFile: 'App.template.json' } } },
  });
  await write('App.assets.json', {
    files: { code: { source: { path: 'asset.code' }, destinations: { here: { objectKey: 'code.zip' } } } },
  });
});
afterAll(() => rm(directory, { recursive: true }));

const write = (name: string, content: object) => writeFile(join(directory, name), JSON.stringify(content));

async function check(template: object) {
  await write('App.template.json', template);
  const model = resolveAssembly(await readAssembly(directory), {
    sqsUrl: 'http://sqs',
    httpApiUrls: new Map(),
    database: { host: 'database', port: 3306 },
    cache: { host: 'cache', port: 6379 },
  });
  return requireAccess(model, join(directory, 'calls.jsonl'));
}

it('is enough', async () => {
  const { roles } = await check(makeTemplate());

  expect(roles.map(({ place }) => place)).toEqual([
    'App/FunctionRole',
    'App/MachineRole',
    'App/StartsMachine',
    'App/InvokesFunction',
    'App/Passed',
  ]);
});

describe('without a right', () => {
  it.each([...LOGS.Action, ...SEGMENTS, ...NETWORK, ...POLLING])(
    'of a function (%s) nothing starts',
    async (action) => {
      const FunctionRole = makeRole('lambda', without(action, ofFunction));

      await expect(check(makeTemplate({ FunctionRole }))).rejects.toThrow(refusal(action, 'FunctionRole'));
    },
  );

  it.each([
    ...DELIVERY,
    ...SEGMENTS,
    ...SAMPLING,
    ...MAP_RUNS,
    'states:StartExecution',
    'states:RedriveExecution',
  ])('of a state machine (%s) nothing starts', async (action) => {
    const MachineRole = makeRole('states', without(action, ofMachine));

    await expect(check(makeTemplate({ MachineRole }))).rejects.toThrow(refusal(action, 'MachineRole'));
  });

  it.each([
    ['states:StartExecution', 'StartsMachine'],
    ['lambda:InvokeFunction', 'InvokesFunction'],
  ])('of a schedule (%s) nothing starts', async (action, roleId) => {
    await expect(check(makeTemplate({ [roleId]: makeRole('scheduler', []) }))).rejects.toThrow(
      refusal(action, roleId),
    );
  });

  it('of a distributed Map that has no label nothing starts, wherever it is', async () => {
    const states = {
      All: distributedMap({ Label: 'All' }, { Next: 'More' }),
      More: distributedMap({}, { End: true }),
    };

    await expect(check(makeTemplate({}, states))).rejects.toThrow(
      refusal('states:RedriveExecution', 'MachineRole'),
    );
  });

  const refusal = (action: string, roleId: string) =>
    new RegExp(`is not authorized to perform: ${action} .*missing in App/${roleId}: `);
});

describe('a role that a service may not assume', () => {
  it.each([
    ['FunctionRole', 'lambda', 'function work'],
    ['MachineRole', 'states', 'state machine run'],
    ['StartsMachine', 'scheduler', 'schedule often'],
    ['Passed', 'scheduler', 'schedules that are made later'],
  ])('(%s, by %s) is refused, with the statement that is missing', async (roleId, service, who) => {
    const template = makeTemplate();
    const roles: Readonly<Record<string, unknown>> = {
      FunctionRole: makeRole('states', ofFunction),
      MachineRole: makeRole('lambda', ofMachine),
      StartsMachine: makeRole('lambda', [allow('states:StartExecution', RUN)]),
      Passed: makeRole('lambda', [], { RoleName: 'passed' }),
    };
    const Resources = { ...template.Resources, [roleId]: roles[roleId] };

    await expect(check({ Resources })).rejects.toThrow(
      `${service}.amazonaws.com may not assume the role of ${who}; missing in the trust policy of App/${roleId}: ` +
        `{"Effect":"Allow","Principal":{"Service":"${service}.amazonaws.com"},"Action":"sts:AssumeRole"}`,
    );
  });

  const trusting = (Condition: object, ...more: object[]) =>
    makeRole('states', ofMachine, {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { Service: 'states.amazonaws.com' },
            Condition,
          },
          ...more,
        ],
      },
    });
  const Deny = { Effect: 'Deny', Action: 'sts:*', Principal: '*' };

  it.each([
    [
      'is for the machines of this account',
      trusting({
        StringEquals: { 'aws:SourceAccount': '000000000000' },
        ArnLike: { 'aws:SourceArn': of('states', 'stateMachine:*') },
      }),
      undefined,
    ],
    [
      'is for another machine',
      trusting({ ArnLike: { 'aws:SourceArn': of('states', 'stateMachine:other') } }),
      /missing in the trust policy of App\/MachineRole/,
    ],
    ['has a deny', trusting({}, Deny), /the trust policy of App\/MachineRole denies it: .*sts:\*/],
  ])('is judged with the trust’s conditions: one that %s', async (_what, MachineRole, refusal) => {
    const outcome = check(makeTemplate({ MachineRole }));

    await (refusal === undefined
      ? expect(outcome).resolves.toBeDefined()
      : expect(outcome).rejects.toThrow(refusal));
  });
});

describe('a queue behind a topic', () => {
  it.each([
    [
      'lets another topic send',
      delivery(topicMaySend({ ArnEquals: { 'aws:SourceArn': `${TOPIC}-2` } })),
      /no AWS::SQS::QueuePolicy lets/,
    ],
    [
      'denies it again',
      delivery(topicMaySend({}), { ...onlyByTls, Condition: {} }),
      /may not deliver .* its AWS::SQS::QueuePolicy denies it: .*"sqs:\*"/,
    ],
  ])('whose policy %s is refused', async (_what, Delivery, refusal) => {
    await expect(check(makeTemplate({ Delivery }))).rejects.toThrow(refusal);
  });
});
